package deploy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/Masterminds/semver/v3"
	helmchart "helm.sh/helm/v3/pkg/chart"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
)

// Problem is one thing that would make an installation fail halfway.
type Problem struct {
	What   string
	Remedy string
}

// Prerequisites finds out, without a write, whether the charts can be installed: the cluster's version, the kinds that
// their objects have, and objects of the same names that somebody else made. kubernetes is the cluster's version.
func Prerequisites(ctx context.Context, c *cluster.Cluster, o Options, kubernetes string) ([]Problem, error) {
	o.complete()
	if err := o.load(ctx); err != nil {
		return nil, err
	}
	var problems []Problem
	own := map[string]bool{} // kinds that the CRDs' chart brings
	for _, each := range []*helmchart.Chart{o.CRDs, o.Chart} {
		if each == nil {
			continue
		}
		if p := tooOld(each, kubernetes); p != nil {
			problems = append(problems, *p)
		}
		for _, kind := range kindsOf(each) {
			own[kind] = true
		}
	}
	made, err := chart.Render(o.Chart, o.Values, chart.Release{Name: o.Release.Name, Namespace: o.Release.Namespace, KubeVersion: kubernetes})
	if err != nil {
		return problems, err
	}
	missing := map[string]bool{}
	for _, m := range made {
		gvk := m.Object.GroupVersionKind()
		mapping, err := c.Client.RESTMapper().RESTMapping(gvk.GroupKind(), gvk.Version)
		switch {
		case meta.IsNoMatchError(err):
			if kind := gvk.GroupKind().String(); !own[kind] && !missing[kind] {
				missing[kind] = true
				problems = append(problems, Problem{fmt.Sprintf("the cluster knows no %s (%s), which %s is", gvk.Kind, gvk.GroupVersion(), m.Name()), bringing(gvk.Group)})
			}
			continue
		case err != nil:
			return problems, fmt.Errorf("asking cluster %q for its kinds: %w", c.Name, err)
		}
		p, err := taken(ctx, c, o, m, mapping)
		if err != nil {
			return problems, err
		}
		if p != nil {
			problems = append(problems, *p)
		}
	}
	return problems, nil
}

// tooOld compares the cluster with what the chart asks for.
func tooOld(c *helmchart.Chart, kubernetes string) *Problem {
	wanted := c.Metadata.KubeVersion
	if wanted == "" {
		wanted = ">=" + strings.TrimPrefix(chart.OldestKubernetes, "v") + "-0"
	}
	allowed, err := semver.NewConstraint(wanted)
	is, err2 := semver.NewVersion(kubernetes)
	if err != nil || err2 != nil || allowed.Check(is) {
		return nil // Helm says what is wrong with the chart's own
	}
	return &Problem{fmt.Sprintf("chart %s needs Kubernetes %s, and the cluster has %s", c.Name(), wanted, kubernetes), "upgrade the cluster"}
}

// kindsOf are the kinds that a chart's CRDs define, in its crds/ directory and in its templates.
func kindsOf(c *helmchart.Chart) []string {
	var kinds []string
	note := func(data []byte) {
		var crd struct {
			Kind string `json:"kind"`
			Spec struct {
				Group string `json:"group"`
				Names struct {
					Kind string `json:"kind"`
				} `json:"names"`
			} `json:"spec"`
		}
		if yaml.Unmarshal(data, &crd) == nil && crd.Kind == "CustomResourceDefinition" {
			kinds = append(kinds, crd.Spec.Names.Kind+"."+crd.Spec.Group)
		}
	}
	for _, crd := range c.CRDObjects() {
		note(crd.File.Data)
	}
	if made, err := chart.Render(c, nil, chart.Release{Name: c.Name(), Namespace: "default"}); err == nil {
		for _, m := range made {
			if data, err := yaml.Marshal(m.Object.Object); err == nil {
				note(data)
			}
		}
	}
	return kinds
}

// bringing says what usually brings a group's kinds.
func bringing(group string) string {
	switch {
	case strings.HasSuffix(group, "cert-manager.io"):
		return "install cert-manager first"
	case strings.HasSuffix(group, "toolkit.fluxcd.io"):
		return "install Flux first, or turn on flux2 in the values"
	case strings.HasSuffix(group, "spectrocloud.com"):
		return "install mural-crds too: name its version with --crds-version"
	case strings.HasSuffix(group, "monitoring.coreos.com"):
		return "install the Prometheus operator's CRDs first, or turn the monitors off in the values"
	}
	return "install what brings this kind first"
}

// taken is about an object of that name that isn't this release's: Helm refuses to install over it.
func taken(ctx context.Context, c *cluster.Cluster, o Options, m chart.Manifest, mapping *meta.RESTMapping) (*Problem, error) {
	if m.Object.GetAnnotations()["helm.sh/hook"] != "" || m.Object.GetName() == "" {
		return nil, nil
	}
	live := &metav1.PartialObjectMetadata{}
	live.SetGroupVersionKind(m.Object.GroupVersionKind())
	key := client.ObjectKeyFromObject(m.Object)
	if mapping.Scope.Name() != meta.RESTScopeNameNamespace {
		key.Namespace = ""
	} else if key.Namespace == "" {
		key.Namespace = o.Release.Namespace
	}
	switch err := c.Client.Get(ctx, key, live); {
	case apierrors.IsNotFound(err), apierrors.IsForbidden(err): // the rights are looked at elsewhere
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading %s on cluster %q: %w", m.Name(), c.Name, err)
	}
	if live.Annotations[ownerName] == o.Release.Name && live.Annotations[ownerNamespace] == o.Release.Namespace {
		return nil, nil
	}
	owner := "somebody made it without Helm"
	if by := live.Annotations[ownerName]; by != "" {
		owner = fmt.Sprintf("it is part of release %s/%s", live.Annotations[ownerNamespace], by)
	}
	return &Problem{fmt.Sprintf("%s is there already: %s", m.Name(), owner), "delete it, or install under another name or into another namespace"}, nil
}

// RefuseProblems is the error that names what stands in the way; nil when nothing does.
func RefuseProblems(problems []Problem, c *cluster.Cluster, release string) error {
	if len(problems) == 0 {
		return nil
	}
	texts := make([]string, len(problems))
	for i, p := range problems {
		texts[i] = fmt.Sprintf("%s (%s)", p.What, p.Remedy)
	}
	return fault.New(fault.Refused, problems[0].Remedy, "installing release %s on cluster %q: %s", release, c.Name, strings.Join(texts, "; "))
}

// withoutZot refuses to install with Zot: where nothing is yet, nothing needs it, and it would have to be moved away from.
func withoutZot(o *Options) error {
	if o.OnZot {
		return nil
	}
	merged, err := chart.Merged(o.Chart, o.Values)
	if err != nil {
		return err
	}
	if mural.ZotOn(merged) {
		return fault.New(fault.Refused, "set zot.enabled to false in the values: `palette-ecr render` does it for an installation",
			"installing release %s/%s: zot.enabled is true, and a new installation on ECR needs no Zot", o.Release.Namespace, o.Release.Name)
	}
	return nil
}

// installFlux makes what a HelmRelease needs and the HelmRelease itself, each only where it isn't there: the release's
// namespace, o.Before, and the other documents of the manifest.
func installFlux(ctx context.Context, c *cluster.Cluster, o Options, wanted *unstructured.Unstructured) error {
	needed := []*unstructured.Unstructured{}
	for _, in := range []string{wanted.GetNamespace(), o.Release.Namespace} {
		namespace := &unstructured.Unstructured{}
		namespace.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
		namespace.SetName(in)
		needed = append(needed, namespace)
	}
	for _, manifest := range [][]byte{o.Before, o.HelmRelease} {
		more, err := documents(manifest)
		if err != nil {
			return err
		}
		needed = append(needed, more...)
	}
	for _, object := range needed {
		if object.GetKind() == "HelmRelease" && object.GetName() == wanted.GetName() {
			continue
		}
		if err := createMissing(ctx, c, o, object); err != nil {
			return err
		}
	}
	return createMissing(ctx, c, o, wanted)
}

func createMissing(ctx context.Context, c *cluster.Cluster, o Options, object *unstructured.Unstructured) error {
	if namespaced, err := c.Client.IsObjectNamespaced(object); err == nil && namespaced && object.GetNamespace() == "" {
		object.SetNamespace(o.Release.Namespace)
	}
	name := chart.Manifest{Object: object}.Name()
	live := &metav1.PartialObjectMetadata{}
	live.SetGroupVersionKind(object.GroupVersionKind())
	err := c.Client.Get(ctx, client.ObjectKeyFromObject(object), live)
	if err == nil {
		return nil
	}
	if meta.IsNoMatchError(err) {
		return fault.New(fault.Refused, bringing(object.GroupVersionKind().Group), "installing %s on cluster %q: it knows no such kind", name, c.Name)
	}
	if !apierrors.IsNotFound(err) {
		return fmt.Errorf("reading %s on cluster %q: %w", name, c.Name, err)
	}
	if err := o.Lock(ctx); err != nil {
		return err
	}
	o.Progress.Say("making %s", name)
	if err := c.Client.Create(ctx, object.DeepCopy(), client.FieldOwner(fieldOwner)); err != nil && !apierrors.IsAlreadyExists(err) {
		return fault.New(fault.Failed, fmt.Sprintf("make sure that you may create %ss", strings.ToLower(object.GetKind())), "making %s on cluster %q: %w", name, c.Name, masked(err, object.Object))
	}
	return nil
}

// documents are the objects of a manifest.
func documents(manifest []byte) ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	for decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifest), 4096); ; {
		object := map[string]any{}
		err := decoder.Decode(&object)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fault.New(fault.Usage, "correct the manifest", "parsing the manifests for Flux: %w", err)
		}
		if object["kind"] != nil {
			all = append(all, &unstructured.Unstructured{Object: object})
		}
	}
}
