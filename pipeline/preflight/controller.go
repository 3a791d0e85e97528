package preflight

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// controller is a source-controller, as its Deployment has it.
type controller struct {
	cluster, namespace, name string
	version                  string   // of its image, or of its label; "" is unknown
	account                  string   // --default-service-account
	own                      string   // its ServiceAccount
	one                      bool     // it watches its own namespace only
	selector                 string   // --watch-label-selector
	gates                    []string // that are on
	closes                   bool     // the upgrade closes the gate for object-level identity, which somebody opened by hand
}

func (c controller) String() string { return c.namespace + "/" + c.name }

// controllersIn finds the source-controllers among the Deployments of a cluster: by name, by Flux's labels, or by image.
func controllersIn(name string, deployments []appsv1.Deployment) []controller {
	var all []controller
	for _, d := range deployments {
		for _, container := range d.Spec.Template.Spec.Containers {
			image, tag, _ := strings.Cut(container.Image[strings.LastIndexByte(container.Image, '/')+1:], ":")
			if image != "source-controller" && d.Name != "source-controller" && d.Labels["app.kubernetes.io/component"] != "source-controller" {
				continue
			}
			tag, _, _ = strings.Cut(tag, "@")
			c := controller{cluster: name, namespace: d.Namespace, name: d.Name, own: cmp.Or(d.Spec.Template.Spec.ServiceAccountName, "default"), version: versionOf(tag, d.Labels["app.kubernetes.io/version"])}
			c.read(slices.Concat(container.Command, container.Args))
			all = append(all, c)
			break
		}
	}
	return all
}

// versionOf returns the first that is a version of source-controller. Flux's label has Flux's own, which is of 2.x.
func versionOf(texts ...string) string {
	for _, text := range texts {
		if v, err := semver.NewVersion(text); err == nil && v.Major() < 2 {
			return text
		}
	}
	return ""
}

// read takes in the flags.
func (c *controller) read(args []string) {
	for i, arg := range args {
		name, value, given := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if !given && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
			value = args[i+1]
		}
		switch name {
		case "default-service-account":
			c.account = value
		case "watch-all-namespaces":
			c.one = value == "false"
		case "watch-label-selector":
			c.selector = value
		case "feature-gates":
			for gate := range strings.SplitSeq(value, ",") {
				if name, on, _ := strings.Cut(gate, "="); on == "true" {
					c.gates = append(c.gates, name)
				}
			}
		}
	}
}

// watches reports whether the controller reconciles an OCIRepository.
func (c controller) watches(r sourcev1.OCIRepository) bool {
	if c.one && r.Namespace != c.namespace {
		return false
	}
	selector, err := labels.Parse(c.selector)
	return err != nil || selector.Matches(labels.Set(r.Labels))
}

// objectLevel is the gate that object-level identity needed before it was always on.
const objectLevel = "ObjectLevelWorkloadIdentity"

// alwaysOn is the first source-controller without that gate, whose usual RBAC no longer lets it make tokens.
var alwaysOn = semver.New(1, 10, 0, "", "")

// judgeObjectLevel looks at OCIRepositories that are to be fetched under a ServiceAccount's own role.
func (l fluxLook) judgeObjectLevel(ctx context.Context) {
	for _, flux := range l.controllers {
		var users int
		for _, w := range l.workloads {
			if flux.watches(w) && (w.Spec.ServiceAccountName != "" || flux.account != "") {
				users++
			}
		}
		if users == 0 {
			continue
		}
		place := report.Place{Cluster: l.cluster.Name, Object: "Deployment " + flux.String()}
		what := report.Counted(users, "OCIRepository is", "OCIRepositories are") + " fetched under a ServiceAccount of its own"
		if l.World.Target.Identity.Mode == target.PodIdentity {
			l.find(ruleObjectLevel, report.Error, place, "leave serviceAccountName out, or take IRSA", "%s, and EKS Pod Identity can't give that one a role", what)
			continue
		}
		version, err := semver.NewVersion(flux.version)
		switch {
		case err != nil:
			l.cannot(ruleObjectLevel, place, "the version of "+flux.String(), "", err)
		case version.LessThan(alwaysOn) && flux.closes:
			l.find(ruleObjectLevel, report.Error, place, "add it to the values, under flux2.sourceController.container.additionalArgs", "%s, and --feature-gates=%s=true, which somebody added by hand, goes with the upgrade", what, objectLevel)
		case version.LessThan(alwaysOn) && !slices.Contains(flux.gates, objectLevel):
			l.find(ruleObjectLevel, report.Error, place, "set --feature-gates="+objectLevel+"=true on it, or leave serviceAccountName out", "%s, and source-controller %s has the gate %s off", what, flux.version, objectLevel)
		default:
			l.tokenRight(ctx, flux, place, what)
		}
	}
}

// tokenRight asks whether source-controller may make tokens of ServiceAccounts.
func (l fluxLook) tokenRight(ctx context.Context, flux controller, place report.Place, what string) {
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User:               "system:serviceaccount:" + flux.namespace + ":" + flux.own,
		Groups:             []string{"system:serviceaccounts", "system:serviceaccounts:" + flux.namespace, "system:authenticated"},
		ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "create", Resource: "serviceaccounts", Subresource: "token"},
	}}
	if err := l.cluster.Client.Create(ctx, review); err != nil {
		l.cannot(ruleObjectLevel, place, "whether "+flux.String()+" may make tokens", "create subjectaccessreviews.authorization.k8s.io", err)
		return
	}
	if !review.Status.Allowed {
		l.find(ruleObjectLevel, report.Error, place, "grant ServiceAccount "+flux.namespace+"/"+flux.own+" create on serviceaccounts/token", "%s, but it may not make tokens (create serviceaccounts/token)", what)
	}
}
