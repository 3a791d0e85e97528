// Package own marks what palette-ecr makes in clusters for itself, and knows it again: a Lease, a journal, pods that copy,
// OCIRepositories that prove. None of it is a person's, so nothing is judged or counted by it.
package own

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// The mark: Kubernetes' recommended label, with our name.
const (
	Label = "app.kubernetes.io/managed-by"
	Name  = "palette-ecr"
)

// Is reports whether palette-ecr made an object.
func Is(object metav1.Object) bool { return object.GetLabels()[Label] == Name }
