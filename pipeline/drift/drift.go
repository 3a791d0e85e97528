// Package drift finds what points back to Zot, or has credentials for a registry again, once a cutover is made. An
// upgrade with old values does that, a team's own manifest, or a Secret that somebody restored. It only reads.
package drift

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/unused"
)

// Config is what drift is judged by.
type Config struct {
	Clusters    []*cluster.Cluster // the hub first
	Destination registry.Repository
	Live        mural.Values
	Zot         registry.Spellings
	Unseen      []string // why an address may be missing in Zot
	KeepCert    bool     // certSecretRef and proxySecretRef are meant for ECR
	Release     string   // namespace/name
	Namespace   string   // of the release
	ZotMayRun   bool     // it was never turned off
	Now         func() time.Time
}

// Found is what there is.
type Found struct {
	Findings []report.Finding
	Unseen   []string // what could not be looked at
}

// Rules explains the findings.
func Rules() []report.Rule {
	return []report.Rule{
		{ID: "D1", Severity: report.Error, Title: "It points to Zot, or elsewhere", Why: "What is pushed there is not in ECR, and what is read from there is lost when Zot is gone.", Fix: "Point it to ECR."},
		{ID: "D2", Severity: report.Error, Title: "It has credentials for a registry", Why: "With credentials of its own Flux ignores the provider, and so the IAM role.", Fix: "Remove them."},
		{ID: "D3", Severity: report.Error, Title: "Zot is on again", Why: "Somebody may push to it, which nobody else sees.", Fix: "Set zot.enabled to false and deploy."},
		{ID: "D4", Severity: report.Error, Title: "ECR does not give what a cluster reads", Why: "A lifecycle rule has archived or deleted it. source-controller has a copy until its pod restarts, and fails then.", Fix: "Restore it, and change the lifecycle policy or run keep-warm."},
	}
}

// Find looks at the live release and at every cluster.
func Find(ctx context.Context, c Config) Found {
	f := &finder{Config: c}
	f.release()
	for _, at := range c.Clusters {
		f.cluster(ctx, at)
		f.settings(ctx, at)
	}
	for i, looked := range unused.Look(ctx, c.Clusters, unused.Config{Zot: c.Zot, Release: c.Release, Now: c.Now}) {
		at := c.Clusters[i]
		for _, each := range looked.Findings {
			f.add("D1", report.Place{Cluster: at.Name, Object: each.Object}, each.Text(), each.Remedy)
		}
		for _, each := range looked.Unseen {
			f.found.Unseen = append(f.found.Unseen, at.Name+": "+each)
		}
	}
	f.found.Unseen = append(f.found.Unseen, c.Unseen...)
	slices.SortStableFunc(f.found.Findings, func(a, b report.Finding) int {
		return strings.Compare(a.Rule+a.Place.Cluster+a.Place.Object, b.Rule+b.Place.Cluster+b.Place.Object)
	})
	return f.found
}

type finder struct {
	Config
	found Found
}

func (f *finder) add(rule string, at report.Place, message, remedy string) {
	rules := Rules()
	i := slices.IndexFunc(rules, func(r report.Rule) bool { return r.ID == rule })
	known := slices.ContainsFunc(f.found.Findings, func(other report.Finding) bool {
		return other.Rule == rule && other.Place == at // one word is enough for each object
	})
	if !known {
		f.found.Findings = append(f.found.Findings, report.Finding{Rule: rule, Severity: rules[i].Severity, Title: rules[i].Title, Message: message, Remedy: remedy, Place: at})
	}
}

const renderAgain = "render the values again with `palette-ecr render`, and upgrade the release with them"

// release looks at the live values.
func (f *finder) release() {
	hub := f.Clusters[0].Name
	at := func(path string) report.Place {
		return report.Place{Cluster: hub, Object: "release " + f.Release, Path: path}
	}
	f.registry(at(mural.Dotted(mural.HueRegistry()...)), "hue", f.Live.Hue)
	for _, s := range f.Live.Spokes {
		if s.HasRegistry {
			f.registry(at(fmt.Sprintf("%s[%s=%s].%s", mural.Dotted(mural.SpokeList()...), mural.Name, s.Name, mural.OCIRegistry)), "spoke "+s.Name, s.Registry)
		}
	}
	if f.Live.Zot && !f.ZotMayRun {
		f.add("D3", at(mural.Dotted(mural.ZotEnabled()...)), "zot.enabled is true", "run `palette-ecr run --from validate`, which proves that nobody needs it and turns it off")
	}
}

func (f *finder) registry(at report.Place, who string, r mural.Registry) {
	address, err := r.Address()
	switch {
	case err != nil:
		f.add("D1", at, who+" names an address that is none", renderAgain)
	case address.URL() != f.Destination.URL():
		f.add("D1", at, fmt.Sprintf("%s names %s, not %s", who, address.URL(), f.Destination.URL()), renderAgain)
	}
	if r.HasCredentials() {
		f.add("D2", at, who+" has basicAuth or basicAuthSecretName", renderAgain)
	}
	if !f.KeepCert && (r.CertSecretName != "" || r.ProxySecretName != "") {
		f.add("D2", at, who+" has certSecretName or proxySecretName, which ECR does not need", renderAgain+"; with --keep-cert it is meant so")
	}
}
