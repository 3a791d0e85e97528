// Package unused proves that nobody else needs Zot: its catalog holds no repository that was neither copied nor left
// by name, and nothing on the hub and on the spokes names its host, in any of its spellings. What Helm and palette-ecr
// keep for the rollback does not count. Secrets are read, and never shown.
package unused

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Proof is the name of the proof.
const Proof = "unused"

// Groups are the API groups whose objects are looked through, whatever their kinds: Flux's, and PaletteAI's (workload
// deployments with their variables, projects, settings).
var Groups = []string{
	"source.toolkit.fluxcd.io", "kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io", "image.toolkit.fluxcd.io", "spectrocloud.com",
}

// Names are those of ConfigMaps and Secrets in which PaletteAI keeps Zot's address.
var Names = []string{"mural-variables"}

// Config is what the proof is judged by.
type Config struct {
	Zot    registry.Spellings
	Unseen []string // why an address may be missing in Zot (fleet.Addresses): the proof is unproven then

	// Catalog lists the repositories of Zot (copy.Catalog). An error leaves the proof unproven.
	Catalog func(context.Context) ([]string, error)
	Copied  []string // repositories that were copied, by their path in Zot
	Left    []string // repositories that stay in Zot knowingly

	Release string   // namespace/name of the release: its own HelmRelease names Zot until Zot is off
	Groups  []string // looked through beside Groups
	Names   []string // looked into beside Names

	Parallel int           // clusters at once; zero is 8
	Timeout  time.Duration // for each cluster; zero is 2 minutes
	Validity time.Duration // how long the proof counts; zero is 1 hour
	Now      func() time.Time
}

func (c Config) withDefaults() Config {
	if c.Parallel <= 0 {
		c.Parallel = 8
	}
	if c.Timeout == 0 {
		c.Timeout = 2 * time.Minute
	}
	if c.Validity == 0 {
		c.Validity = time.Hour
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Groups = slices.Concat(Groups, c.Groups)
	c.Names = slices.Concat(Names, c.Names)
	return c
}

// Finding is one thing that still needs Zot.
type Finding struct {
	Object string // kind namespace/name
	Names  string // the host that it names, or the repository of Zot
	Where  string // in the object
	Remedy string
}

// Prove makes the proof of every cluster, side by side; the first is the hub, whose proof is about Zot's catalog too.
func Prove(ctx context.Context, clusters []*cluster.Cluster, config Config) []report.Proof {
	config = config.withDefaults()
	proofs := make([]report.Proof, len(clusters))
	each(ctx, clusters, config, func(ctx context.Context, i int, l look) {
		if i == 0 {
			l.catalog(ctx)
		}
		l.cluster(ctx)
		proofs[i] = l.proof()
	})
	return proofs
}

// each looks at the clusters side by side, each with a time of its own. What a look could not see is in it.
func each(ctx context.Context, clusters []*cluster.Cluster, config Config, do func(context.Context, int, look)) {
	var group errgroup.Group
	group.SetLimit(config.Parallel)
	for i, c := range clusters {
		group.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, config.Timeout)
			defer cancel()
			do(ctx, i, look{config: config, c: c})
			return nil
		})
	}
	_ = group.Wait()
}

// look is one look at one cluster.
type look struct {
	config   Config
	c        *cluster.Cluster
	findings []Finding
	unseen   []string // what could not be looked at, and why
	remedy   string   // of the first of these
	seen     []report.Evidence
}

func (l *look) find(f Finding) { l.findings = append(l.findings, f) }

// cannot notes that something could not be looked at.
func (l *look) cannot(what string, err error) {
	l.unseen = append(l.unseen, fmt.Sprintf("%s: %v", what, err))
	if l.remedy == "" {
		if l.remedy = fault.RemedyOf(err); l.remedy == "" {
			l.remedy = "use a kubeconfig of cluster " + l.c.Name + " that may list " + what + " in all namespaces"
		}
	}
}

// catalog compares Zot's repositories with what was copied.
func (l *look) catalog(ctx context.Context) {
	const what = "Zot's catalog"
	if l.config.Zot.Empty() {
		l.cannot(what, fault.New(fault.Unproven, "run it while the journal or the live values still name Zot", "no address of Zot is known"))
	}
	for _, unseen := range l.config.Unseen {
		l.cannot("the addresses of Zot", fmt.Errorf("%s", unseen))
	}
	if l.config.Catalog == nil {
		l.cannot(what, fault.New(fault.Unproven, "turn Zot on, or run it while Zot is on", "Zot can't be asked"))
		return
	}
	repositories, err := l.config.Catalog(ctx)
	if err != nil {
		l.cannot(what, err)
		return
	}
	slices.Sort(repositories)
	left := 0
	for _, repository := range repositories {
		switch {
		case slices.Contains(l.config.Copied, repository):
		case slices.Contains(l.config.Left, repository):
			left++
		default:
			l.find(Finding{
				Object: "repository " + repository + " of Zot", Names: repository, Where: "it is not in ECR",
				Remedy: "copy it with `palette-ecr copy --all-repositories`, or leave it there knowingly with --leave " + repository,
			})
		}
	}
	for _, repository := range l.config.Copied {
		if !slices.Contains(repositories, repository) {
			// It exists, since it was copied: what is listed is filtered by the user's rights.
			l.cannot(what, fault.New(fault.Unproven, "use a user of Zot who may read every repository", "it does not list %s, which is there: what it shows depends on the user's rights", repository))
			return
		}
	}
	l.seen = append(l.seen, report.Evidence{Object: what, Seen: fmt.Sprintf("%d repositories, %d copied, %d left by name", len(repositories), len(l.config.Copied), left), OK: len(l.findings) == 0})
}

// proof is what the look shows.
func (l *look) proof() report.Proof {
	now := l.config.Now().UTC()
	p := report.Proof{Name: Proof, Cluster: l.c.Name, ObservedAt: now, ExpiresAt: now.Add(l.config.Validity), Evidence: l.seen}
	for _, f := range l.findings {
		p.Evidence = append(p.Evidence, report.Evidence{Object: f.Object, Seen: f.Text() + "; " + f.Remedy})
	}
	for _, unseen := range l.unseen {
		p.Evidence = append(p.Evidence, report.Evidence{Object: l.c.Name, Seen: "not seen: " + unseen})
	}
	switch {
	case len(l.findings) > 0:
		f := l.findings[0]
		p.Verdict, p.Cause, p.Remedy = report.Broken, f.Object+": "+f.Text()+".", f.Remedy
		p.Summary = fmt.Sprintf("%d on %s still need Zot", len(l.findings), l.c.Name)
		if len(l.findings) == 1 {
			p.Summary = "one thing on " + l.c.Name + " still needs Zot"
		}
	case len(l.unseen) > 0:
		p.Verdict, p.Cause, p.Remedy = report.Unproven, "not everything could be looked at: "+l.unseen[0]+".", l.remedy
		p.Summary = "whether anything still needs Zot is not known"
	default:
		p.Verdict, p.Summary = report.Held, "nothing on "+l.c.Name+" names Zot"
	}
	return p
}

// Text says where the object names what.
func (f Finding) Text() string {
	if f.Names == "" || strings.Contains(f.Object, f.Names) {
		return f.Where
	}
	return f.Where + " names " + f.Names
}
