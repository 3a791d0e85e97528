package pipeline

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/incluster"
	"github.com/palette-ecr/palette-ecr/pipeline/lease"
	"github.com/palette-ecr/palette-ecr/pipeline/progress"
	"github.com/palette-ecr/palette-ecr/pipeline/render"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// Options of a run.
type Options struct {
	Target  target.Cutover
	Only    []string // stages to run; empty is all
	Command string   // for the report
	Version string   // of palette-ecr, for the report
	Run     string   // ID of the run, the same for all its shards; empty is a new one

	Files render.Files // where the values are, when they are more than the target's one file
	In    io.Reader    // standard input, for values from "-"
	Owner string       // who runs it, for the Lease that keeps others out: user@host

	InPlace bool // write the new values into the file once everything is proven
	AsIs    bool // the values are rendered already (in Git, say): deploy them just as they are

	NoCopyBack     bool // Rollback only: leave in ECR what only ECR has
	CRDsBack       bool // Rollback only: take mural-crds back too
	DiscardChanges bool // Rollback only: give up what was changed in the values since the cutover

	SpokesFromValues bool     // take kubeconfigs that were not given from the Secrets that the hub has for its spokes
	WithoutSpokes    []string // spokes that are left out by name: they lose their workloads when Zot goes
	PrepareSpokes    bool     // give source-controller on spokes its AWS identity before the switch
	LeaveSpokes      []string // Rollback only: spokes that are left behind, since they can't be reached for example
	OnlySpokes       []string // Rollback only: spokes that an earlier one has left behind

	Wave string // of the target: its spokes alone are switched, and hue is not

	CreateRepositories bool // make repositories in ECR that are missing

	LookInECR bool // Drift only: look whether ECR still gives what clusters read

	Disable  []string // rules of lint that are left out
	KeepCert bool     // certSecretName and proxySecretName are meant for ECR too

	Severity     report.Severity // findings below it are not reported; "" is all
	CrossAccount bool            // the registry is meant to be in another account than the role
	KubeVersion  string          // that the chart is rendered for where no cluster is reached
	Leave        []string        // repositories of Zot that stay there knowingly

	KeepLive       bool     // values that only the live release has are kept
	DiscardLive    bool     // or given up; without either they are a refusal
	AllowDowngrade bool     // of either chart
	Install        bool     // install the release where there is none, without Zot
	Before         string   // with Install and Flux: path of manifests that the HelmRelease needs
	AcceptBroken   []string // what was broken before, by name: nobody waits for it, and nothing is proven of it
	Recover        bool     // repair a release that a killed helm has left pending; Rollback always does

	Quotas    copy.Limits        // of the AWS account, where they are not ECR's defaults
	Shard     copy.Shard         // Only copy: the part of everything that this run copies
	InCluster *incluster.Options // pods in the hub that copy in place of this process; nil: none

	Plan    string   // file of a plan that was made before: another world is refused
	Planned []string // stages that a plan is made of, when they are not those that run
	// Confirm shows the plan of a report to a person; its error ends the run. nil: nobody is asked.
	Confirm func(context.Context, *report.Report) error

	HTTPClient *http.Client // for AWS and OCI registries: proxy and authorities set
	AWS        ecr.Options  // how to reach AWS; its HTTPClient is the one above
	Progress   progress.Reporter
	Now        func() time.Time
	Timeout    time.Duration // for each wait in a cluster
	PushWait   time.Duration // how long validate waits for a push by hue
}

func (o Options) withDefaults() Options {
	if o.Progress == nil {
		o.Progress = progress.Discard
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Minute
	}
	if o.HTTPClient == nil {
		o.HTTPClient = http.DefaultClient
	}
	if len(o.Only) > 0 && (o.Confirm != nil || o.Plan != "") && !slices.Contains(o.Only, planning.Name) {
		o.Only = append([]string{planning.Name}, o.Only...) // whoever is asked sees what for
	}
	return o
}

// planned returns the stages that a plan is made of: those that were chosen for it, else those that run after it. A run
// that ends with its plan plans everything.
func (o Options) planned() []string {
	after := cutover(Given{}).after(planning)
	for _, chosen := range [][]string{o.Planned, o.Only} {
		if len(chosen) == 0 {
			continue
		}
		if some := after.only(chosen); len(some) > 0 {
			return some.names()
		}
	}
	return after.names()
}

// checkWaits refuses times that nobody can wait for.
func (o Options) checkWaits() error {
	for flag, wait := range map[string]time.Duration{"--timeout": o.Timeout, "--push-wait": o.PushWait} {
		if wait < 0 {
			return fault.New(fault.Usage, "give a time such as 5m", "checking %s: %s is negative", flag, wait)
		}
	}
	return nil
}

// stages returns the stages that are to run.
func (o Options) stages() list { return cutover(Given{}).only(o.Only) }

// looks reports whether the stages that are to run change nothing, in clusters or in ECR.
func (o Options) looks() bool {
	stages := o.stages()
	return len(stages) > 0 && slices.Index(cutover(Given{}).names(), stages[len(stages)-1].Name) <= slices.Index(cutover(Given{}).names(), planning.Name)
}

// ahead returns the stages whose needs preflight looks at: those that are to run, or all of them when it runs alone.
func (o Options) ahead() list {
	names := o.Only
	switch {
	case len(names) == 1:
		names = nil
	case len(names) > 0 && names[len(names)-1] == planning.Name:
		names = o.planned()
	}
	return cutover(Given{}).only(names)
}

// world returns what is known before anything is reached.
func (o Options) world() world.World {
	wanted := o.Target
	// The file names a spoke that is left out as a rule: leaving it out takes no edit.
	wanted.Spokes = slices.DeleteFunc(slices.Clone(wanted.Spokes), func(c target.Cluster) bool { return slices.Contains(o.WithoutSpokes, c.Name) })
	return world.World{
		Target: wanted, HTTPClient: o.HTTPClient, AWS: o.AWS, Progress: o.Progress, Now: o.Now, Timeout: o.Timeout,
		Lock: func(context.Context) error { return nil }, TookOver: func() *lease.Holder { return nil },
		PushWait: o.PushWait, Quotas: o.Quotas, Shard: o.Shard, InCluster: o.InCluster, KeepCert: o.KeepCert, Install: o.Install,
	}
}

// report returns the report of a run that begins now.
func (o Options) report() *report.Report {
	r := report.New(o.Command, o.Version, o.Now())
	r.Target = report.Target{Release: o.Target.Release.Namespace + "/" + o.Target.Release.Name, Hub: cmp.Or(o.Target.Hub.Context, o.Target.Hub.EKS.Name), Values: o.Target.ValuesPath()}
	for _, spoke := range o.Target.Spokes {
		r.Target.Spokes = append(r.Target.Spokes, spoke.Name)
	}
	for _, name := range o.WithoutSpokes {
		r.Waivers = append(r.Waivers, report.Waiver{Flag: "--without-spoke", Name: name, Effect: "nothing is proven of it, and its workloads are lost when Zot goes"})
	}
	for _, name := range o.LeaveSpokes {
		r.Waivers = append(r.Waivers, report.Waiver{Flag: "--leave-spoke", Name: name, Effect: "nobody looks whether its workloads are back, until --only-spoke"})
	}
	return r
}
