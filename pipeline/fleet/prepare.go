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
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// Identity is how source-controller is to get its AWS identity on a spoke.
type Identity struct {
	Mode target.IdentityMode
	Role string // its ARN; with Pod Identity it may be empty

	// Associations knows the associations of EKS Pod Identity; nil where nobody may ask.
	Associations Associations
}

// Associations are those of EKS Pod Identity.
type Associations interface {
	// Role returns the role that a ServiceAccount of a cluster is given; "" is none.
	Role(ctx context.Context, c *cluster.EKS, account client.ObjectKey) (string, error)
	// Give gives it one.
	Give(ctx context.Context, c *cluster.EKS, account client.ObjectKey, role string) error
}

// Preparation is what a spoke's source-controller needs before the switch: the chart annotates and restarts only the
// hub's.
type Preparation struct {
	Spoke      string
	Deployment string // namespace/name of source-controller
	Account    string // namespace/name of its ServiceAccount
	Role       string // that the account is to have; with Pod Identity it may be unknown
	Annotate   bool   // it has not, or another one: Was
	Was        string
	Associate  bool // no association of EKS Pod Identity gives it a role, as far as can be seen
	Restart    bool // its pods were made without the role
}

// Due reports whether anything is left to do.
func (p Preparation) Due() bool { return p.Annotate || p.Associate || p.Restart }

// String is one sentence.
func (p Preparation) String() string {
	role := "role " + p.Role
	if p.Role == "" {
		role = "a role"
	}
	switch {
	case p.Associate:
		return fmt.Sprintf("on %s: associate ServiceAccount %s with %s by EKS Pod Identity, and restart %s", p.Spoke, p.Account, role, p.Deployment)
	case p.Annotate && p.Was != "":
		return fmt.Sprintf("on %s: give ServiceAccount %s %s instead of %s, and restart %s", p.Spoke, p.Account, role, p.Was, p.Deployment)
	case p.Annotate:
		return fmt.Sprintf("on %s: give ServiceAccount %s %s, and restart %s", p.Spoke, p.Account, role, p.Deployment)
	case p.Restart:
		return fmt.Sprintf("on %s: restart %s, whose pods were made before its ServiceAccount had %s", p.Spoke, p.Deployment, role)
	}
	return fmt.Sprintf("on %s: source-controller has %s", p.Spoke, role)
}

// Commands are what does it by hand.
func (p Preparation) Commands(spoke *cluster.Cluster) []string {
	account, deployment := split(p.Account), split(p.Deployment)
	var all []string
	if p.Annotate {
		all = append(all, spoke.Kubectl("--namespace %s annotate serviceaccount %s %s=%s --overwrite", account.Namespace, account.Name, mural.RoleAnnotation, p.Role))
	}
	if p.Associate {
		at, role := "--cluster-name <cluster>", p.Role
		if spoke.EKS != nil {
			at = fmt.Sprintf("--cluster-name %s --region %s", spoke.EKS.Name, spoke.EKS.Region)
		}
		if role == "" {
			role = "<ARN of the role>"
		}
		all = append(all, fmt.Sprintf("aws eks create-pod-identity-association %s --namespace %s --service-account %s --role-arn %s", at, account.Namespace, account.Name, role))
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
func Inspect(ctx context.Context, spoke *cluster.Cluster, wanted Identity) (Preparation, error) {
	d, err := controller(ctx, spoke)
	if err != nil {
		return Preparation{}, err
	}
	key := client.ObjectKey{Namespace: d.Namespace, Name: d.Spec.Template.Spec.ServiceAccountName}
	if key.Name == "" {
		key.Name = "default"
	}
	p := Preparation{Spoke: spoke.Name, Deployment: client.ObjectKeyFromObject(d).String(), Account: key.String(), Role: wanted.Role}
	switch wanted.Mode {
	case target.InstanceProfile: // the node has it
	case target.PodIdentity:
		if p.Restart, err = lacksVariable(ctx, spoke, d, "AWS_CONTAINER_CREDENTIALS_FULL_URI", ""); err != nil {
			return p, err
		}
		if p.Associate = p.Restart; spoke.EKS != nil && wanted.Associations != nil {
			has, err := wanted.Associations.Role(ctx, spoke.EKS, key)
			if err != nil {
				return p, err
			}
			p.Associate = has == ""
		}
	default:
		var account corev1.ServiceAccount
		if err := spoke.Client.Get(ctx, key, &account); err != nil {
			return p, fmt.Errorf("reading ServiceAccount %s on cluster %q: %w", key, spoke.Name, err)
		}
		p.Was = account.Annotations[mural.RoleAnnotation]
		p.Annotate = p.Was != wanted.Role
		p.Restart, err = lacksVariable(ctx, spoke, d, "AWS_ROLE_ARN", wanted.Role)
	}
	return p, err
}

// lacksVariable reports whether a pod of the Deployment was made without a variable that gives it its identity, or with
// another value than this one ("" is any): the webhook sets it only in new pods.
func lacksVariable(ctx context.Context, spoke *cluster.Cluster, d *appsv1.Deployment, name, value string) (bool, error) {
	selector, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
	if err != nil {
		return false, fmt.Errorf("reading the selector of Deployment %s/%s on cluster %q: %w", d.Namespace, d.Name, spoke.Name, err)
	}
	var pods corev1.PodList
	if err := spoke.Client.List(ctx, &pods, client.InNamespace(d.Namespace), client.MatchingLabelsSelector{Selector: selector}); err != nil {
		return false, fmt.Errorf("listing the pods of Deployment %s/%s on cluster %q: %w", d.Namespace, d.Name, spoke.Name, err)
	}
	return slices.ContainsFunc(pods.Items, func(pod corev1.Pod) bool {
		return pod.DeletionTimestamp == nil && !slices.ContainsFunc(pod.Spec.Containers, func(c corev1.Container) bool {
			return slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == name && (value == "" || e.Value == value) })
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

// Prepare does on a spoke what the chart does on the hub: it annotates source-controller's ServiceAccount, or associates
// it by EKS Pod Identity, and restarts the controller, for whose rollout nobody waits here. What is right already is left
// alone, so a second call writes nothing. It returns what was done.
func Prepare(ctx context.Context, spoke *cluster.Cluster, wanted Identity, now time.Time) (Preparation, error) {
	p, err := Inspect(ctx, spoke, wanted)
	if err != nil || !p.Due() {
		return p, err
	}
	account, commands := split(p.Account), p.Commands(spoke)
	byHand := func(command string) string { return "run `" + command + "` as somebody who may" }
	switch {
	case p.Annotate:
		object := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: account.Namespace, Name: account.Name}}
		patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:%q}}}`, mural.RoleAnnotation, p.Role)
		if err := spoke.Client.Patch(ctx, object, client.RawPatch("application/merge-patch+json", patch)); err != nil {
			return p, fault.New(fault.Failed, byHand(commands[0]), "annotating ServiceAccount %s on cluster %q: %w", p.Account, spoke.Name, err)
		}
	case p.Associate && spoke.EKS != nil && wanted.Associations != nil && p.Role != "":
		if err := wanted.Associations.Give(ctx, spoke.EKS, account, p.Role); err != nil {
			return p, fault.New(fault.CodeOf(err), byHand(commands[0]), "associating ServiceAccount %s on cluster %q: %w", p.Account, spoke.Name, err)
		}
	case p.Associate:
		return p, fault.New(fault.Refused, "run `"+commands[0]+"`, then run again; palette-ecr does it for a cluster that is named as an EKS cluster, with --role-arn",
			"preparing spoke %q: which role ServiceAccount %s is to have by EKS Pod Identity, and in which cluster, is not known", spoke.Name, p.Account)
	}
	key := split(p.Deployment)
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}
	patch := fmt.Appendf(nil, `{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":%q}}}}}`, now.UTC().Format(time.RFC3339))
	if err := spoke.Client.Patch(ctx, d, client.RawPatch("application/merge-patch+json", patch)); err != nil {
		return p, fault.New(fault.Failed, byHand(commands[len(commands)-1]), "restarting Deployment %s on cluster %q: %w", p.Deployment, spoke.Name, err)
	}
	p.Restart = true
	return p, nil
}
