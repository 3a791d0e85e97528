package lease

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

func metaOf() metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: namespace, Name: Name} }
