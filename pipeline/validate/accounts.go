package validate

import (
	"context"
	"fmt"
	"strings"
	"time"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// accounts looks at the ServiceAccounts that OCIRepositories name. One with imagePullSecrets is a second way by which
// Zot's password comes along: with it Flux ignores the provider, as with secretRef.
type accounts struct {
	at     Cluster
	poll   time.Duration
	usual  string // of OCIRepositories that name none; "" is none
	known  map[client.ObjectKey]account
	looked bool
}

type account struct {
	at      time.Time
	missing bool
	secrets []string
}

// wrong returns what is wrong with the ServiceAccount of an OCIRepository; nil when nothing is, or when it has none.
// Not being able to see it is an error.
func (a *accounts) wrong(ctx context.Context, r *sourcev1.OCIRepository) (*Cause, error) {
	if !a.looked {
		a.usual, a.looked = a.at.defaultAccount(ctx), true
	}
	name := r.Spec.ServiceAccountName
	if name == "" {
		name = a.usual
	}
	if name == "" {
		return nil, nil
	}
	key := client.ObjectKey{Namespace: r.Namespace, Name: name}
	found, err := a.get(ctx, key)
	switch {
	case err != nil:
		return nil, err
	case found.missing:
		return &Cause{
			ID: "missing-service-account", Terminal: true,
			Cause:  fmt.Sprintf("ServiceAccount %s, under which OCIRepository %s/%s is to be fetched, does not exist.", key, r.Namespace, r.Name),
			Remedy: fmt.Sprintf("Create it (`%s --namespace %s create serviceaccount %s`) with the role's annotation, or take --default-service-account from source-controller.", a.at.kubectl(), key.Namespace, key.Name),
		}, nil
	case len(found.secrets) > 0:
		return &Cause{
			ID: "pull-secrets-left", Terminal: true,
			Cause:  fmt.Sprintf("ServiceAccount %s has imagePullSecrets (%s), with which Flux ignores provider aws for OCIRepository %s/%s.", key, strings.Join(found.secrets, ", "), r.Namespace, r.Name),
			Remedy: fmt.Sprintf("Remove them: `%s --namespace %s patch serviceaccount %s --type merge --patch '{\"imagePullSecrets\":null}'`.", a.at.kubectl(), key.Namespace, key.Name),
		}, nil
	}
	return nil, nil
}

// get reads a ServiceAccount once, and again only while something is wrong with it.
func (a *accounts) get(ctx context.Context, key client.ObjectKey) (account, error) {
	if found, ok := a.known[key]; ok && (!found.missing && len(found.secrets) == 0 || time.Since(found.at) < a.poll) {
		return found, nil
	}
	found := account{at: time.Now()}
	var object corev1.ServiceAccount
	err := a.at.Client.Get(ctx, key, &object)
	switch {
	case apierrors.IsNotFound(err):
		found.missing = true
	case err != nil:
		return found, fmt.Errorf("reading ServiceAccount %s on cluster %q: %w", key, a.at.Name, err)
	}
	for _, secret := range object.ImagePullSecrets {
		found.secrets = append(found.secrets, secret.Name)
	}
	if a.known == nil {
		a.known = map[client.ObjectKey]account{}
	}
	a.known[key] = found
	return found, nil
}
