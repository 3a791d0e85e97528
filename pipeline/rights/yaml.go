package rights

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// YAML returns the least roles that give rights: a ClusterRole for what is needed in all namespaces, and a Role for
// each namespace, with their bindings to a user where one is given. The same rights make the same bytes.
func YAML(name, user string, all []Right) string {
	byNamespace := map[string][]Right{}
	for _, r := range all {
		byNamespace[r.Namespace] = append(byNamespace[r.Namespace], r)
	}
	var documents []string
	for _, namespace := range slices.Sorted(maps.Keys(byNamespace)) {
		rules := rulesFor(byNamespace[namespace])
		role, binding, kind := "Role", "RoleBinding", metav1.ObjectMeta{Name: name, Namespace: namespace}
		if namespace == "" {
			role, binding = "ClusterRole", "ClusterRoleBinding"
		}
		documents = append(documents, document(role, kind, map[string]any{"rules": rules}))
		if user != "" {
			documents = append(documents, document(binding, kind, map[string]any{
				"roleRef":  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: role, Name: name},
				"subjects": []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
			}))
		}
	}
	return strings.Join(documents, "---\n")
}

func document(kind string, object metav1.ObjectMeta, rest map[string]any) string {
	head := map[string]any{"name": object.Name}
	if object.Namespace != "" {
		head["namespace"] = object.Namespace
	}
	all := map[string]any{"apiVersion": rbacv1.SchemeGroupVersion.String(), "kind": kind, "metadata": head}
	maps.Copy(all, rest)
	data, err := yaml.Marshal(all)
	if err != nil {
		return "" // strings and lists of strings: it can't
	}
	return string(data)
}

// ClusterRole returns the least ClusterRole for a whole cutover, on the hub and on spokes alike. Namespaces are left
// out, so that it can be bound where it is needed.
func ClusterRole(name string, all []Right) string {
	wide := slices.Clone(all)
	for i := range wide {
		wide[i].Namespace = ""
	}
	return YAML(name, "", distinct(wide))
}

// rulesFor groups rights: the same resources with the same verbs are one rule.
func rulesFor(all []Right) []rbacv1.PolicyRule {
	type resource struct{ group, name, object string }
	verbs := map[resource][]string{}
	for _, r := range all {
		key := resource{r.Group, r.Resource, r.Name}
		if !slices.Contains(verbs[key], r.Verb) {
			verbs[key] = append(verbs[key], r.Verb)
		}
	}
	type alike struct{ group, object, verbs string }
	resources := map[alike][]string{}
	for key, list := range verbs {
		slices.SortFunc(list, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
		same := alike{key.group, key.object, strings.Join(list, " ")}
		resources[same] = append(resources[same], key.name)
	}
	var rules []rbacv1.PolicyRule
	for _, key := range slices.SortedFunc(maps.Keys(resources), func(a, b alike) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(slices.Min(resources[a]), slices.Min(resources[b])), cmp.Compare(a.object, b.object), cmp.Compare(a.verbs, b.verbs))
	}) {
		names := resources[key]
		slices.Sort(names)
		rule := rbacv1.PolicyRule{APIGroups: []string{key.group}, Resources: names, Verbs: strings.Fields(key.verbs)}
		if key.object != "" {
			rule.ResourceNames = []string{key.object}
		}
		rules = append(rules, rule)
	}
	return rules
}

// rank is the order in which people write verbs.
func rank(verb string) int {
	if at := slices.Index([]string{"get", "list", "watch", "create", "update", "patch", "delete"}, verb); at >= 0 {
		return at
	}
	return len(verb) + 10
}
