package deploy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// runFlux sets the HelmRelease's spec to the manifest's and waits until Flux has applied it. Server-side apply
// would not do: it leaves the keys that the manifest no longer has, basicAuth among them, to whoever set them.
func runFlux(ctx context.Context, c *cluster.Cluster, o Options) (*Result, error) {
	result := &Result{CRDs: "left to Flux"}
	h, err := newHelm(c, o)
	if err != nil {
		return result, err
	}
	wanted, live, err := fluxRelease(ctx, c, o)
	if o.Install && apierrors.IsNotFound(err) {
		if o.Chart != nil {
			if err := withoutZot(&o); err != nil {
				return result, err
			}
		}
		if err := installFlux(ctx, c, o, wanted); err != nil {
			return result, err
		}
		result.Changed = true
		wanted, live, err = fluxRelease(ctx, c, o)
	}
	if err != nil {
		return result, err
	}
	if last, err := h.last(o.Release.Name); err == nil && last != nil {
		result.PreviousRevision = last.Version
	}
	if last, err := h.last(o.Release.Name); err == nil && last != nil && last.Chart != nil && last.Chart.Metadata != nil {
		if err := forwardFlux(o, wanted, fmt.Sprintf("%s/%s on cluster %q", o.Release.Namespace, o.Release.Name, c.Name), last.Chart.Metadata.Version); err != nil {
			return result, err
		}
	}
	if err := applyFlux(ctx, c, live, wanted, o, result); err != nil {
		return result, err
	}
	if err := awaitFluxTwice(ctx, c, live, o); err != nil {
		return result, h.explain(ctx, c, err)
	}
	if last, err := h.last(o.Release.Name); err == nil && last != nil {
		result.Revision = last.Version
	}
	return result, finish(ctx, c, h, o, result)
}

// applyFlux changes the HelmRelease where it differs from the manifest. Where it does not, and Flux has given up on it,
// nothing would happen any more: then Flux is asked again.
func applyFlux(ctx context.Context, c *cluster.Cluster, live, wanted *unstructured.Unstructured, o Options, result *Result) error {
	key := client.ObjectKeyFromObject(wanted)
	switch {
	case specEqual(live, wanted) && result.Changed:
		o.Progress.Say("waiting for HelmRelease %s to install", key)
		return nil
	case specEqual(live, wanted) && !gaveUp(live):
		result.Reason = fmt.Sprintf("HelmRelease %s has these values already", key)
		return nil
	case specEqual(live, wanted):
		o.Progress.Say("HelmRelease %s has these values already, and Flux gave up on them: asking it again", key)
		result.Changed = true
		return askAgain(ctx, c, live, o)
	}
	if err := o.Lock(ctx); err != nil {
		return err
	}
	o.Progress.Say("changing HelmRelease %s", key)
	if err := replace(live, wanted); err != nil {
		return err
	}
	if err := c.Client.Update(ctx, live); err != nil {
		return fluxFault(c, key, masked(err, live.Object, wanted.Object))
	}
	result.Changed = true
	return nil
}

// fluxRelease reads the HelmRelease of the manifest, and as it is in the cluster, where it must be one that may be
// changed.
func fluxRelease(ctx context.Context, c *cluster.Cluster, o Options) (wanted, live *unstructured.Unstructured, err error) {
	if wanted, err = helmRelease(o.HelmRelease); err != nil {
		return nil, nil, err
	}
	if wanted.GetNamespace() == "" {
		wanted.SetNamespace(o.Release.Namespace)
	}
	live = &unstructured.Unstructured{}
	live.SetGroupVersionKind(wanted.GroupVersionKind())
	key := client.ObjectKeyFromObject(wanted)
	if err := c.Client.Get(ctx, key, live); err != nil {
		return wanted, nil, fluxFault(c, key, err)
	}
	return wanted, live, appliable(c, live)
}

// helmRelease finds the one HelmRelease in a manifest of one or more documents.
func helmRelease(manifest []byte) (*unstructured.Unstructured, error) {
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifest), 4096)
	var found *unstructured.Unstructured
	for {
		object := map[string]any{}
		err := decoder.Decode(&object)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fault.New(fault.Usage, "correct the manifest", "parsing the HelmRelease manifest: %w", err)
		}
		if object["kind"] != "HelmRelease" {
			continue
		}
		if found != nil {
			return nil, fault.New(fault.Usage, "pass a manifest with the release of mural only", "parsing the HelmRelease manifest: it holds more than one HelmRelease")
		}
		found = &unstructured.Unstructured{Object: object}
	}
	if found == nil {
		return nil, fault.New(fault.Usage, "pass the manifest of mural's HelmRelease with --helm-release", "parsing the HelmRelease manifest: it holds no HelmRelease")
	}
	return found, nil
}

// WithValues returns a manifest whose HelmRelease has other values. One that also takes values from elsewhere is
// refused: which of them come from where can't be seen, and a Secret's would end up in plain sight.
func WithValues(manifest []byte, values map[string]any) ([]byte, error) {
	release, err := helmRelease(manifest)
	if err != nil {
		return nil, err
	}
	spec := specOf(release)
	if spec["valuesFrom"] != nil {
		return nil, fault.New(fault.Refused, "revert the commit that changed the values, and let Flux apply it",
			"changing the values of HelmRelease %s/%s: it has valuesFrom, so they are not in it alone", release.GetNamespace(), release.GetName())
	}
	return WithInlineValues(manifest, values)
}

// InlineValues returns the values that a HelmRelease itself has, without those of its valuesFrom; nil when nobody knows
// it.
func InlineValues(m Managed) map[string]any {
	if m.Release == nil {
		return nil
	}
	values, _ := specOf(m.Release)["values"].(map[string]any)
	if values == nil {
		return map[string]any{}
	}
	return values
}

// WithInlineValues returns a manifest whose HelmRelease has other values of its own. Its valuesFrom stays.
func WithInlineValues(manifest []byte, values map[string]any) ([]byte, error) {
	release, err := helmRelease(manifest)
	if err != nil {
		return nil, err
	}
	spec := specOf(release)
	if spec == nil {
		spec = map[string]any{}
		release.Object["spec"] = spec
	}
	spec["values"] = plain(values)
	return json.Marshal(release.Object)
}

// appliable refuses what Flux would not act upon, or would take back.
func appliable(c *cluster.Cluster, live *unstructured.Unstructured) error {
	key := client.ObjectKeyFromObject(live)
	if owner := keptBy(live); owner != "" {
		return fault.New(fault.Refused, "commit the manifest that you want to the repository that it reads; after a cutover then run validate",
			"changing HelmRelease %s on cluster %q: %s keeps it as Git has it", key, c.Name, owner)
	}
	if suspended, _, _ := unstructured.NestedBool(live.Object, "spec", "suspend"); suspended {
		return fault.New(fault.Refused, fmt.Sprintf("run `%s`", c.Flux("resume helmrelease %s --namespace %s", key.Name, key.Namespace)),
			"changing HelmRelease %s on cluster %q: it is suspended", key, c.Name)
	}
	return nil
}

// specEqual reports whether the live spec has everything that the manifest says.
func specEqual(live, wanted *unstructured.Unstructured) bool {
	is, _ := live.Object["spec"].(map[string]any)
	for key, value := range specOf(wanted) {
		if !reflect.DeepEqual(plain(is[key]), plain(value)) {
			return false
		}
	}
	return true
}

func specOf(o *unstructured.Unstructured) map[string]any {
	spec, _ := o.Object["spec"].(map[string]any)
	return spec
}

// plain returns a value with numbers of one type, whichever decoder read them.
func plain(value any) any {
	data, err := json.Marshal(value)
	if err != nil {
		return value
	}
	var same any
	if err := json.Unmarshal(data, &same); err != nil {
		return value
	}
	return same
}

// replace takes over the manifest's spec key by key, each as a whole. kubectl's note of what was last
// applied holds the old values with Zot's password: where there is one, it becomes the new manifest.
func replace(live, wanted *unstructured.Unstructured) error {
	spec, _ := live.Object["spec"].(map[string]any)
	if spec == nil {
		spec = map[string]any{}
		live.Object["spec"] = spec
	}
	for key, value := range specOf(wanted) {
		spec[key] = plain(value)
	}
	annotations := live.GetAnnotations()
	if annotations[lastApplied] == "" {
		return nil
	}
	data, err := json.Marshal(wanted.Object)
	if err != nil {
		return fmt.Errorf("encoding HelmRelease %s/%s: %w", wanted.GetNamespace(), wanted.GetName(), err)
	}
	annotations[lastApplied] = string(data)
	live.SetAnnotations(annotations)
	return nil
}

func fluxFault(c *cluster.Cluster, key client.ObjectKey, err error) error {
	remedy := "check that you may get and update HelmReleases there"
	if apierrors.IsNotFound(err) {
		remedy = "check the manifest's name and namespace; for a release that Helm manages by itself pass --managed-by helm"
	}
	return fault.New(fault.Failed, remedy, "changing HelmRelease %s on cluster %q: %w", key, c.Name, err)
}
