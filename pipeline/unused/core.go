package unused

import (
	"context"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/journal"
)

// page is how many objects one request lists: Secrets and pods of a big cluster are many.
const page = 500

// cluster looks through everything on a cluster that could name Zot.
func (l *look) cluster(ctx context.Context) {
	l.each(ctx, "Pods", &corev1.PodList{}, func(list client.ObjectList) {
		for _, pod := range list.(*corev1.PodList).Items {
			if pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed && !ownedBy(&pod, "ReplicaSet", "StatefulSet", "DaemonSet", "Job") {
				l.pod("Pod", &pod, pod.Spec)
			}
		}
	})
	l.templates(ctx)
	logins := map[client.ObjectKey]string{}
	l.each(ctx, "Secrets", &corev1.SecretList{}, func(list client.ObjectList) {
		for _, secret := range list.(*corev1.SecretList).Items {
			l.secret(&secret, logins)
		}
	})
	l.each(ctx, "ServiceAccounts", &corev1.ServiceAccountList{}, func(list client.ObjectList) {
		for _, account := range list.(*corev1.ServiceAccountList).Items {
			for _, ref := range account.ImagePullSecrets {
				if host := logins[client.ObjectKey{Namespace: account.Namespace, Name: ref.Name}]; host != "" {
					l.find(Finding{
						Object: "ServiceAccount " + account.Namespace + "/" + account.Name, Names: host, Where: "imagePullSecrets has " + ref.Name + ", which",
						Remedy: fmt.Sprintf("take the entry out: `%s`", l.c.Kubectl("--namespace %s edit serviceaccount %s", account.Namespace, account.Name)),
					})
				}
			}
		}
	})
	l.each(ctx, "ConfigMaps", &corev1.ConfigMapList{}, func(list client.ObjectList) {
		for _, m := range list.(*corev1.ConfigMapList).Items {
			if !slices.Contains(l.config.Names, m.Name) {
				continue
			}
			for key, value := range m.Data {
				l.text("ConfigMap", &m, "key "+key, value)
			}
		}
	})
	l.objects(ctx)
}

// each lists objects page by page.
func (l *look) each(ctx context.Context, what string, list client.ObjectList, take func(client.ObjectList)) {
	next := ""
	for {
		err := l.c.Client.List(ctx, list, client.Limit(page), client.Continue(next))
		if apierrors.IsResourceExpired(err) && next != "" { // the pages took too long: from the start, where it is now
			next = ""
			continue
		}
		if err != nil {
			l.cannot(what, err)
			return
		}
		take(list)
		if next = list.GetContinue(); next == "" {
			return
		}
	}
}

// templates looks at everything that makes pods.
func (l *look) templates(ctx context.Context) {
	l.each(ctx, "Deployments", &appsv1.DeploymentList{}, func(list client.ObjectList) {
		for _, o := range list.(*appsv1.DeploymentList).Items {
			l.pod("Deployment", &o, o.Spec.Template.Spec)
		}
	})
	l.each(ctx, "StatefulSets", &appsv1.StatefulSetList{}, func(list client.ObjectList) {
		for _, o := range list.(*appsv1.StatefulSetList).Items {
			l.pod("StatefulSet", &o, o.Spec.Template.Spec)
		}
	})
	l.each(ctx, "DaemonSets", &appsv1.DaemonSetList{}, func(list client.ObjectList) {
		for _, o := range list.(*appsv1.DaemonSetList).Items {
			l.pod("DaemonSet", &o, o.Spec.Template.Spec)
		}
	})
	l.each(ctx, "ReplicaSets", &appsv1.ReplicaSetList{}, func(list client.ObjectList) {
		for _, o := range list.(*appsv1.ReplicaSetList).Items {
			if !ownedBy(&o, "Deployment") { // they are history
				l.pod("ReplicaSet", &o, o.Spec.Template.Spec)
			}
		}
	})
	l.each(ctx, "CronJobs", &batchv1.CronJobList{}, func(list client.ObjectList) {
		for _, o := range list.(*batchv1.CronJobList).Items {
			l.pod("CronJob", &o, o.Spec.JobTemplate.Spec.Template.Spec)
		}
	})
	l.each(ctx, "Jobs", &batchv1.JobList{}, func(list client.ObjectList) {
		for _, o := range list.(*batchv1.JobList).Items {
			if o.Status.CompletionTime == nil && !ownedBy(&o, "CronJob") {
				l.pod("Job", &o, o.Spec.Template.Spec)
			}
		}
	})
}

// ownedBy reports whether an object was made by one of these kinds, whose templates are looked at themselves.
func ownedBy(object client.Object, kinds ...string) bool {
	return slices.ContainsFunc(object.GetOwnerReferences(), func(o metav1.OwnerReference) bool { return slices.Contains(kinds, o.Kind) })
}

// pod looks at the containers of a pod, or of a pod template: at their images, and at what they are started with.
func (l *look) pod(kind string, object client.Object, spec corev1.PodSpec) {
	if isZots(object) {
		return
	}
	for _, c := range spec.InitContainers {
		l.container(kind, object, c)
	}
	for _, c := range spec.Containers {
		l.container(kind, object, c)
	}
	for _, c := range spec.EphemeralContainers {
		l.container(kind, object, corev1.Container(c.EphemeralContainerCommon))
	}
}

func (l *look) container(kind string, object client.Object, c corev1.Container) {
	if l.config.Zot.Names(c.Image) {
		l.find(Finding{
			Object: nameOf(kind, object), Names: c.Image, Where: "the image of container " + c.Name,
			Remedy: "copy the image's repository with `palette-ecr copy --all-repositories` and name it at ECR there",
		})
	}
	for _, variable := range c.Env {
		l.text(kind, object, "variable "+variable.Name+" of container "+c.Name, variable.Value)
	}
	for _, word := range slices.Concat(c.Command, c.Args) {
		l.text(kind, object, "the command line of container "+c.Name, word)
	}
}

// secret looks at the login for a registry that a Secret holds, and at what PaletteAI keeps in one.
func (l *look) secret(secret *corev1.Secret, logins map[client.ObjectKey]string) {
	switch secret.Type {
	case "helm.sh/release.v1", journal.Type, corev1.SecretTypeServiceAccountToken:
		return
	case corev1.SecretTypeDockerConfigJson, corev1.SecretTypeDockercfg:
		for _, data := range secret.Data {
			host, ok := l.config.Zot.Find(string(data))
			if !ok || isZots(secret) {
				continue
			}
			logins[client.ObjectKeyFromObject(secret)] = host
			l.find(Finding{
				Object: nameOf("Secret", secret), Names: host, Where: "a login for a registry",
				Remedy: fmt.Sprintf("delete it when nothing needs it any more: `%s`", l.c.Kubectl("--namespace %s delete secret %s", secret.Namespace, secret.Name)),
			})
		}
		return
	}
	if !slices.Contains(l.config.Names, secret.Name) {
		return
	}
	for key, data := range secret.Data {
		l.text("Secret", secret, "key "+key, string(data))
	}
}

// text looks for Zot in a text, which is not shown.
func (l *look) text(kind string, object client.Object, where, text string) {
	if host, ok := l.config.Zot.Find(text); ok {
		l.find(Finding{
			Object: nameOf(kind, object), Names: host, Where: where,
			Remedy: "put ECR's address there: `" + l.c.Kubectl("--namespace %s edit %s %s", object.GetNamespace(), lower(kind), object.GetName()) + "`",
		})
	}
}

// isZots reports whether an object is Zot's own: it goes with Zot.
func isZots(object client.Object) bool { return object.GetLabels()["app.kubernetes.io/name"] == "zot" }

func nameOf(kind string, object client.Object) string {
	if object.GetNamespace() == "" {
		return kind + " " + object.GetName()
	}
	return kind + " " + object.GetNamespace() + "/" + object.GetName()
}
