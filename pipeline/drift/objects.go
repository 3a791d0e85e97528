package drift

import (
	"context"
	"fmt"
	"strings"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// cluster looks at the OCIRepositories of a cluster, and at the ServiceAccounts of those that read from the destination.
// What else names Zot is found by package unused.
func (f *finder) cluster(ctx context.Context, c *cluster.Cluster) {
	var list sourcev1.OCIRepositoryList
	if err := c.Client.List(ctx, &list); err != nil {
		f.found.Unseen = append(f.found.Unseen, fmt.Sprintf("%s: listing OCIRepositories: %v", c.Name, err))
		return
	}
	accounts := map[client.ObjectKey]bool{}
	for _, r := range list.Items {
		if f.Zot.Names(r.Spec.URL) {
			f.add("D1", place(c, &r), "it reads from "+left(r.Spec.URL), "point it to "+f.Destination.URL()+"; one that hue wrote follows the release's settings")
		}
		if r.Spec.URL != f.Destination.URL() {
			continue
		}
		f.repository(c, &r)
		if r.Spec.ServiceAccountName != "" {
			accounts[client.ObjectKey{Namespace: r.Namespace, Name: r.Spec.ServiceAccountName}] = true
		}
	}
	for key := range accounts {
		f.account(ctx, c, key)
	}
}

// left names the registry that was left: Zot, or another one in ECR where the release went there first.
func left(url string) string {
	if registry.InECR(url) {
		return "another registry than the destination, " + url
	}
	return "Zot, " + url
}

// settings looks at the Secrets with which PaletteAI tells hue, and spokes, their registry: one that was changed or
// restored by hand counts until the next upgrade, whatever the release says.
func (f *finder) settings(ctx context.Context, c *cluster.Cluster) {
	var list corev1.SecretList
	if err := c.Client.List(ctx, &list, client.InNamespace(f.Namespace)); err != nil {
		f.found.Unseen = append(f.found.Unseen, fmt.Sprintf("%s: listing Secrets in namespace %s: %v", c.Name, f.Namespace, err))
		return
	}
	for _, s := range list.Items {
		endpoint, provider := string(s.Data[mural.Endpoint]), string(s.Data[mural.Provider])
		if endpoint == "" || provider == "" {
			continue
		}
		at := report.Place{Cluster: c.Name, Object: fmt.Sprintf("Secret %s/%s", s.Namespace, s.Name)}
		if f.Zot.Names(strings.TrimSuffix(endpoint, "/") + "/" + string(s.Data[mural.Repository])) {
			f.add("D1", at, "it sends who reads it to "+left(endpoint), "upgrade the release with its values: they name ECR; then restart hue")
			continue
		}
		if name := string(s.Data[mural.BasicAuthSecretName]); name != "" && endpoint == f.Destination.Registry.Endpoint() {
			f.add("D2", at, "it names credentials for ECR, basicAuthSecretName "+name, "upgrade the release with its values; then restart hue")
		}
	}
}

func place(c *cluster.Cluster, r *sourcev1.OCIRepository) report.Place {
	return report.Place{Cluster: c.Name, Object: fmt.Sprintf("OCIRepository %s/%s", r.Namespace, r.Name)}
}

func (f *finder) repository(c *cluster.Cluster, r *sourcev1.OCIRepository) {
	at := place(c, r)
	var has []string
	if r.Spec.SecretRef != nil {
		has = append(has, "secretRef "+r.Spec.SecretRef.Name)
	}
	if r.Spec.CertSecretRef != nil && !f.KeepCert {
		has = append(has, "certSecretRef "+r.Spec.CertSecretRef.Name)
	}
	if r.Spec.Provider != sourcev1.AmazonOCIProvider {
		has = append(has, fmt.Sprintf("provider %q instead of aws", r.Spec.Provider))
	}
	if len(has) > 0 {
		f.add("D2", at, "it reads from ECR with "+strings.Join(has, " and "), "take it out of the manifest; one that hue wrote follows the release's settings")
	}
}

func (f *finder) account(ctx context.Context, c *cluster.Cluster, key client.ObjectKey) {
	var account corev1.ServiceAccount
	switch err := c.Client.Get(ctx, key, &account); {
	case apierrors.IsNotFound(err):
	case err != nil:
		f.found.Unseen = append(f.found.Unseen, fmt.Sprintf("%s: reading ServiceAccount %s: %v", c.Name, key, err))
	case len(account.ImagePullSecrets) > 0:
		f.add("D2", report.Place{Cluster: c.Name, Object: "ServiceAccount " + key.String()},
			"OCIRepositories are read under it, and it has imagePullSecrets", fmt.Sprintf("remove them: `%s`", c.Kubectl("--namespace %s patch serviceaccount %s --type merge --patch '{\"imagePullSecrets\":null}'", key.Namespace, key.Name)))
	}
}
