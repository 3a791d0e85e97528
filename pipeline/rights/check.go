package rights

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
)

// Result is which rights we have in one cluster.
type Result struct {
	Cluster string
	Asked   int     // requests
	Held    int     // rights
	Missing []Right // in the order that they were given
	Unknown []Right // the API server didn't answer about them
	Err     error   // its first such answer
}

// parallel is how many reviews are asked for at once.
const parallel = 16

// Check asks the API server which rights we have: what is allowed in a namespace in one request, and what that doesn't
// show one by one, side by side. It writes nothing: a review isn't stored.
func Check(ctx context.Context, c *cluster.Cluster, wanted []Right) Result {
	k := &checker{cluster: c, rules: map[string][]authorizationv1.ResourceRule{}, result: Result{Cluster: c.Name}}
	var namespaces []string
	for _, r := range wanted {
		if r.Namespace != "" && !slices.Contains(namespaces, r.Namespace) {
			namespaces = append(namespaces, r.Namespace)
		}
	}
	k.each(len(namespaces), func(i int) { k.readRules(ctx, namespaces[i]) })
	verdicts := make([]verdict, len(wanted))
	k.each(len(wanted), func(i int) { verdicts[i] = k.holds(ctx, wanted[i]) })
	for i, v := range verdicts {
		switch v {
		case held:
			k.result.Held++
		case missing:
			k.result.Missing = append(k.result.Missing, wanted[i])
		case unknown:
			k.result.Unknown = append(k.result.Unknown, wanted[i])
		}
	}
	return k.result
}

type verdict int

const (
	unknown verdict = iota
	held
	missing
)

type checker struct {
	cluster *cluster.Cluster

	mu     sync.Mutex
	rules  map[string][]authorizationv1.ResourceRule // by namespace
	result Result
}

// each runs f for every number below n, side by side.
func (k *checker) each(n int, f func(int)) {
	var group errgroup.Group
	group.SetLimit(parallel)
	for i := range n {
		group.Go(func() error { f(i); return nil })
	}
	_ = group.Wait() // none fails
}

func (k *checker) readRules(ctx context.Context, namespace string) {
	review := &authorizationv1.SelfSubjectRulesReview{Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: namespace}}
	err := k.cluster.Client.Create(ctx, review)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.result.Asked++
	if err == nil {
		k.rules[namespace] = review.Status.ResourceRules // some authorizers leave rules out: what isn't there is asked for
	}
}

func (k *checker) holds(ctx context.Context, r Right) verdict {
	v := k.ask(ctx, r)
	if v == held || len(r.Unless) == 0 {
		return v
	}
	for _, instead := range r.Unless {
		if other := k.ask(ctx, instead); other != held {
			return v
		}
	}
	return held
}

func (k *checker) ask(ctx context.Context, r Right) verdict {
	resource, sub, _ := strings.Cut(r.Resource, "/")
	k.mu.Lock()
	known := r.Namespace != "" && slices.ContainsFunc(k.rules[r.Namespace], func(rule authorizationv1.ResourceRule) bool { return allows(rule, r) })
	k.mu.Unlock()
	if known {
		return held
	}
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
		Verb: r.Verb, Group: r.Group, Resource: resource, Subresource: sub, Namespace: r.Namespace, Name: r.Name,
	}}}
	err := k.cluster.Client.Create(ctx, review)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.result.Asked++
	switch {
	case err != nil:
		if k.result.Err == nil {
			k.result.Err = fmt.Errorf("asking cluster %q whether we may %s: %w", k.cluster.Name, r, err)
		}
		return unknown
	case review.Status.Allowed:
		return held
	}
	return missing
}

func allows(rule authorizationv1.ResourceRule, r Right) bool {
	_, sub, _ := strings.Cut(r.Resource, "/")
	has := func(list []string, value string) bool {
		return slices.Contains(list, "*") || slices.Contains(list, value)
	}
	return has(rule.Verbs, r.Verb) && has(rule.APIGroups, r.Group) &&
		(has(rule.Resources, r.Resource) || sub != "" && slices.Contains(rule.Resources, "*/"+sub)) &&
		(len(rule.ResourceNames) == 0 || r.Name != "" && slices.Contains(rule.ResourceNames, r.Name))
}

// User returns who the API server takes us for, "" when it does not say.
func User(ctx context.Context, c *cluster.Cluster) string {
	review := &authenticationv1.SelfSubjectReview{}
	if err := c.Client.Create(ctx, review); err != nil {
		return ""
	}
	return review.Status.UserInfo.Username
}
