package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/version"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// pingTimeout is how long an API server may take to answer before it counts as unreachable.
const pingTimeout = 5 * time.Second

// Ping asks the API server who we are to it, before anything is touched: a fault distinguishes an unreachable
// host from credentials that are not accepted.
func (c *Cluster) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	// /version answers anybody; /api only those who are known (system:discovery).
	if _, err := c.Clientset.Discovery().RESTClient().Get().AbsPath("/api").DoRaw(ctx); err != nil {
		return c.unreachable(ctx, err)
	}
	return nil
}

// Issuer returns the issuer of the cluster's service account tokens, which an IAM OIDC provider and trust policies name:
// as EKS says it, else as the API server does.
func (c *Cluster) Issuer(ctx context.Context) (string, error) {
	if c.EKS != nil {
		return c.EKS.Issuer, nil
	}
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	body, err := c.Clientset.Discovery().RESTClient().Get().AbsPath("/.well-known/openid-configuration").DoRaw(ctx)
	if apierrors.IsForbidden(err) {
		return "", fault.New(fault.Failed, "let your user read it (ClusterRole system:service-account-issuer-discovery), or give the issuer with --issuer",
			"asking cluster %q for the issuer of its service account tokens: %w", c.Name, err)
	}
	if err != nil {
		return "", c.unreachable(ctx, err)
	}
	var found struct {
		Issuer string `json:"issuer"`
	}
	if err := json.Unmarshal(body, &found); err != nil || found.Issuer == "" {
		return "", fault.New(fault.Failed, "give the issuer with --issuer", "asking cluster %q for the issuer of its service account tokens: its answer names none", c.Name)
	}
	return found.Issuer, nil
}

// Version returns the API server's version, for example v1.34.4, which charts may ask for.
func (c *Cluster) Version(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	body, err := c.Clientset.Discovery().RESTClient().Get().AbsPath("/version").DoRaw(ctx)
	if err != nil {
		return "", c.unreachable(ctx, err)
	}
	var info version.Info
	if err := json.Unmarshal(body, &info); err != nil {
		return "", fmt.Errorf("reading the version of cluster %q: %w", c.Name, err)
	}
	return info.GitVersion, nil
}

// calledFor finds the command that a kubeconfig calls for credentials in what client-go says when it did none: it has no
// type, and at the first time it has a page of advice behind it.
var calledFor = regexp.MustCompile(`getting credentials: exec: executable (\S+) (not found|failed with exit code \d+)`)

func (c *Cluster) unreachable(ctx context.Context, err error) error {
	if known, ok := errors.AsType[*fault.Error](err); ok { // no token could be made
		return fault.New(known.Code, known.Remedy, "reaching cluster %q at %s: %w", c.Name, c.Host, known)
	}
	if called := calledFor.FindStringSubmatch(err.Error()); called != nil {
		remedy := "see what `" + called[1] + "` says: it may want a new login, for example `aws sso login`"
		if called[2] == "not found" {
			remedy = "install " + called[1] + ", which the kubeconfig calls for credentials, or name an EKS cluster with --eks-cluster, which needs neither"
		}
		return fault.New(fault.Failed, remedy, "reaching cluster %q at %s: getting credentials: %s %s", c.Name, c.Host, called[1], called[2])
	}
	switch {
	case apierrors.IsUnauthorized(err) && c.EKS != nil:
		return fault.New(fault.Failed, c.EKS.Remedy(ctx),
			"reaching EKS cluster %q at %s: it does not accept this AWS identity: %w", c.EKS.Name, c.Host, err)
	case apierrors.IsUnauthorized(err):
		return fault.New(fault.Failed, "renew the credentials in the kubeconfig, for example with `aws eks update-kubeconfig`",
			"reaching cluster %q at %s: the credentials are not accepted: %w", c.Name, c.Host, err)
	case apierrors.IsForbidden(err):
		return fault.New(fault.Failed, "use a kubeconfig whose user the cluster knows and may let in",
			"reaching cluster %q at %s: the user may not even ask which APIs there are: %w", c.Name, c.Host, err)
	case c.EKS != nil && c.EKS.Private:
		return fault.New(fault.Failed, "run it where the VPC is reached, over a VPN or in a runner inside it, or open the public endpoint: the cluster's API server has a private one only",
			"reaching EKS cluster %q at %s: %w", c.EKS.Name, c.Host, err)
	case errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Failed, "check the address, the VPN, and that the API server lets this machine in",
			"reaching cluster %q at %s: no answer within %s", c.Name, c.Host, pingTimeout)
	case c.EKS != nil:
		return fault.New(fault.Failed, "check the network, a proxy in between (HTTPS_PROXY, NO_PROXY), and that the cluster's endpoint lets this machine in",
			"reaching EKS cluster %q at %s: %w", c.EKS.Name, c.Host, err)
	}
	return fault.New(fault.Failed, "check the address in the kubeconfig, the network, and that the API server is up",
		"reaching cluster %q at %s: %w", c.Name, c.Host, err)
}
