package preflight

import (
	"errors"
	"fmt"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/lint"
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
	mu     sync.Mutex
	live   lint.Live
	access lint.Access
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
	var refused *ecr.Error
	return apierrors.IsForbidden(err) || errors.As(err, &refused) && refused.Cause == ecr.Denied
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
