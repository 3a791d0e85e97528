package lint

import (
	"encoding/json"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// repositoryRules are about the destination itself.
func repositoryRules() []rule {
	return []rule{
		{
			Rule: report.Rule{
				ID: "L18", Severity: report.Warning,
				Title:  "Repository's settings lose or refuse artifacts",
				Why:    "An immutable repository refuses the second push of a tag, even with the same digest. A lifecycle policy deletes by age or count what clusters still use; source-controller has a copy until its pod restarts, and fails then.",
				Source: "aws/containers-roadmap#2380; https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html",
				Fix:    "make tags mutable (aws ecr put-image-tag-mutability), and keep lifecycle rules to what nothing references",
			},
			check: repositorySettings,
		},
		{
			Rule: report.Rule{
				ID: "L19", Severity: report.Warning,
				Title:  "ECR Public makes the manifests world-readable",
				Why:    "What hue pushes are the rendered manifests of the workloads, with whatever is in them. Anybody can pull from ECR Public.",
				Source: "https://docs.aws.amazon.com/AmazonECR/latest/public/what-is-ecr.html",
				Fix:    "take a private registry, or accept it: --allow-public, or registry.allowPublic: true in the cutover file",
			},
			check: worldReadable,
		},
	}
}

func worldReadable(v *view) error {
	switch r := &v.hub; {
	case v.in.Target.Registry.AllowPublic:
	case r.isPublic():
		v.add(report.Warning, r.endpoint.place(), "take a private registry, or accept it with --allow-public", "hue pushes to ECR Public: the manifests of all workloads become world-readable")
	case v.in.Destination.Registry.Kind == registry.Public:
		v.add(report.Warning, r.endpoint.place(), "take a private registry, or accept it with --allow-public", "the destination is ECR Public: the manifests of all workloads become world-readable")
	}
	return nil
}

// lifecyclePolicy is the part of an ECR lifecycle policy that is read.
type lifecyclePolicy struct {
	Rules []struct {
		RulePriority int
		Selection    struct {
			TagStatus                     string
			TagPrefixList, TagPatternList []string
		}
	}
}

func repositorySettings(v *view) error {
	settings := v.in.Live.Repository
	destination, ok := v.destination()
	if settings == nil || !ok {
		return nil
	}
	place := report.Place{Object: "repository " + destination.Name}
	switch settings.Mutability {
	case "IMMUTABLE":
		v.add(report.Warning, place, "aws ecr put-image-tag-mutability --repository-name "+destination.Name+" --image-tag-mutability MUTABLE",
			"tags of %s are immutable: the second push of a tag is refused, even with the same digest", destination.Name)
	case "IMMUTABLE_WITH_EXCLUSION":
		v.add(report.Warning, place, "see that the exclusions cover the tags that hue moves", "tags of %s are immutable but for some", destination.Name)
	}
	if settings.Lifecycle == "" {
		return nil
	}
	var policy lifecyclePolicy
	if err := json.Unmarshal([]byte(settings.Lifecycle), &policy); err != nil {
		v.add(report.Warning, place, "look at it: aws ecr get-lifecycle-policy --repository-name "+destination.Name, "the lifecycle policy of %s can't be read", destination.Name)
		return nil
	}
	for _, r := range policy.Rules {
		what := "every image"
		switch r.Selection.TagStatus {
		case "tagged":
			what = "images tagged " + strings.Join(append(r.Selection.TagPrefixList, r.Selection.TagPatternList...), ", ")
		case "untagged":
			what = "images without a tag, among them those that an OCIRepository names by digest"
		}
		v.add(report.Warning, place, "take the rule out, or restrict it to tags that no OCIRepository uses",
			"rule %d of the lifecycle policy of %s expires %s", r.RulePriority, destination.Name, what)
	}
	return nil
}
