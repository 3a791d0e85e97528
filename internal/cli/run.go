package cli

import (
	"cmp"
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/palette-ecr/palette-ecr/internal/build"
	"github.com/palette-ecr/palette-ecr/internal/console"
	"github.com/palette-ecr/palette-ecr/pipeline"
	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/incluster"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// runFlags are the flags of everything that runs stages.
type runFlags struct {
	target   targetFlags
	output   console.Outputs
	asIs     bool
	inPlace  bool
	disable  []string
	keepCert bool
	severity report.Severity
	cross    bool
	kube     string
	fromHub  bool
	without  []string
	prepare  bool
	create   bool
	leave    []string
	keepLive bool
	giveUp   bool
	older    bool
	yes      bool
	plan     string
	recover  bool
	inECR    bool
	wave     string
	accept   []string
	install  bool
	before   string
	timeout  time.Duration
	pushWait time.Duration
	profile  string
	quotas   map[string]int

	inCluster bool // pods copy
	pods      incluster.Options
}

func (r *runFlags) add(c *cobra.Command) {
	r.target.all(c)
	f := c.Flags()
	r.output.Add(f)
	f.BoolVar(&r.asIs, "as-is", false, "take the values as they are: they are rendered already, in Git for example")
	r.target.sourceFlags(f)
	f.StringSliceVar(&r.disable, "disable", nil, "rules of lint to leave out, for example L11,L19")
	f.Var(textFlag[report.Severity]{&r.severity}, "severity", "show findings from this severity on: error, warning or info (default info)")
	f.BoolVar(&r.cross, "cross-account", false, "the registry is meant to be in another account than the role")
	f.StringVar(&r.kube, "kube-version", "", "Kubernetes version to render the chart for, where no stage reaches a cluster (default the hub's)")
	f.BoolVar(&r.keepCert, "keep-cert", false, "keep certSecretName and proxySecretName: they are meant for ECR too")
	f.StringVar(&r.target.want.Registry.Interval, "interval", "", "how often Flux looks at the registry (default what the file has, or 5m)")
	f.StringVar(&r.target.want.Registry.Timeout, "registry-timeout", "", "how long Flux waits for the registry (default what the file has, or 60s)")
	f.StringVar(&r.target.want.Soak.For, "soak", "", "how long to prove everything again, every minute, before Zot goes: 30m")
	f.IntVar(&r.target.want.Soak.Failures, "soak-failures", 0, "how many looks of --soak may fail before it ends; the last one must hold")
	f.BoolVar(&r.fromHub, "spokes-from-values", false, "take kubeconfigs of spokes that --spoke does not name from the Secrets that the values name")
	f.StringArrayVar(&r.without, "without-spoke", nil, "a spoke that is left out: its workloads are not proven, and are lost when Zot goes; once for each")
	f.BoolVar(&r.target.want.Registry.AllRepositories, "all-repositories", false, "copy every repository that Zot has, not that of the workloads alone; --leave leaves one out")
	f.BoolVar(&r.create, "create-repository", false, "make repositories that are missing in ECR, as registry.create of cutover.yaml says")
	f.BoolVar(&r.prepare, "prepare-spokes", false, "before the switch, give source-controller on each spoke its AWS identity and restart it, as the chart does on the hub")
	f.StringArrayVar(&r.leave, "leave", nil, "a repository of Zot, or one artifact as REPOSITORY:TAG or REPOSITORY@DIGEST, that stays there knowingly, and goes with it; once for each")
	f.BoolVar(&r.keepLive, "keep-live", false, "keep values that only the live release has, set with helm upgrade --set for example")
	f.BoolVar(&r.giveUp, "discard-live", false, "or give them up; without either they are a refusal")
	f.BoolVar(&r.older, "allow-downgrade", false, "deploy charts that are older than the live ones")
	f.BoolVar(&r.install, "install", false, "install mural-crds and mural where there is no release yet, straight onto ECR: Zot is never turned on")
	f.StringVar(&r.before, "flux-manifests", "", "with --install and Flux: a file of manifests that the HelmRelease needs, such as its source and the HelmRelease of mural-crds; made where they are missing")
	f.StringArrayVar(&r.accept, "accept-broken", nil, "an object that was broken before, by name or as cluster/kind/namespace/name, of which nothing is proven then; once for each")
	f.BoolVar(&r.recover, "recover", false, "repair a release that a killed helm has left pending, where nothing shows that somebody is at work on it; rollback always does")
	c.MarkFlagsMutuallyExclusive("keep-live", "discard-live")
	f.DurationVar(&r.timeout, "timeout", 5*time.Minute, "longest time for each wait in a cluster")
	f.DurationVar(&r.pushWait, "push-wait", 2*time.Minute, "how long to wait for a push by hue, for the proof of that name")
	f.StringToIntVar(&r.quotas, "quota", nil, "requests a second of an ECR API call that this account may make, where it is not the default: PutImage=50; once for each")
	f.StringVar(&r.profile, "profile", "", "profile of the shared AWS configuration")
	f.BoolVar(&r.inCluster, "in-cluster", false, "copy from a Job beside Zot, so that no artifact goes through this machine")
	f.StringVar(&r.pods.Image, "image", "", "with --in-cluster: image of palette-ecr, of this version")
	f.IntVar(&r.pods.Shards, "shards", 0, "with --in-cluster: pods that copy side by side (default 1)")
	f.StringVar(&r.pods.ServiceAccount, "service-account", "", "with --in-cluster: whose AWS identity the pods have (default hue's)")
}

// asks adds the flags of a command that shows what it would do, and asks.
func (r *runFlags) asks(c *cobra.Command) {
	c.Flags().BoolVarP(&r.yes, "yes", "y", false, "do not ask; without a terminal nobody is asked")
}

// fromPlan adds the flag that names a plan.
func (r *runFlags) fromPlan(c *cobra.Command) {
	c.Flags().StringVar(&r.plan, "plan", "", "`FILE` that `palette-ecr plan -o plan=FILE` wrote: go on only in the world that it was made for")
}

func (a *app) runCommand() *cobra.Command {
	var r runFlags
	var from, until string
	c := &cobra.Command{
		Use:   "run",
		Short: "The whole cutover: " + strings.Join(stageNames(), ", "),
		Long: `Runs every stage in order. On a terminal it shows what would change and asks before anything is touched, unless
--yes or --plan is given. A stage with nothing to do says why and is skipped: a second run writes nothing, and a run that
was interrupted goes on where it stopped. When a proof fails after the release was changed, the release goes
back to its previous values, on Zot. Your values file is not changed, unless --in-place is given: then it gets its
new settings once everything is proven. With --until validate Zot stays on; a later run --from validate
turns it off.

  palette-ecr run --values values.yaml --endpoint oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette \
    --role-arn arn:aws:iam::123456789012:role/palette-ecr
  palette-ecr run --config cutover.yaml -o text -o html=report.html -o junit=report.xml
  palette-ecr run --config cutover.yaml --plan cutover.plan      (refused with exit code 3 when the world has moved)`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			some, err := pipeline.Between(from, until)
			if err != nil {
				return err
			}
			return a.run.stages(c, &r, some)
		},
	}
	r.add(c)
	r.asks(c)
	r.fromPlan(c)
	c.Flags().StringVar(&from, "from", "", "first stage to do, for example validate, which refuses a release that isn't on ECR")
	c.Flags().StringVar(&until, "until", "", "last stage to do, for example validate, which leaves Zot on")
	c.Flags().StringVar(&r.wave, "wave", "", "`NAME` of a group of spokes in cutover.yaml: switch and prove these alone, while hue writes to Zot as before")
	c.Flags().BoolVar(&r.inPlace, "in-place", false, "write the new values into the values file when everything is proven")
	return c
}

func stageNames() []string {
	var names []string
	for _, s := range pipeline.Stages() {
		names = append(names, s.Name)
	}
	return names
}

func (a *app) stageCommand(name, short, long string) *cobra.Command {
	var r runFlags
	c := &cobra.Command{
		Use: name, Short: short, Long: long, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.run.stages(c, &r, []string{name}) },
	}
	r.add(c)
	return c
}

// disableZotCommand is a stage that takes what nothing brings back while it is gone: it asks.
func (a *app) disableZotCommand() *cobra.Command {
	var r runFlags
	c := &cobra.Command{
		Use: "disable-zot", Short: "Turn Zot off, given fresh proofs", Long: disableZotHelp, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.run.stages(c, &r, []string{"disable-zot"}) },
	}
	r.add(c)
	r.asks(c)
	r.fromPlan(c)
	return c
}

// stages runs stages of the cutover.
func (a runner) stages(c *cobra.Command, r *runFlags, only []string) error {
	return a.pipeline(c, r, func(o pipeline.Options) pipeline.Options { o.Only = only; return o }, pipeline.Run)
}

// pipeline is one library call, and the report of it.
func (a runner) pipeline(
	c *cobra.Command, r *runFlags, with func(pipeline.Options) pipeline.Options,
	run func(context.Context, pipeline.Options) (*report.Report, error),
) error {
	want, err := r.target.cutover()
	if err != nil {
		return err
	}
	outputs, err := r.output.Open(append(r.target.inputs(want, a.Getenv), r.plan)...)
	if err != nil {
		return err
	}
	files, err := r.target.files()
	if err != nil {
		return err
	}
	quotas, err := copy.ParseQuotas(r.quotas)
	if err != nil {
		return err
	}
	client, err := ecr.HTTPClient(a.Getenv)
	if err != nil {
		return err
	}
	pods, err := a.inCluster(c, r)
	if err != nil {
		return err
	}
	rep, err := run(c.Context(), with(pipeline.Options{
		Target: want, Command: c.Name(), Version: build.Version(), AsIs: r.asIs, InPlace: r.inPlace, Owner: owner(a.Getenv),
		SpokesFromValues: r.fromHub, WithoutSpokes: r.without, PrepareSpokes: r.prepare, CreateRepositories: r.create, Leave: r.leave, Disable: r.disable, KeepCert: r.keepCert, Severity: r.severity, CrossAccount: r.cross, KubeVersion: r.kube,
		KeepLive: r.keepLive, DiscardLive: r.giveUp, AllowDowngrade: r.older,
		Plan: r.plan, Confirm: a.confirm(c, r),
		LookInECR: r.inECR, Wave: r.wave,
		Recover: r.recover, Install: r.install, Before: r.before, AcceptBroken: r.accept,
		Files: files, In: a.In, HTTPClient: client, AWS: ecr.Options{Profile: r.profile}, Quotas: quotas, InCluster: pods,
		Progress: a.Progress(), Timeout: r.timeout, PushWait: r.pushWait,
	}))
	if e := a.Write(outputs, rep); e != nil {
		err = errors.Join(err, e)
	}
	return err
}

// confirm returns what asks the person whether to go on; nil when nobody is to be asked.
func (a runner) confirm(c *cobra.Command, r *runFlags) func(context.Context, *report.Report) error {
	if c.Flags().Lookup("yes") == nil || r.yes || r.plan != "" || !a.Asks() {
		return nil
	}
	return a.Confirm
}

// owner names who runs this, for others who find the release taken: user@host.
func owner(getenv func(string) string) string {
	name := cmp.Or(getenv("GITHUB_ACTOR"), getenv("GITLAB_USER_LOGIN"), getenv("USER"), getenv("LOGNAME"), "somebody")
	host, err := os.Hostname()
	if err != nil {
		return name
	}
	return name + "@" + host
}
