package cluster

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCommandsNameTheCluster(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "kubectl get pods", (&Cluster{}).Kubectl("get pods"))
	hub := &Cluster{Context: "arn:aws:eks:us-east-1:123456789012:cluster/hub", Kubeconfig: "/etc/my configs/hub's"}
	assert.Equal(t, `kubectl --kubeconfig '/etc/my configs/hub'\''s' --context arn:aws:eks:us-east-1:123456789012:cluster/hub --namespace x get pods`, hub.Kubectl("--namespace %s get pods", "x"))
	assert.Equal(t, `SPOKE=$(mktemp) && kubectl --context hub get secret a > "$SPOKE" && kubectl --kubeconfig "$SPOKE" get pods`, (&Cluster{PrintedBy: "kubectl --context hub get secret a"}).Kubectl("get pods"))
	assert.Equal(t, "helm --kube-context edge list", (&Cluster{Context: "edge"}).Helm("list"))
	assert.Equal(t, "flux --context edge get all", (&Cluster{Context: "edge"}).Flux("get all"))
}
