package rights

import "slices"

const (
	flux  = "source.toolkit.fluxcd.io"
	helm  = "helm.toolkit.fluxcd.io"
	fleet = "fleetconfig.open-cluster-management.io"
)

// connect is what every live stage reads first: the release, who manages it, and the fleet.
func connect(o Options) []Need {
	all := []Need{
		{"get list", "", "secrets", o.Storage, ""},   // Helm's, and the Secrets that the registry settings name
		{"get list", "", "secrets", o.Namespace, ""}, // the journal, the registry settings' Secrets
		{"list watch", flux, "ocirepositories", "", ""},
		{"list", helm, "helmreleases", "", ""}, {"list", "apps", "deployments", o.Namespace, ""},
		{"list", fleet, "fleetconfigs spokes", "", ""},
	}
	if o.SourceIn != "" { // every address of Zot
		all = append(all, Need{"list", "", "services", o.SourceIn, ""}, Need{"list", "", "nodes", "", ""}, Need{"list", "networking.k8s.io", "ingresses", "", ""})
	}
	return all
}

// writes is what every stage that writes keeps beside the release.
func writes(o Options) []Need {
	return []Need{
		{"create", "", "secrets", o.Namespace, ""},
		{"get update delete", "", "secrets", o.Namespace, "palette-ecr-journal"},
		{"create", "coordination.k8s.io", "leases", o.Namespace, ""},
		{"get update delete", "coordination.k8s.io", "leases", o.Namespace, "palette-ecr"},
	}
}

// forward is what reaches Zot inside the cluster.
func forward(o Options) []Need {
	if o.SourceIn == "" {
		return nil
	}
	return []Need{{"get", "", "services", o.SourceIn, ""}, {"list", "", "pods", o.SourceIn, ""}, {"create", "", "pods/portforward", o.SourceIn, ""}}
}

// apply is what gives the release other values, and restarts what reads them at start.
func apply(o Options) []Need {
	rollout := []Need{
		{"get list watch patch", "apps", "deployments", o.Namespace, ""},
		{"list watch", "", "pods", o.Namespace, ""},
		{"get", "", "serviceaccounts", o.Namespace, ""},
		{"get", "apps", "statefulsets", o.Namespace, ""},
	}
	var release []Need
	switch {
	case !o.Flux:
		release = []Need{{"create update delete", "", "secrets", o.Storage, ""}, {"list", "apps", "replicasets", o.Namespace, ""}}
	case o.Install:
		release = []Need{{"get update", helm, "helmreleases", o.FluxNamespace, ""}, {"create", helm, "helmreleases", o.FluxNamespace, ""}, {"create get", flux, "ocirepositories", o.FluxNamespace, ""}}
	default:
		release = []Need{{"get update", helm, "helmreleases", o.FluxNamespace, ""}}
	}
	return slices.Concat(rollout, writes(o), release)
}

func lookingOnHub(o Options) []Need {
	return slices.Concat(connect(o), looked(), []Need{
		{"list", "apps", "statefulsets", o.Namespace, ""}, {"list", "apps", "daemonsets", o.Namespace, ""}, {"list", "", "pods", o.Namespace, ""},
	}, forward(o))
}

func lookingOnSpoke(Options) []Need { return slices.Concat(looked(), inspected()) }

func copyingOnHub(o Options) []Need {
	all := slices.Concat(connect(o), writes(o), forward(o))
	if o.InCluster {
		all = append(all, Need{"create list get patch delete", "batch", "jobs", o.Namespace, ""},
			Need{"list", "", "pods", o.Namespace, ""}, Need{"get", "", "pods/log", o.Namespace, ""}, Need{"get", "apps", "deployments", o.Namespace, ""},
			Need{"get", "", "serviceaccounts", o.Namespace, ""}, Need{"list", "", "events", o.Namespace, ""})
	}
	return all
}

func copyingOnSpoke(Options) []Need { return []Need{{"list", flux, "ocirepositories", "", ""}} }

func switchingOnHub(o Options) []Need { return slices.Concat(connect(o), apply(o)) }

func switchingOnSpoke(o Options) []Need {
	all := slices.Concat(inspected(), onSpoke()) // a canary, before the switch
	if o.Prepare {                               // fleet.Prepare: the chart annotates and restarts only the hub's
		all = append(all, Need{"patch", "", "serviceaccounts", "", ""}, Need{"get watch patch", "apps", "deployments", "", ""})
	}
	return all
}

func provingOnHub(o Options) []Need {
	all := slices.Concat(connect(o), onSpoke(), searched(o), writes(o), []Need{
		{"get list", "apps", "deployments", o.Namespace, ""}, {"list", "", "pods", o.Namespace, ""}, {"get", "", "pods/log", o.Namespace, ""},
	}, forward(o))
	if o.SourceIn != "" { // Zot's own configuration says whether its catalog is whole
		all = append(all, Need{"get", "", "configmaps secrets", o.SourceIn, ""})
	}
	return all
}

func provingOnSpoke(o Options) []Need { return slices.Concat(onSpoke(), searched(o)) }

func applyingOnHub(o Options) []Need { return slices.Concat(connect(o), apply(o), onSpoke()) }

func applyingOnSpoke(Options) []Need { return onSpoke() }

// inspected is what is looked at on a spoke before it is switched: whether source-controller has its AWS identity.
func inspected() []Need {
	return []Need{{"get", "", "serviceaccounts", "", ""}, {"list", "apps", "deployments", "", ""}, {"list", "", "pods", "", ""}}
}

// onSpoke is what proofs about workloads need, on every cluster: they are listed, asked to reconcile, and canaries are
// made beside them, with the ServiceAccounts that they have.
func onSpoke() []Need {
	return []Need{
		{"get list watch patch create delete", flux, "ocirepositories", "", ""},
		{"get", "", "serviceaccounts", "", ""}, {"list", "apps", "deployments", "", ""},
	}
}

// looked is what preflight looks at in every cluster: source-controllers, and the ServiceAccounts of workloads.
func looked() []Need {
	return []Need{{"list", flux, "ocirepositories", "", ""}, {"list", "apps", "deployments", "", ""}, {"list", "", "serviceaccounts", "", ""}}
}

// searched is what the proof unused lists, on every cluster, since anything may name Zot.
func searched(o Options) []Need {
	all := []Need{
		{"list", "", "pods secrets serviceaccounts configmaps", "", ""},
		{"list", "apps", "deployments statefulsets daemonsets replicasets", "", ""},
		{"list", "batch", "cronjobs jobs", "", ""},
	}
	if o.Searched == nil {
		for _, group := range groups {
			all = append(all, Need{"list", group, "*", "", ""})
		}
	}
	for _, kind := range o.Searched {
		all = append(all, Need{"list", kind.Group, kind.Resource, "", ""})
	}
	return all
}

// groups are those whose objects may name Zot: unused.Groups, of which a test holds that they are the same.
var groups = []string{flux, "kustomize.toolkit.fluxcd.io", helm, "image.toolkit.fluxcd.io", "spectrocloud.com"}
