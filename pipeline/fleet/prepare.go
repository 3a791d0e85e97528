package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
)

// Preparation is what a spoke's source-controller needs before the switch: the chart annotates and restarts only the
// hub's.
type Preparation struct {
	Spoke      string
	Deployment string // namespace/name of source-controller
	Account    string // namespace/name of its ServiceAccount
	Role       string // that the account is to have
	Annotate   bool   // it has not, or another one: Was
	Was        string
	Restart    bool // its pods were made without the role
}

// Due reports whether anything is left to do.
func (p Preparation) Due() bool { return p.Annotate || p.Restart }

// String is one sentence.
func (p Preparation) String() string {
	switch {
	case p.Annotate && p.Was != "":
		return fmt.Sprintf("on %s: give ServiceAccount %s role %s instead of %s, and restart %s", p.Spoke, p.Account, p.Role, p.Was, p.Deployment)
	case p.Annotate:
		return fmt.Sprintf("on %s: give ServiceAccount %s role %s, and restart %s", p.Spoke, p.Account, p.Role, p.Deployment)
	case p.Restart:
		return fmt.Sprintf("on %s: restart %s, whose pods were made before its ServiceAccount had role %s", p.Spoke, p.Deployment, p.Role)
	}
	return fmt.Sprintf("on %s: source-controller has role %s", p.Spoke, p.Role)
}

// Commands are what does it by hand.
func (p Preparation) Commands(spoke *cluster.Cluster) []string {
	account, deployment := split(p.Account), split(p.Deployment)
	var all []string
	if p.Annotate {
		all = append(all, spoke.Kubectl("--namespace %s annotate serviceaccount %s %s=%s --overwrite", account.Namespace, account.Name, mural.RoleAnnotation, p.Role))
	}
	if p.Due() {
		all = append(all, spoke.Kubectl("--namespace %s rollout restart deployment/%s", deployment.Namespace, deployment.Name))
	}
	return all
}

func split(name string) client.ObjectKey {
	namespace, rest, _ := strings.Cut(name, "/")
	return client.ObjectKey{Namespace: namespace, Name: rest}
}

// Inspect returns what a spoke's source-controller still needs. Nothing is written.
func Inspect(ctx context.Context, spoke *cluster.Cluster, role string) (Preparation, error) {
	d, err := controller(ctx, spoke)
	if err != nil {
		return Preparation{}, err
	}
	key := client.ObjectKey{Namespace: d.Namespace, Name: d.Spec.Template.Spec.ServiceAccountName}
	if key.Name == "" {
		key.Name = "default"
	}
	var account corev1.ServiceAccount
	if err := spoke.Client.Get(ctx, key, &account); err != nil {
		return Preparation{}, fmt.Errorf("reading ServiceAccount %s on cluster %q: %w", key, spoke.Name, err)
	}
	p := Preparation{
		Spoke: spoke.Name, Deployment: client.ObjectKeyFromObject(d).String(), Account: key.String(), Role: role,
		Was: account.Annotations[mural.RoleAnnotation],
	}
	p.Annotate = p.Was != role
	p.Restart, err = lacksRole(ctx, spoke, d, role)
	return p, err
}

// lacksRole reports whether a pod of the Deployment was made without the role: the webhook gives it only to new ones.
func lacksRole(ctx context.Context, spoke *cluster.Cluster, d *appsv1.Deployment, role string) (bool, error) {
	selector, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
	if err != nil {
		return false, fmt.Errorf("reading the selector of Deployment %s/%s: %w", d.Namespace, d.Name, err)
	}
	var pods corev1.PodList
	if err := spoke.Client.List(ctx, &pods, client.InNamespace(d.Namespace), client.MatchingLabelsSelector{Selector: selector}); err != nil {
		return false, fmt.Errorf("listing the pods of Deployment %s/%s on cluster %q: %w", d.Namespace, d.Name, spoke.Name, err)
	}
	return slices.ContainsFunc(pods.Items, func(pod corev1.Pod) bool {
		return pod.DeletionTimestamp == nil && !slices.ContainsFunc(pod.Spec.Containers, func(c corev1.Container) bool {
			return slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == "AWS_ROLE_ARN" && e.Value == role })
		})
	}), nil
}

// controller finds the spoke's source-controller, wherever it runs.
func controller(ctx context.Context, spoke *cluster.Cluster) (*appsv1.Deployment, error) {
	var list appsv1.DeploymentList
	if err := spoke.Client.List(ctx, &list, client.MatchingFields{"metadata.name": "source-controller"}); err != nil {
		return nil, fmt.Errorf("listing Deployments on cluster %q: %w", spoke.Name, err)
	}
	switch len(list.Items) {
	case 1:
		return &list.Items[0], nil
	case 0:
		return nil, fault.New(fault.Refused, "install Flux there, or check that the kubeconfig is the spoke's", "preparing spoke %q: it has no Deployment source-controller", spoke.Name)
	}
	var names []string
	for _, d := range list.Items {
		names = append(names, d.Namespace)
	}
	return nil, fault.New(fault.Refused, "leave one of them, since Flux supports one in a cluster", "preparing spoke %q: it has %d Deployments source-controller, in %s", spoke.Name, len(names), enumerate(names))
}

// Prepare does on a spoke what the chart does on the hub: it annotates source-controller's ServiceAccount and restarts
// the controller. What is right already is left alone, so a second call writes nothing. It returns what was done.
func Prepare(ctx context.Context, spoke *cluster.Cluster, role string, now time.Time) (Preparation, error) {
	p, err := Inspect(ctx, spoke, role)
	if err != nil || !p.Due() {
		return p, err
	}
	if p.Annotate {
		key := split(p.Account)
		account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}
		patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:%q}}}`, mural.RoleAnnotation, role)
		if err := spoke.Client.Patch(ctx, account, client.RawPatch("application/merge-patch+json", patch)); err != nil {
			return p, fault.New(fault.Failed, "run `"+p.Commands(spoke)[0]+"` as somebody who may", "annotating ServiceAccount %s on cluster %q: %w", p.Account, spoke.Name, err)
		}
	}
	key := split(p.Deployment)
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}
	patch := fmt.Appendf(nil, `{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":%q}}}}}`, now.UTC().Format(time.RFC3339))
	if err := spoke.Client.Patch(ctx, d, client.RawPatch("application/merge-patch+json", patch)); err != nil {
		commands := p.Commands(spoke)
		return p, fault.New(fault.Failed, "run `"+commands[len(commands)-1]+"` as somebody who may", "restarting Deployment %s on cluster %q: %w", p.Deployment, spoke.Name, err)
	}
	p.Restart = true
	return p, nil
}
