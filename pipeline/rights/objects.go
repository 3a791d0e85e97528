package rights

import (
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/release"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
)

// Objects returns the rights that Helm needs for the objects of a chart: to read, make and change each, and to delete
// those that a later revision drops. Roles besides need escalate, or every right that they give; and their bindings
// need bind. The mapper is the cluster's; a kind that it doesn't know, since its CRD comes with the same deployment,
// has the plural that its name suggests.
func Objects(manifests []chart.Manifest, namespace string, mapper meta.RESTMapper, stage string) []Right {
	var all []Right
	rules := map[string][]rbacv1.PolicyRule{} // of the chart's own roles, by kind, namespace and name
	for _, m := range manifests {
		if kind := m.Object.GetKind(); kind == "Role" || kind == "ClusterRole" {
			rules[roleKey(kind, namespaceOf(m, namespace), m.Object.GetName())] = rulesOf(m)
		}
	}
	for _, m := range manifests {
		resource, namespaced := resourceOf(m.Object.GroupVersionKind(), mapper)
		in := namespaceOf(m, namespace)
		if !namespaced {
			in = ""
		}
		verbs := []string{"get", "create", "patch", "delete"}
		if _, hook := m.Object.GetAnnotations()[release.HookAnnotation]; hook {
			verbs = append(verbs, "list", "watch") // until it is done
		}
		for _, verb := range verbs {
			all = append(all, Right{Verb: verb, Group: resource.Group, Resource: resource.Resource, Namespace: in, Stage: stage})
		}
		if resource.Group != rbacv1.GroupName {
			continue
		}
		switch kind := m.Object.GetKind(); kind {
		case "Role", "ClusterRole":
			given := rules[roleKey(kind, in, m.Object.GetName())]
			if len(given) > 0 {
				all = append(all, Right{Verb: "escalate", Group: rbacv1.GroupName, Resource: resource.Resource, Namespace: in, Name: m.Object.GetName(), Stage: stage, Unless: granted(given, in, stage)})
			}
		case "RoleBinding", "ClusterRoleBinding":
			all = append(all, bind(m, in, namespace, rules, stage)...)
		}
	}
	return distinct(all)
}

func roleKey(kind, namespace, name string) string {
	if kind == "ClusterRole" {
		namespace = ""
	}
	return strings.Join([]string{kind, namespace, name}, "/")
}

func namespaceOf(m chart.Manifest, namespace string) string {
	if own := m.Object.GetNamespace(); own != "" {
		return own
	}
	return namespace
}

func rulesOf(m chart.Manifest) []rbacv1.PolicyRule {
	var role rbacv1.ClusterRole
	if runtime.DefaultUnstructuredConverter.FromUnstructured(m.Object.Object, &role) != nil {
		return nil
	}
	return role.Rules
}

// bind is the right to bind the role of a binding, or instead of it what that role gives, where the chart has it.
func bind(m chart.Manifest, in, namespace string, rules map[string][]rbacv1.PolicyRule, stage string) []Right {
	var binding rbacv1.ClusterRoleBinding
	if runtime.DefaultUnstructuredConverter.FromUnstructured(m.Object.Object, &binding) != nil || binding.RoleRef.Name == "" {
		return nil
	}
	resource := "clusterroles"
	if binding.RoleRef.Kind == "Role" {
		resource = "roles"
	}
	given := rules[roleKey(binding.RoleRef.Kind, namespaceOf(m, namespace), binding.RoleRef.Name)]
	return []Right{{Verb: "bind", Group: rbacv1.GroupName, Resource: resource, Namespace: in, Name: binding.RoleRef.Name, Stage: stage, Unless: granted(given, in, stage)}}
}

// granted is what rules give, as rights to be held.
func granted(rules []rbacv1.PolicyRule, namespace, stage string) []Right {
	var all []Right
	for _, rule := range rules {
		names := rule.ResourceNames
		if len(names) == 0 {
			names = []string{""}
		}
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					for _, name := range names {
						all = append(all, Right{Verb: verb, Group: group, Resource: resource, Namespace: namespace, Name: name, Stage: stage})
					}
				}
			}
		}
	}
	return slices.Clip(all)
}

// clusterWide are kinds of the cluster, for where there is no mapper to ask.
var clusterWide = []string{"Namespace", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "StorageClass", "PriorityClass", "IngressClass",
	"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "APIService", "PersistentVolume", "ClusterIssuer", "RuntimeClass", "CSIDriver"}

func resourceOf(kind schema.GroupVersionKind, mapper meta.RESTMapper) (resource schema.GroupResource, namespaced bool) {
	if mapper != nil {
		if mapping, err := mapper.RESTMapping(kind.GroupKind(), kind.Version); err == nil {
			return mapping.Resource.GroupResource(), mapping.Scope.Name() == meta.RESTScopeNameNamespace
		}
	}
	plural, _ := meta.UnsafeGuessKindToResource(kind)
	return plural.GroupResource(), !slices.Contains(clusterWide, kind.Kind)
}

// CRDs are the rights to apply what a chart has in its crds/ directory.
func CRDs(stage string) []Right {
	var all []Right
	for _, verb := range []string{"get", "create", "patch"} {
		all = append(all, Right{Verb: verb, Group: "apiextensions.k8s.io", Resource: "customresourcedefinitions", Stage: stage})
	}
	return all
}
