package preflight

import (
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/lint"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// looker is one look at work.
type looker struct {
	Input
	facts *facts

	mu       sync.Mutex
	findings []report.Finding
	unseen   []string
}

// facts are what looks find out for rules that judge several of them.
type facts struct {
	mu            sync.Mutex
	live          lint.Live
	fluxNamespace string                           // of the hub's source-controller; "" is unknown, or there are two
	further       []further                        // repositories that are copied to beside that of the workloads
	copying       time.Duration                    // that ECR's quotas make it at least
	expires       time.Time                        // of the AWS credentials; zero is never, or unknown
	listings      sync.Map                         // of OCIRepositories, by cluster
	objects       func() ([]chart.Manifest, error) // of the release as it is to be, rendered once
}

// further is a repository of ECR that no workload reads, and that is copied to all the same.
type further struct {
	destination registry.Repository
	settings    *lint.RepositorySettings
}

// rendered returns the objects of the release as the run is to leave it. The chart is known.
func (in Input) rendered() ([]chart.Manifest, error) {
	r := in.World.Target.Release
	return chart.Render(in.World.Chart, in.Values, chart.Release{Name: r.Name, Namespace: r.Namespace, KubeVersion: in.World.Kubernetes})
}

// note takes what a look has found out.
func (f *facts) note(take func(*facts)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	take(f)
}

// find adds a finding of a rule.
func (l *looker) find(id string, severity report.Severity, place report.Place, remedy, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.findings = append(l.findings, report.Finding{
		Rule: id, Severity: severity, Title: titleOf(id), Message: fmt.Sprintf(format, args...), Remedy: remedy, Place: place,
	})
}

// cannot adds what could not be looked at: a warning of the rule that would have judged it, with the permission that is
// missing. The error is not nil.
func (l *looker) cannot(id string, place report.Place, what, permission string, err error) {
	remedy := fault.RemedyOf(err)
	if permission != "" && (denied(err) || remedy == "") {
		remedy = "get the permission " + permission + ", or ask somebody who has it"
	}
	l.find(id, report.Warning, place, remedy, "unproven: %s can't be seen: %v", what, err)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unseen = append(l.unseen, what)
}

// denied reports whether an error is a refusal for want of a permission.
func denied(err error) bool {
	return apierrors.IsForbidden(err) || cause(err) == ecr.Denied
}

// reached returns the clusters that answer, the hub first.
func (l *looker) reached() []*cluster.Cluster {
	var all []*cluster.Cluster
	for _, c := range l.World.Clusters() {
		if l.World.Unreached[c.Name] == nil {
			all = append(all, c)
		}
	}
	return all
}

// releaseName is namespace/name of the release.
func (l *looker) releaseName() string {
	return l.World.Target.Release.Namespace + "/" + l.World.Target.Release.Name
}
