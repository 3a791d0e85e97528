package render

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/rights"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// FromCluster returns the values with what their valuesFrom names and no file gave, as the cluster has it: read in the
// HelmRelease's namespace, as helm-controller does. What may not be read there stays unknown, and says which right is missing.
// What the cluster lacks is looked for in made, which is about to be made there; nil when nothing is.
func FromCluster(ctx context.Context, file *values.File, c *cluster.Cluster, namespace string, made values.Source) (*values.File, error) {
	release := file.HelmRelease()
	if release == nil {
		return file, nil
	}
	if release.Namespace != "" {
		namespace = release.Namespace
	}
	var missing []rights.Right
	var denied []*values.Denied
	file, err := file.WithSources(func(kind, name string) (map[string]string, bool, error) {
		data, err := read(ctx, c.Client, kind, client.ObjectKey{Namespace: namespace, Name: name})
		switch {
		case isMissing(err, name):
			return among(made, kind, name)
		case apierrors.IsForbidden(err):
			right := rights.Right{Verb: "get", Resource: strings.ToLower(kind) + "s", Namespace: namespace, Name: name}
			d := &values.Denied{Right: fmt.Sprintf("%s on cluster %q", right, c.Name)}
			missing, denied = append(missing, right), append(denied, d)
			return nil, false, d
		case err != nil:
			return nil, false, fault.New(fault.Failed, "check that the cluster answers: "+c.Kubectl("--namespace %s get %s %s", namespace, kind, name),
				"reading %s %s/%s, which valuesFrom names, on cluster %q: %w", kind, namespace, name, c.Name, err)
		}
		return data, data != nil, nil
	})
	if len(denied) > 0 { // one Role for all of them: a second of its name would take the place of the first
		role := rights.YAML("palette-ecr-values", rights.User(ctx, c), missing)
		for _, d := range denied {
			d.Remedy = "ask whoever administers the cluster to apply this:\n" + role
		}
	}
	return file, err
}

// among looks for what the cluster lacks in what is about to be made.
func among(made values.Source, kind, name string) (data map[string]string, known bool, err error) {
	if made == nil {
		return nil, true, nil
	}
	data, _, err = made(kind, name)
	return data, err == nil, err
}

// isMissing reports whether an error says that the object is not there; that there is no such API is another matter.
func isMissing(err error, name string) bool {
	var status apierrors.APIStatus
	return apierrors.IsNotFound(err) && errors.As(err, &status) && status.Status().Details != nil && status.Status().Details.Name == name
}

// read returns the data of a ConfigMap or Secret; none of any other kind.
func read(ctx context.Context, from client.Reader, kind string, key client.ObjectKey) (map[string]string, error) {
	data := map[string]string{}
	switch kind {
	case "ConfigMap":
		var object corev1.ConfigMap
		err := from.Get(ctx, key, &object)
		maps.Copy(data, object.Data)
		return data, err
	case "Secret":
		var object corev1.Secret
		err := from.Get(ctx, key, &object)
		for name, value := range object.Data {
			data[name] = string(value)
		}
		return data, err
	}
	return nil, nil
}
