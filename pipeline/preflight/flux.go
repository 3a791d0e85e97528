package preflight

import (
	"context"
	"fmt"
	"slices"
	"strings"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/lint"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

const (
	ruleNoFlux      = "P12"
	ruleTwoFlux     = "P13"
	rulePullSecrets = "P14"
	ruleNoAccount   = "P15"
	ruleObjectLevel = "P16"
)

func fluxRules() []report.Rule {
	return []report.Rule{
		{
			ID: ruleNoFlux, Severity: report.Error,
			Title:  "A cluster has no source-controller",
			Why:    "Without one nothing there pulls from ECR, or the kubeconfig leads to another cluster than the one that is meant.",
			Source: "https://fluxcd.io/flux/components/source/",
			Fix:    "install Flux there, or check that the kubeconfig is that cluster's",
		},
		{
			ID: ruleTwoFlux, Severity: report.Error,
			Title:  "Two source-controllers reconcile the same OCIRepositories",
			Why:    "Both fetch each of them and write its status in turn. The role is given to one: the other is refused by ECR, and Ready comes and goes.",
			Source: "fluxcd/kustomize-controller#778; https://fluxcd.io/flux/installation/configuration/sharding/ (--watch-label-selector)",
			Fix:    "leave one Flux in the cluster, or tell them apart with --watch-all-namespaces=false or --watch-label-selector",
		},
		{
			ID: rulePullSecrets, Severity: report.Error,
			Title:  "A ServiceAccount of OCIRepositories has imagePullSecrets",
			Why:    "They are a second way by which Zot's password comes along: with them Flux has credentials, and ignores provider aws exactly as with secretRef. ECR answers 401.",
			Source: "fluxcd/source-controller internal/controller/ocirepository_controller.go (keychain)",
			Fix:    "take imagePullSecrets out of the ServiceAccount",
		},
		{
			ID: ruleNoAccount, Severity: report.Error,
			Title:  "OCIRepositories name a ServiceAccount that doesn't exist",
			Why:    "spec.serviceAccountName, or --default-service-account of source-controller, names whose credentials are used. A missing one is AuthenticationFailed.",
			Source: "fluxcd/source-controller internal/controller/ocirepository_controller.go",
			Fix:    "create it with the role's annotation, or take the name away",
		},
		{
			ID: ruleObjectLevel, Severity: report.Error,
			Title:  "Object-level identity doesn't work with this Flux",
			Why:    "provider aws with spec.serviceAccountName takes the role of that ServiceAccount. Before source-controller 1.10 that needs the feature gate ObjectLevelWorkloadIdentity (FeatureGateDisabled otherwise); since Flux 2.10 its usual RBAC no longer lets it make tokens. EKS Pod Identity can't do it at all.",
			Source: "fluxcd/flux2#6139, #6003; fluxcd/source-controller CHANGELOG 1.10.0",
			Fix:    "set --feature-gates=ObjectLevelWorkloadIdentity=true, grant create on serviceaccounts/token, or leave serviceAccountName out",
		},
	}
}

// lookAtFlux looks at the source-controllers of every cluster and at the ServiceAccounts that OCIRepositories use.
func lookAtFlux(ctx context.Context, l *looker) {
	clusters := l.reached()
	found := make([][]controller, len(clusters))
	var group errgroup.Group
	group.SetLimit(parallel)
	for i, c := range clusters {
		group.Go(func() error {
			found[i] = fluxLook{looker: l, cluster: c, place: report.Place{Cluster: c.Name}}.look(ctx)
			return nil
		})
	}
	_ = group.Wait() // what can't be seen is a finding
	l.facts.note(func(f *facts) {
		for _, all := range found {
			for _, c := range all {
				f.live.SourceControllers = append(f.live.SourceControllers, lint.SourceController{Cluster: c.cluster, Namespace: c.namespace, Version: c.version})
			}
		}
		if len(found) > 0 && len(found[0]) == 1 {
			f.fluxNamespace = found[0][0].namespace
		}
	})
}

// fluxLook is the look at Flux in one cluster.
type fluxLook struct {
	*looker
	cluster     *cluster.Cluster
	place       report.Place
	controllers []controller
	workloads   []sourcev1.OCIRepository
}

// look returns the source-controllers of the cluster.
func (l fluxLook) look(ctx context.Context) []controller {
	c := l.cluster
	var (
		deployments appsv1.DeploymentList
		accounts    corev1.ServiceAccountList
		errs        [3]error
		group       errgroup.Group
	)
	group.Go(func() error { errs[0] = c.Client.List(ctx, &deployments); return nil })
	group.Go(func() error { l.workloads, errs[1] = l.facts.workloads(ctx, c); return nil })
	group.Go(func() error { errs[2] = c.Client.List(ctx, &accounts); return nil })
	_ = group.Wait() // each error has its place
	if errs[1] != nil {
		l.cannot(rulePullSecrets, l.place, "the OCIRepositories of cluster "+c.Name, "list ocirepositories.source.toolkit.fluxcd.io in all namespaces", errs[1])
	}
	if errs[0] != nil {
		l.cannot(ruleNoFlux, l.place, "the source-controllers of cluster "+c.Name, "list deployments.apps in all namespaces", errs[0])
		return nil
	}
	if l.controllers = controllersIn(c.Name, deployments.Items); c == l.World.Hub {
		l.controllers = l.toBe(l.controllers)
	}
	l.judgeControllers()
	if errs[2] != nil {
		l.cannot(rulePullSecrets, l.place, "the ServiceAccounts of cluster "+c.Name, "list serviceaccounts in all namespaces", errs[2])
		return l.controllers
	}
	l.judgeAccounts(accounts.Items)
	l.judgeObjectLevel(ctx)
	if c == l.World.Hub {
		names := make([]string, 0, len(accounts.Items))
		for _, a := range accounts.Items {
			names = append(names, a.Namespace+"/"+a.Name)
		}
		l.facts.note(func(f *facts) { f.live.ServiceAccounts = names })
	}
	return l.controllers
}

// judgeControllers looks for a cluster without source-controller, and for two that do the same.
func (l fluxLook) judgeControllers() {
	place, controllers, workloads := l.place, l.controllers, l.workloads
	if len(controllers) == 0 && place.Cluster == l.World.Hub.Name && l.State.Absent() {
		return // mural brings one
	}
	if len(controllers) == 0 {
		l.find(ruleNoFlux, report.Error, place, "install Flux there, or check that the kubeconfig is that cluster's", "cluster %s has no Deployment of source-controller", place.Cluster)
	}
	for i, a := range controllers {
		for _, b := range controllers[i+1:] {
			both := 0
			for _, w := range workloads {
				if a.watches(w) && b.watches(w) {
					both++
				}
			}
			// Without any workload yet, what counts is where they look.
			if both == 0 && (len(workloads) > 0 || a.one || b.one || a.selector != "" || b.selector != "") {
				continue
			}
			l.find(ruleTwoFlux, report.Error, place, "leave one of them, or tell them apart with --watch-all-namespaces=false or --watch-label-selector",
				"source-controllers %s and %s both reconcile %s", a, b, report.Counted(both, "OCIRepository", "OCIRepositories"))
		}
	}
}

// judgeAccounts looks at the ServiceAccounts of workloads, each once.
func (l fluxLook) judgeAccounts(accounts []corev1.ServiceAccount) {
	c := l.cluster
	users := map[client.ObjectKey]int{}
	for _, w := range l.workloads {
		if name := accountOf(w, l.controllers); name != "" {
			users[client.ObjectKey{Namespace: w.Namespace, Name: name}]++
		}
	}
	keys := make([]client.ObjectKey, 0, len(users))
	for key := range users {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b client.ObjectKey) int { return strings.Compare(a.String(), b.String()) })
	for _, key := range keys {
		place := report.Place{Cluster: c.Name, Object: "ServiceAccount " + key.String()}
		i := slices.IndexFunc(accounts, func(a corev1.ServiceAccount) bool { return a.Namespace == key.Namespace && a.Name == key.Name })
		used := report.Counted(users[key], "OCIRepository uses it", "OCIRepositories use it")
		switch {
		case i < 0:
			l.find(ruleNoAccount, report.Error, place, fmt.Sprintf("create it: `%s`", c.Kubectl("--namespace %s create serviceaccount %s", key.Namespace, key.Name)), "it does not exist, and %s", used)
		case len(accounts[i].ImagePullSecrets) > 0:
			l.find(rulePullSecrets, report.Error, place,
				fmt.Sprintf("remove them: `%s`", c.Kubectl("--namespace %s patch serviceaccount %s --type merge --patch '{\"imagePullSecrets\":null}'", key.Namespace, key.Name)),
				"it has imagePullSecrets (%s), and %s", secretNames(accounts[i]), used)
		}
	}
}

func secretNames(a corev1.ServiceAccount) string {
	var names []string
	for _, s := range a.ImagePullSecrets {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}

// accountOf returns the ServiceAccount with which an OCIRepository is fetched; "" is source-controller's own.
func accountOf(r sourcev1.OCIRepository, controllers []controller) string {
	if r.Spec.ServiceAccountName != "" {
		return r.Spec.ServiceAccountName
	}
	for _, c := range controllers {
		if c.watches(r) {
			return c.account
		}
	}
	return ""
}
