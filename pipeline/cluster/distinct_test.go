package cluster_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

func TestDistinct(t *testing.T) {
	named := func(name, uid string) *cluster.Cluster {
		system := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "kube-system", UID: types.UID(uid)}}
		return &cluster.Cluster{Name: name, Host: "https://" + name, Clientset: fake.NewClientset(system)}
	}
	hub, berlin, again := named("hub", "1"), named("berlin", "2"), named("hub-as-spoke", "1")
	closed := &cluster.Cluster{Name: "closed", Clientset: fake.NewClientset()} // which shows us no namespace
	require.NoError(t, cluster.Distinct(t.Context(), []*cluster.Cluster{hub, berlin, closed, closed}))

	err := cluster.Distinct(t.Context(), []*cluster.Cluster{hub, berlin, again})
	require.EqualError(t, err, `reaching cluster "hub-as-spoke" at https://hub-as-spoke: it is the same cluster as "hub"`)
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
}
