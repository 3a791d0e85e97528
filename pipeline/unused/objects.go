package unused

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
)

// objects looks through all objects of the API groups that may name a registry, whatever kinds the cluster has in them.
func (l *look) objects(ctx context.Context) {
	kinds, err := Kinds(l.c, l.config.Groups)
	if err != nil {
		l.cannot("API groups", err)
	}
	for _, kind := range kinds {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(kind.GroupVersionKind)
		l.each(ctx, kind.Kind+" objects", list, func(listed client.ObjectList) {
			for _, object := range listed.(*unstructured.UnstructuredList).Items {
				l.object(&object)
			}
		})
	}
}

// Kind is a kind of objects, and what the API server calls its list.
type Kind struct {
	schema.GroupVersionKind
	Resource schema.GroupResource
}

// Kinds lists the kinds of API groups, and of the groups under them, that a cluster has and that can be listed, each in
// the version that the cluster prefers. With an error, there may be others.
func Kinds(c *cluster.Cluster, groups []string) ([]Kind, error) {
	lists, err := discovery.ServerPreferredResources(c.Clientset.Discovery())
	if failed, ok := errors.AsType[*discovery.ErrGroupDiscoveryFailed](err); ok {
		err = nil
		for version, cause := range failed.Groups {
			if wanted(groups, version.Group) {
				err = fmt.Errorf("%s: %w", version, cause)
			}
		}
	}
	var all []Kind
	for _, list := range lists {
		version, parseErr := schema.ParseGroupVersion(list.GroupVersion)
		if parseErr != nil || !wanted(groups, version.Group) {
			continue
		}
		for _, resource := range list.APIResources {
			if strings.Contains(resource.Name, "/") || !slices.Contains(resource.Verbs, "list") {
				continue
			}
			kind := Kind{version.WithKind(resource.Kind), schema.GroupResource{Group: version.Group, Resource: resource.Name}}
			if !slices.Contains(all, kind) {
				all = append(all, kind)
			}
		}
	}
	return all, err
}

// wanted reports whether a group is one to look through; the groups under it are too.
func wanted(groups []string, group string) bool {
	return slices.ContainsFunc(groups, func(g string) bool { return group == g || strings.HasSuffix(group, "."+g) })
}

// object looks through one object but for its metadata and its status.
func (l *look) object(object *unstructured.Unstructured) {
	if object.GetKind() == "HelmRelease" && object.GetNamespace()+"/"+object.GetName() == l.config.Release {
		return // the release itself names Zot until Zot is off
	}
	var fields []string
	for field := range object.Object {
		if field != "metadata" && field != "status" && field != "apiVersion" && field != "kind" {
			fields = append(fields, field)
		}
	}
	slices.Sort(fields)
	for _, field := range fields {
		if path, host, ok := l.within(object.Object[field], field); ok {
			l.find(Finding{
				Object: nameOf(object.GetKind(), object), Names: host, Where: path,
				Remedy: l.advice(object),
			})
			return
		}
	}
}

// advice says what to do with an object that names Zot.
func (l *look) advice(object *unstructured.Unstructured) string {
	what := lower(object.GetKind()) + "." + object.GroupVersionKind().Group + " " + object.GetName()
	if object.GetNamespace() != "" {
		what = "--namespace " + object.GetNamespace() + " edit " + what
	} else {
		what = "edit " + what
	}
	edit := "`" + l.c.Kubectl("%s", what) + "`"
	switch object.GetKind() {
	case "OCIRepository":
		return "point it at ECR (" + edit + "); what hue made, hue moves: then read its log"
	case "HelmRepository", "Bucket", "ImageRepository":
		return "copy its content with `palette-ecr copy --all-repositories` and point it at ECR: " + edit
	}
	return "put ECR's address there: " + edit
}

// within finds the first mention of Zot in a value, with the path to it.
func (l *look) within(value any, path string) (where, host string, ok bool) {
	switch v := value.(type) {
	case string:
		if host, ok := l.config.Zot.Find(v); ok {
			return path, host, true
		}
	case []any:
		for i, inner := range v {
			if where, host, ok := l.within(inner, fmt.Sprintf("%s[%d]", path, i)); ok {
				return where, host, true
			}
		}
	case map[string]any:
		keys := make([]string, 0, len(v))
		for key := range v {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			if host, ok := l.config.Zot.Find(key); ok {
				return path, host, true
			}
			if where, host, ok := l.within(v[key], path+"."+key); ok {
				return where, host, true
			}
		}
	}
	return "", "", false
}

func lower(kind string) string { return strings.ToLower(kind) }
