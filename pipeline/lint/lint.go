// Package lint finds what is wrong with the registry settings of a user's values before anything is applied:
// each rule of its catalogue is one way in which a cutover to ECR is known to break, with the place in the
// user's file, the reason, and what to change. It exists because nearly all of these mistakes are accepted
// by Helm and Kubernetes, and only show as a Flux error message that names something else.
package lint

import (
	"cmp"
	"slices"

	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/check"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// Input is what is linted, and all that it is judged by. Only File is needed; a rule whose input is missing
// says nothing.
type Input struct {
	File *values.File
	// Before is the file before an edit. With it, the spokes must have kept what isn't a registry setting.
	Before *values.File
	Target target.Cutover
	// Destination is where hub and spokes are to point. Without one the file is judged by itself, and a file
	// that points at Zot is in order.
	Destination registry.Repository
	// Chart makes lint judge what Helm makes of the file: the chart's defaults under the user's values, and
	// the rendered manifests.
	Chart       *helmchart.Chart
	KeepCert    bool   // certSecretName and proxySecretName are meant for ECR
	KubeVersion string // of the cluster, for rendering; empty is the one that the Helm SDK was made for

	Access Access
	Live   Live

	Disable     []string        // rules that aren't looked at
	MinSeverity report.Severity // findings below it are left out; empty is all
}

// Access is what is known of the role that hue and source-controller use, and of where it is used.
type Access struct {
	Policies      []document.Document // of Principal, all that it has
	Principal     iam.Principal       // empty is the guide's one role for both
	Trust         *document.Document
	Boundary      *document.Document // the role's permissions boundary
	Absent        []check.Absent     // policies of which only the names were given
	Issuers       []string           // OIDC issuers of the clusters, the hub's first
	Clusters      []string           // ARNs of the EKS clusters, the hub's first, for pod identity
	FluxNamespace string             // of source-controller; empty is the release's namespace
	Account       string             // of ECR Public
	Region        string             // in which the operator works (--region)
	Facts         check.Facts
	CrossAccount  bool // the registry is meant to be in another account than the role
}

// Live is what was seen in clusters and in AWS. What is empty is unknown.
type Live struct {
	SourceControllers []SourceController
	ServiceAccounts   []string // of the hub, as namespace/name; nil is unknown
	Repository        *RepositorySettings
	Installed         Versions
	ChartSources      []string // URLs of the OCIRepositories and HelmRepositories that charts come from
	Appliance         bool     // PaletteAI came as an appliance
	Proven            *bool    // whether a validation held; nil is unknown
}

// SourceController is one in a cluster.
type SourceController struct {
	Cluster   string
	Namespace string
	Version   string // of its image, for example v1.6.1
}

// RepositorySettings are those of the destination.
type RepositorySettings struct {
	Mutability string   // MUTABLE, IMMUTABLE, or one of them _WITH_EXCLUSION
	Exclusions []string // filters of the tags that are the other way, with * for any text
	Lifecycle  string   // the lifecycle policy, JSON; empty for none
	Tags       []string // that OCIRepositories follow; none is unknown
}

// Versions of the charts in the cluster.
type Versions struct{ Mural, CRDs string }

// Run looks at the input with every rule of the catalogue. Findings come in the order of the file; those
// that a comment in the file asks to ignore carry its reason. The error is about the input, for example a
// rule to disable that doesn't exist (a *fault.Error, Usage).
func Run(in Input) ([]report.Finding, error) {
	findings, _, err := judge(in)
	return findings, err
}

// judge is Run, with the reasons why the verdict on the policies is not certain.
func judge(in Input) (findings []report.Finding, unproven []string, err error) {
	if err := chart.CheckKubernetes(in.KubeVersion); err != nil {
		return nil, nil, err
	}
	disabled, err := disabledRules(in.Disable)
	if err != nil {
		return nil, nil, err
	}
	v := newView(in)
	for _, r := range rules() {
		if disabled[r.ID] || r.check == nil {
			continue
		}
		v.rule = r.Rule
		if err := r.check(v); err != nil {
			return nil, nil, err
		}
	}
	findings = v.ignore(v.findings, disabled)
	findings = From(findings, in.MinSeverity)
	sortFindings(findings, in.File.Name())
	return findings, v.unproven, nil
}

func disabledRules(ids []string) (map[string]bool, error) {
	known := map[string]bool{}
	for _, r := range rules() {
		known[r.ID] = true
	}
	disabled := map[string]bool{}
	for _, id := range ids {
		if !known[id] {
			return nil, unknownRule("disabling", id)
		}
		disabled[id] = true
	}
	return disabled, nil
}

func unknownRule(doing, id string) error {
	all := rules()
	return fault.New(fault.Usage, "take one of "+all[0].ID+" to "+all[len(all)-1].ID+"; palette-ecr lint --explain all lists them", "%s rule %q: there is no such rule", doing, id)
}

// rank orders severities, the worst first. An empty one is the last.
func rank(s report.Severity) int {
	switch s {
	case report.Error:
		return 0
	case report.Warning:
		return 1
	}
	return 2
}

// sortFindings puts those about the file first, in its order, then those about other files and objects.
func sortFindings(findings []report.Finding, file string) {
	elsewhere := func(f report.Finding) int {
		if f.Place.File == file {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(findings, func(a, b report.Finding) int {
		return cmp.Or(
			cmp.Compare(elsewhere(a), elsewhere(b)), cmp.Compare(a.Place.File, b.Place.File),
			cmp.Compare(a.Place.Line, b.Place.Line), cmp.Compare(a.Place.Column, b.Place.Column), cmp.Compare(a.Rule, b.Rule),
		)
	})
}

// From returns the findings of a severity and of worse ones; "" is all.
func From(findings []report.Finding, least report.Severity) []report.Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f report.Finding) bool { return rank(f.Severity) > rank(least) })
}

// CheckSeverity refuses a text that is no severity.
func CheckSeverity(s report.Severity) error {
	switch s {
	case "", report.Error, report.Warning, report.Info:
		return nil
	}
	return fault.New(fault.Usage, "write error, warning or info", "reading --severity %q: there is no such severity", s)
}
