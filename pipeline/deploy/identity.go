package deploy

import (
	"encoding/json"
	"slices"
	"time"

	"helm.sh/helm/v3/pkg/release"
	corev1 "k8s.io/api/core/v1"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
)

// roleVariable is what EKS's webhook puts into pods of a ServiceAccount that names a role, at creation and only then.
const roleVariable = "AWS_ROLE_ARN"

// inputs returns what a workload reads at start from one revision: its ServiceAccount's annotations and,
// where it reads them, the registries' Secrets. Equal strings mean equal inputs; it holds credentials.
func inputs(revision *release.Release, serviceAccount string, w Workload) string {
	objects, err := chart.Objects(revision)
	if err != nil {
		return "unreadable: " + revision.Manifest
	}
	read := map[string]any{}
	for _, o := range objects {
		switch {
		case o.Object.GetKind() == "ServiceAccount" && o.Object.GetName() == serviceAccount:
			if annotations := o.Object.GetAnnotations(); len(annotations) > 0 {
				read[o.Name()] = annotations
			}
		case o.Object.GetKind() == "Secret" && w.ReadsRegistry && isRegistry(o.Object.Object):
			read[o.Name()] = []any{o.Object.Object["stringData"], o.Object.Object["data"]}
		}
	}
	data, err := json.Marshal(read)
	if err != nil {
		return "unreadable: " + revision.Manifest
	}
	return string(data)
}

// isRegistry reports whether a Secret carries a registry's settings, or credentials for it.
func isRegistry(secret map[string]any) bool {
	if secret["type"] == string(corev1.SecretTypeDockerConfigJson) {
		return true
	}
	for _, field := range []string{"stringData", "data"} {
		if data, ok := secret[field].(map[string]any); ok && mural.IsRegistry(data) {
			return true
		}
	}
	return false
}

// changedIn returns the newest revision whose inputs differ from those of the one before, or nil.
func changedIn(history []*release.Release, serviceAccount string, w Workload) *release.Release {
	for i, revision := range slices.Backward(history) {
		if i > 0 && inputs(revision, serviceAccount, w) != inputs(history[i-1], serviceAccount, w) {
			return revision
		}
	}
	return nil
}

// lacksRole reports whether a pod was made before its ServiceAccount got, changed or lost its role. A pod made
// after that which lacks it all the same is not helped by another restart: then the webhook is missing.
func lacksRole(pod corev1.Pod, account corev1.ServiceAccount) bool {
	var changed time.Time
	for _, entry := range account.ManagedFields {
		if entry.Time != nil && entry.Time.After(changed) {
			changed = entry.Time.Time
		}
	}
	return roleOf(pod) != account.Annotations[mural.RoleAnnotation] && pod.CreationTimestamp.Time.Before(changed)
}

func roleOf(pod corev1.Pod) string {
	for _, container := range pod.Spec.Containers {
		for _, variable := range container.Env {
			if variable.Name == roleVariable {
				return variable.Value
			}
		}
	}
	return ""
}
