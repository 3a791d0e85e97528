package deploy

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// By is who applies a release.
type By string

// Managers. Unknown is for a cluster that doesn't let us look.
const (
	ByHelm    By = "helm"
	ByFlux    By = "flux"
	ByArgoCD  By = "argocd"
	ByUnknown By = "unknown"
)

// Managed is who applies a release, as the cluster shows it.
type Managed struct {
	By        By
	Object    string                     // what applies it: HelmRelease mural-system/mural; empty with Helm
	Release   *unstructured.Unstructured // the HelmRelease; nil when there is none, or it may not be read
	Storage   string                     // namespace where Helm's records of it are
	Above     string                     // what keeps the HelmRelease as Git has it: Kustomization "flux-system/apps"; empty is nothing
	Suspended bool
	Evidence  []string // what was seen, one line each
	Missing   []string // rights that it would take to know more
}

// What Flux and Argo CD write on what they apply.
const (
	helmReleaseName      = "helm.toolkit.fluxcd.io/name"
	helmReleaseNamespace = "helm.toolkit.fluxcd.io/namespace"
	fromGit              = "kustomize.toolkit.fluxcd.io/name" // label of what a Kustomization keeps as Git has it
	fromGitNamespace     = "kustomize.toolkit.fluxcd.io/namespace"
	gitReconcile         = "kustomize.toolkit.fluxcd.io/reconcile"
	gitApply             = "kustomize.toolkit.fluxcd.io/ssa"
	fromResourceSet      = "resourceset.fluxcd.controlplane.io/name"
	argoTracking         = "argocd.argoproj.io/tracking-id"
	argoInstance         = "app.kubernetes.io/instance"
	ownerName            = "meta.helm.sh/release-name"
	ownerNamespace       = "meta.helm.sh/release-namespace"
)

// Manager reads from the cluster who applies a release: HelmReleases that make it, labels that helm-controller leaves
// on what it makes, and Argo CD's tracking. It writes nothing. What may not be read is in Missing, and then By is
// ByUnknown unless something else proves the manager.
func Manager(ctx context.Context, c *cluster.Cluster, r target.Release) (Managed, error) {
	m := Managed{By: ByHelm, Storage: r.Namespace}
	labelled, err := m.readObjects(ctx, c, r)
	if err != nil {
		return m, err
	}
	found, err := m.readHelmReleases(ctx, c, r, labelled)
	if err != nil {
		return m, err
	}
	switch {
	case found != nil:
		m.flux(found)
	case labelled.Name != "":
		// Its HelmRelease is in another cluster, or may not be read.
		m.By, m.Object = ByFlux, "HelmRelease "+labelled.String()
	case m.By == ByArgoCD:
	case len(m.Missing) > 0:
		m.By = ByUnknown
	default:
		m.Evidence = append(m.Evidence, fmt.Sprintf("no HelmRelease makes release %s/%s, and neither Flux nor Argo CD marks its Deployments", r.Namespace, r.Name))
	}
	return m, nil
}

// readObjects looks at the labels of the release's Deployments.
func (m *Managed) readObjects(ctx context.Context, c *cluster.Cluster, r target.Release) (labelled client.ObjectKey, err error) {
	var deployments metav1.PartialObjectMetadataList
	deployments.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind("DeploymentList"))
	err = c.Client.List(ctx, &deployments, client.InNamespace(r.Namespace))
	if apierrors.IsForbidden(err) {
		m.Missing = append(m.Missing, "list deployments.apps in namespace "+r.Namespace)
		return labelled, nil
	}
	if err != nil {
		return labelled, fmt.Errorf("listing the Deployments of namespace %s on cluster %q: %w", r.Namespace, c.Name, err)
	}
	for _, d := range deployments.Items {
		by := d.Labels[helmReleaseName]
		if by != "" && d.Annotations[ownerName] == r.Name && labelled.Name == "" {
			labelled = client.ObjectKey{Namespace: d.Labels[helmReleaseNamespace], Name: by}
			m.Evidence = append(m.Evidence, fmt.Sprintf("Deployment %s/%s has the label %s: %s", d.Namespace, d.Name, helmReleaseName, by))
		}
		if app, ok := argoApplication(d.Annotations); ok && m.By != ByArgoCD && (d.Annotations[ownerName] == "" || d.Annotations[ownerName] == r.Name) {
			m.By, m.Object = ByArgoCD, "Application "+app
			m.Evidence = append(m.Evidence, fmt.Sprintf("Deployment %s/%s has the annotation %s: %s", d.Namespace, d.Name, argoTracking, d.Annotations[argoTracking]))
		}
	}
	if m.By == ByHelm && labelled.Name == "" {
		return labelled, m.readApplications(ctx, c, r, deployments.Items)
	}
	return labelled, nil
}

// argoApplication reads Argo CD's tracking: application:group/kind:namespace/name.
func argoApplication(annotations map[string]string) (string, bool) {
	app, _, ok := strings.Cut(annotations[argoTracking], ":")
	return app, ok && app != ""
}

var applications = schema.GroupVersionKind{Group: "argoproj.io", Version: "v1alpha1", Kind: "ApplicationList"}

// readApplications is for Argo CD that tracks by label, which charts set too: only an Application of that name, which
// says that it has one of the Deployments, proves it. Who may not list Applications learns nothing either way.
func (m *Managed) readApplications(ctx context.Context, c *cluster.Cluster, r target.Release, deployments []metav1.PartialObjectMetadata) error {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(applications)
	switch err := c.Client.List(ctx, list); {
	case meta.IsNoMatchError(err), apierrors.IsNotFound(err), apierrors.IsForbidden(err):
		return nil
	case err != nil:
		return fmt.Errorf("listing Argo CD's Applications on cluster %q: %w", c.Name, err)
	}
	for _, app := range list.Items {
		resources, _, _ := unstructured.NestedSlice(app.Object, "status", "resources")
		for _, each := range resources {
			has, _ := each.(map[string]any)
			if has["kind"] != "Deployment" || has["namespace"] != r.Namespace {
				continue
			}
			if slices.ContainsFunc(deployments, func(d metav1.PartialObjectMetadata) bool {
				return d.Name == has["name"] && d.Labels[argoInstance] == app.GetName()
			}) {
				m.By, m.Object = ByArgoCD, fmt.Sprintf("Application %s/%s", app.GetNamespace(), app.GetName())
				m.Evidence = append(m.Evidence, fmt.Sprintf("%s lists Deployment %s/%s", m.Object, r.Namespace, has["name"]))
				return nil
			}
		}
	}
	return nil
}

// helmReleaseVersions are those that helm-controller has served, the newest first.
var helmReleaseVersions = []string{"v2", "v2beta2", "v2beta1"}

// readHelmReleases finds the HelmRelease that makes the release.
func (m *Managed) readHelmReleases(ctx context.Context, c *cluster.Cluster, r target.Release, labelled client.ObjectKey) (*unstructured.Unstructured, error) {
	all, err := listHelmReleases(ctx, c)
	if apierrors.IsForbidden(err) {
		// Often one namespace may be read and not all.
		namespaces := []string{r.Namespace}
		if labelled.Namespace != "" && labelled.Namespace != r.Namespace {
			namespaces = append(namespaces, labelled.Namespace)
		}
		m.Missing = append(m.Missing, "list helmreleases.helm.toolkit.fluxcd.io in all namespaces")
		for _, namespace := range namespaces {
			more, err := listHelmReleases(ctx, c, client.InNamespace(namespace))
			if err == nil {
				all = append(all, more...)
			} else if !apierrors.IsForbidden(err) {
				return nil, fmt.Errorf("listing HelmReleases on cluster %q: %w", c.Name, err)
			}
		}
	} else if err != nil {
		return nil, fmt.Errorf("listing HelmReleases on cluster %q: %w", c.Name, err)
	}
	for i := range all {
		if makes(&all[i], r) {
			return &all[i], nil
		}
	}
	return nil, nil
}

// listHelmReleases is empty where Flux isn't installed.
func listHelmReleases(ctx context.Context, c *cluster.Cluster, options ...client.ListOption) ([]unstructured.Unstructured, error) {
	for _, version := range helmReleaseVersions {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(schema.GroupVersionKind{Group: "helm.toolkit.fluxcd.io", Version: version, Kind: "HelmReleaseList"})
		err := c.Client.List(ctx, list, options...)
		if meta.IsNoMatchError(err) || apierrors.IsNotFound(err) {
			continue
		}
		return list.Items, err
	}
	return nil, nil
}

// makes reports whether a HelmRelease is for a release of this cluster.
func makes(h *unstructured.Unstructured, r target.Release) bool {
	if _, remote, _ := unstructured.NestedMap(h.Object, "spec", "kubeConfig"); remote {
		return false
	}
	name, namespace := releaseOf(h)
	return name == r.Name && namespace == r.Namespace
}

// longestName is Helm's limit; helm-controller cuts a longer name and appends a checksum.
const longestName = 53

// releaseOf returns the name and namespace of the release that a HelmRelease makes.
func releaseOf(h *unstructured.Unstructured) (name, namespace string) {
	spec := func(field string) string {
		value, _, _ := unstructured.NestedString(h.Object, "spec", field)
		return value
	}
	if namespace = spec("targetNamespace"); namespace == "" {
		namespace = h.GetNamespace()
	}
	if name = spec("releaseName"); name == "" {
		name = h.GetName()
		if spec("targetNamespace") != "" {
			name = spec("targetNamespace") + "-" + name
		}
	}
	if len(name) > longestName {
		name = fmt.Sprintf("%s-%x", name[:40], sha256.Sum256([]byte(name)))[:longestName]
	}
	return name, namespace
}

func (m *Managed) flux(h *unstructured.Unstructured) {
	m.By, m.Release = ByFlux, h
	m.Object = fmt.Sprintf("HelmRelease %s/%s", h.GetNamespace(), h.GetName())
	if storage, _, _ := unstructured.NestedString(h.Object, "spec", "storageNamespace"); storage != "" {
		m.Storage = storage
	} else {
		m.Storage = h.GetNamespace()
	}
	m.Suspended, _, _ = unstructured.NestedBool(h.Object, "spec", "suspend")
	name, namespace := releaseOf(h)
	m.Evidence = append(m.Evidence, fmt.Sprintf("%s makes release %s/%s", m.Object, namespace, name))
	if m.Above = keptBy(h); m.Above != "" {
		m.Evidence = append(m.Evidence, fmt.Sprintf("%s keeps %s as Git has it", m.Above, m.Object))
	}
}

// keptBy returns what would take a change of an object back: a Kustomization, a ResourceSet, an Application. What a
// Kustomization is told to leave alone, or to create only, it doesn't.
func keptBy(o *unstructured.Unstructured) string {
	labels, annotations := o.GetLabels(), o.GetAnnotations()
	mode := strings.ToLower(annotations[gitApply] + labels[gitApply])
	leave := annotations[gitReconcile] == "disabled" || labels[gitReconcile] == "disabled" || mode == "ignore" || mode == "ifnotpresent"
	if owner := labels[fromGit]; owner != "" && !leave {
		return fmt.Sprintf("Kustomization %q", strings.TrimPrefix(labels[fromGitNamespace]+"/"+owner, "/"))
	}
	if owner := labels[fromResourceSet]; owner != "" {
		return fmt.Sprintf("ResourceSet %q", owner)
	}
	if app, ok := argoApplication(annotations); ok {
		return fmt.Sprintf("Application %q", app)
	}
	return ""
}

// Check refuses a manager other than the one that was asked for: two that apply one release undo each other's work.
func (m Managed) Check(c *cluster.Cluster, r target.Release) error {
	doing := fmt.Sprintf("changing release %s/%s on cluster %q with %s", r.Namespace, r.Name, c.Name, r.ManagedBy)
	switch {
	case m.By == ByUnknown:
		return fault.New(fault.Unproven, "get these rights, or ask somebody who has them: "+strings.Join(m.Missing, "; "),
			"%s: who manages it can't be seen", doing)
	case m.By == ByArgoCD:
		return fault.New(fault.Refused, "commit the new values to the repository that Argo CD reads, for example with `palette-ecr render --in-place`, let it sync, then run `palette-ecr validate`",
			"%s: Argo CD manages it: %s", doing, strings.Join(m.Evidence, "; "))
	case m.By == ByFlux && m.Release == nil:
		return fault.New(fault.Refused, fmt.Sprintf("change it where %s is, in another cluster perhaps; if Flux no longer manages it, `%s` with the chart and values that it has takes Flux's labels away", m.Object, c.Helm("upgrade %s --namespace %s --reuse-values", r.Name, r.Namespace)),
			"%s: Flux has made it, and its HelmRelease can't be seen here: %s", doing, strings.Join(m.Evidence, "; "))
	case string(m.By) == string(r.ManagedBy):
		return nil
	case m.By == ByFlux:
		return fault.New(fault.Usage, "pass --managed-by flux, and its manifest with --helm-release",
			"%s: Flux manages it, and would take the change back: %s", doing, strings.Join(m.Evidence, "; "))
	}
	return fault.New(fault.Usage, "pass --managed-by helm, and the values with --values", "%s: %s", doing, strings.Join(m.Evidence, "; "))
}
