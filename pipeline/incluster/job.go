package incluster

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/distribution/reference"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/own"
)

// Names of what is made in the cluster.
const (
	namePrefix = "palette-ecr-copy-"
	component  = "app.kubernetes.io/component"
	copies     = "copy"

	tokenDirectory = "/var/run/secrets/palette-ecr"
	nobody         = 65532
	indexVariable  = "SHARD_INDEX"
)

// Options say which pods copy.
type Options struct {
	Image          string // with palette-ecr as its entrypoint, of the same version
	Shards         int    // pods that copy side by side; 0 is one
	ServiceAccount string // whose AWS identity they have; empty is hue's
	CA             []byte // authorities that AWS's certificates are signed by, in PEM, besides the usual ones
}

// Check finds what no cluster is needed to find.
func (o Options) Check() error {
	if o.Image == "" {
		return fault.New(fault.Usage, "give --image, for example that of the release, or one that the Dagger function release makes", "reading the arguments: --in-cluster needs an image of palette-ecr")
	}
	if _, err := reference.ParseNormalizedNamed(o.Image); err != nil {
		return fault.New(fault.Usage, "give it as registry/repository:tag", "reading the arguments: --image %q is not a reference to an image: %w", o.Image, err)
	}
	if o.Shards < 0 || o.Shards > copy.MostShards {
		return fault.New(fault.Usage, fmt.Sprintf("give 1 to %d: ECR's quotas are shared among them", copy.MostShards), "reading the arguments: --shards %d", o.Shards)
	}
	return nil
}

// labels are on everything that is made.
func labels() map[string]string { return map[string]string{own.Label: own.Name, component: copies} }

// job is the Job of an order, suspended until its Secret, which has the same name, is there. Its pods run as nobody, without a right in the
// cluster and without a place to write to; what else a pod needs to run there it has from hue's.
func job(namespace, role string, hue corev1.PodTemplateSpec, o Options, order Order) *batchv1.Job {
	name := namePrefix + rand.String(6)
	account := o.ServiceAccount
	if account == "" {
		account = hue.Spec.ServiceAccountName
	}
	container := corev1.Container{
		Name: copies, Image: o.Image, Args: []string{"copy-in-pod", "--index=$(" + indexVariable + ")"},
		Env: append(proxies(hue), corev1.EnvVar{Name: "TMPDIR", Value: "/tmp"}, corev1.EnvVar{Name: indexVariable, ValueFrom: &corev1.EnvVarSource{
			FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.annotations['" + batchv1.JobCompletionIndexAnnotation + "']"},
		}}),
		VolumeMounts: []corev1.VolumeMount{{Name: "order", MountPath: orderDirectory, ReadOnly: true}, {Name: "tmp", MountPath: "/tmp"}},
		Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{
			corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("128Mi"),
		}},
		SecurityContext: &corev1.SecurityContext{
			ReadOnlyRootFilesystem: new(true), AllowPrivilegeEscalation: new(false), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
	if len(o.CA) > 0 {
		container.Env = append(container.Env, corev1.EnvVar{Name: "AWS_CA_BUNDLE", Value: orderDirectory + "/" + caKey})
	}
	pod := corev1.PodSpec{
		ServiceAccountName: account, AutomountServiceAccountToken: new(false), RestartPolicy: corev1.RestartPolicyNever,
		NodeSelector: hue.Spec.NodeSelector, Tolerations: hue.Spec.Tolerations, ImagePullSecrets: hue.Spec.ImagePullSecrets,
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: new(true), RunAsUser: new(int64(nobody)), RunAsGroup: new(int64(nobody)), FSGroup: new(int64(nobody)),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Volumes: []corev1.Volume{
			{Name: "order", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: name, DefaultMode: new(int32(0o440))}}},
			{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
		},
	}
	if role != "" {
		withRole(&pod, &container, role)
	}
	pod.Containers = []corev1.Container{container}
	shards := int32(max(order.Shards, 1)) //nolint:gosec // Check bounds it
	return &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, Labels: labels()},
		Spec: batchv1.JobSpec{
			Suspend: new(true), Completions: &shards, Parallelism: &shards, CompletionMode: new(batchv1.IndexedCompletion),
			BackoffLimitPerIndex: new(int32(6)), TTLSecondsAfterFinished: new(int32(600)),
			PodFailurePolicy: &batchv1.PodFailurePolicy{Rules: []batchv1.PodFailurePolicyRule{
				{Action: batchv1.PodFailurePolicyActionIgnore, OnPodConditions: []batchv1.PodFailurePolicyOnPodConditionsPattern{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue}}},
				{Action: batchv1.PodFailurePolicyActionFailIndex, OnExitCodes: &batchv1.PodFailurePolicyOnExitCodesRequirement{Operator: batchv1.PodFailurePolicyOnExitCodesOpIn, Values: answers()}},
			}},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels()}, Spec: pod},
		},
	}
}

// answers are exit codes with which palette-ecr says that it could not do it: another try would say the same. What is
// killed ends with another, and is done again.
func answers() []int32 {
	var all []int32
	for _, code := range []fault.Code{fault.Failed, fault.Refused, fault.Unproven, fault.Usage} {
		all = append(all, int32(code)) //nolint:gosec // a process exit code
	}
	return all
}

// withRole gives a pod an IAM role as the EKS pod identity webhook does. The webhook does so only for ServiceAccounts that
// name a role already, and hue's does not before the switch; the role's trust policy asks for no more than the account
// (docs.aws.amazon.com/eks/latest/userguide/pod-configuration.html).
func withRole(pod *corev1.PodSpec, c *corev1.Container, role string) {
	pod.Volumes = append(pod.Volumes, corev1.Volume{Name: "aws-token", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
		Sources: []corev1.VolumeProjection{{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Audience: "sts.amazonaws.com", ExpirationSeconds: new(int64(86400)), Path: "token"}}},
	}}})
	c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: "aws-token", MountPath: tokenDirectory, ReadOnly: true})
	c.Env = append(c.Env,
		corev1.EnvVar{Name: "AWS_ROLE_ARN", Value: role}, corev1.EnvVar{Name: "AWS_WEB_IDENTITY_TOKEN_FILE", Value: tokenDirectory + "/token"},
		corev1.EnvVar{Name: "AWS_STS_REGIONAL_ENDPOINTS", Value: "regional"},
	)
}

// proxies are hue's settings of a proxy, which leads from the cluster to AWS.
func proxies(hue corev1.PodTemplateSpec) []corev1.EnvVar {
	var all []corev1.EnvVar
	for _, c := range hue.Spec.Containers {
		for _, v := range c.Env {
			switch strings.ToUpper(v.Name) {
			case "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY":
				all = append(all, v)
			}
		}
	}
	return all
}

// index is a pod's shard.
func index(pod *corev1.Pod) int {
	i, err := strconv.Atoi(pod.Annotations[batchv1.JobCompletionIndexAnnotation])
	if err != nil {
		return 0
	}
	return i
}
