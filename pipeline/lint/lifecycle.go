package lint

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// lifecyclePolicy is the part of an ECR lifecycle policy that is read.
type lifecyclePolicy struct{ Rules []lifecycleRule }

type lifecycleRule struct {
	RulePriority int
	Selection    struct {
		TagStatus                     string
		TagPrefixList, TagPatternList []string
		CountType                     string
	}
	Action struct{ Type string }
}

// what says which images a rule is about, and whether some of these tags are among them.
func (r lifecycleRule) what(tags []string) (text string, used bool) {
	selected := func(tag string) bool {
		return slices.ContainsFunc(r.Selection.TagPrefixList, func(prefix string) bool { return strings.HasPrefix(tag, prefix) }) ||
			slices.ContainsFunc(r.Selection.TagPatternList, func(pattern string) bool { return wildcard(pattern, tag) })
	}
	switch r.Selection.TagStatus {
	case "tagged":
		return "images tagged " + strings.Join(append(r.Selection.TagPrefixList, r.Selection.TagPatternList...), ", "), slices.ContainsFunc(tags, selected)
	case "untagged":
		return "images without a tag, among them those that an OCIRepository names by digest", false
	}
	return "every image", len(tags) > 0
}

// archives reports whether a rule archives by when an image was pulled last.
func (r lifecycleRule) archives() bool {
	return r.Action.Type == "transition" || r.Selection.CountType == "sinceImagePulled"
}

func repositorySettings(v *view) error {
	settings := v.in.Live.Repository
	destination, ok := v.destination()
	if settings == nil || !ok {
		return nil
	}
	v.mutability(settings, destination.Name)
	if settings.Lifecycle == "" {
		return nil
	}
	place := report.Place{Object: "repository " + destination.Name}
	var policy lifecyclePolicy
	if err := json.Unmarshal([]byte(settings.Lifecycle), &policy); err != nil {
		v.add(report.Warning, place, "look at it: aws ecr get-lifecycle-policy --repository-name "+destination.Name, "the lifecycle policy of %s can't be read", destination.Name)
		return nil
	}
	for _, r := range policy.Rules {
		what, used := r.what(settings.Tags)
		severity := report.Warning
		if used {
			severity = report.Error
		}
		if r.archives() {
			v.add(severity, place, "take the rule out, or restrict it to tags that no OCIRepository uses",
				"rule %d of the lifecycle policy of %s archives %s when nobody has pulled them for a while, and Flux pulls nothing that has not changed: what is archived answers 404", r.RulePriority, destination.Name, what)
			continue
		}
		v.add(severity, place, "take the rule out, or restrict it to tags that no OCIRepository uses",
			"rule %d of the lifecycle policy of %s expires %s", r.RulePriority, destination.Name, what)
	}
	return nil
}

// mutability compares which tags can be moved with those that OCIRepositories follow, which hue moves.
func (v *view) mutability(settings *RepositorySettings, name string) {
	place := report.Place{Object: "repository " + name}
	remedy := "aws ecr put-image-tag-mutability --repository-name " + name + " --image-tag-mutability MUTABLE"
	excluded := func(tag string) bool {
		return slices.ContainsFunc(settings.Exclusions, func(filter string) bool { return wildcard(filter, tag) })
	}
	var fixed func(tag string) bool
	switch settings.Mutability {
	case "IMMUTABLE":
		v.add(report.Error, place, remedy, "tags of %s are immutable: the second push of a tag is refused, even with the same digest", name)
		return
	case "IMMUTABLE_WITH_EXCLUSION":
		fixed = func(tag string) bool { return !excluded(tag) }
	case "MUTABLE_WITH_EXCLUSION":
		fixed = excluded
	default:
		return
	}
	at := slices.IndexFunc(settings.Tags, fixed)
	switch {
	case at >= 0:
		v.add(report.Error, place, remedy+", or change the exclusions", "tag %q, which an OCIRepository follows, is immutable in %s: its second push is refused", settings.Tags[at], name)
	case len(settings.Tags) == 0 && settings.Mutability == "IMMUTABLE_WITH_EXCLUSION":
		v.add(report.Warning, place, "see that the exclusions cover the tags that hue moves", "tags of %s are immutable but for some", name)
	case len(settings.Tags) == 0:
		v.add(report.Warning, place, "see that the exclusions spare the tags that hue moves", "some tags of %s are immutable", name)
	}
}

// wildcard reports whether a tag fits a pattern of ECR, in which * stands for any text.
func wildcard(pattern, tag string) bool {
	quoted := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*")
	return regexp.MustCompile("^" + quoted + "$").MatchString(tag)
}
