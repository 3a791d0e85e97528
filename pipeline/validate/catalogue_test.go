package validate

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

var known = Context{
	Namespace: "mural-system", Repository: "palette/mural-workloads", ARN: "arn:aws:ecr:us-east-1:123456789012:repository/palette/mural-workloads",
	Registry: "123456789012.dkr.ecr.us-east-1.amazonaws.com", Region: "us-east-1", Role: "arn:aws:iam::123456789012:role/palette-ecr",
	URL: "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette/mural-workloads",
}

// Messages as source-controller, Hue and AWS write them, and what is behind them.
func TestExplain(t *testing.T) {
	tests := []struct {
		message  string
		id       string
		cause    string // part of it
		remedy   string // part of it
		terminal bool
	}{
		{"failed to pull artifact from 'oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette/mural-workloads': GET https://123456789012.dkr.ecr.us-east-1.amazonaws.com/v2/palette/mural-workloads/blobs/sha256:ab: DENIED: User: arn:aws:sts::123456789012:assumed-role/palette-ecr/1763 is not authorized to perform: ecr:GetDownloadUrlForLayer on resource: arn:aws:ecr:us-east-1:123456789012:repository/palette/mural-workloads because no identity-based policy allows the ecr:GetDownloadUrlForLayer action",
			"missing-action", "assumed-role/palette-ecr/1763 may not call ecr:GetDownloadUrlForLayer on arn:aws:ecr:us-east-1:123456789012:repository/palette/mural-workloads.", "Add ecr:GetDownloadUrlForLayer on " + known.ARN, true},
		{"User: arn:aws:iam::1:user/x is not authorized to perform: ecr:PutImage on resource: arn:aws:ecr:r:1:repository/x with an explicit deny in a resource-based policy", "explicit-deny", "denies ecr:PutImage", "Deny statement", true},
		{"failed to get credential from aws: User: arn:aws:sts::1:assumed-role/p/s is not authorized to perform: ecr:GetAuthorizationToken on resource: * because no identity-based policy allows the ecr:GetAuthorizationToken action", "get-authorization-token", "ecr:GetAuthorizationToken", "on resource *", true},
		{"is not authorized to perform: ecr:BatchGetImage", "missing-action", "The role may not call ecr:BatchGetImage.", "ecr:BatchGetImage", true},
		{"User: arn:aws:sts::1:assumed-role/p/s is not authorized to perform: ecr-public:PutImage", "missing-action", "may not call ecr-public:PutImage.", "ecr-public:PutImage", true},
		{"failed to get credential from aws: error getting credentials: operation error STS: AssumeRoleWithWebIdentity, https response error StatusCode: 403, RequestID: 3f, api error AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity", "trust-policy", "trust policy", "system:serviceaccount:mural-system:source-controller", true},
		{"api error InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.us-east-1.amazonaws.com/id/ABC", "oidc-provider", "https://oidc.eks.us-east-1.amazonaws.com/id/ABC", "create-open-id-connect-provider", true},
		{"api error InvalidIdentityToken: Incorrect token audience", "web-identity-token", "audience", "sts.amazonaws.com", true},
		{"operation error STS: GetServiceBearerToken: not authorized to perform: sts:GetServiceBearerToken on resource: *", "service-bearer-token", "sts:GetServiceBearerToken", "resource *", true},
		{"invalid AWS registry: 'public.ecr.aws'. must match ^...$", "wrong-registry-for-provider", "public.ecr.aws", "1.6.1", true},
		{"failed to get credential from aws: no EC2 IMDS role found, operation error ec2imds: GetMetadata, canceled, context deadline exceeded", "no-instance-credentials", "no AWS identity", "HttpPutResponseHopLimit", true},
		{"The GetAuthorizationToken command is only supported in us-east-1.", "public-region", "us-east-1", "AWS_REGION", true},
		{"dial tcp: lookup api.ecr-public.eu-west-1.amazonaws.com: no such host", "public-region", "us-east-1", "AWS_REGION", true},
		{"denied: Your authorization token has expired. Reauthenticate and try again.", "expired-token", "12 hours", "Remove the stored credentials", true},
		{"failed to determine artifact digest: GET https://x/v2/p/manifests/1: unexpected status code 401 Unauthorized: Not Authorized", "basic-auth-left", "basicAuth", "palette-ecr render", true},
		{"no basic auth credentials", "basic-auth-left", "basicAuth", "provider to aws", true},
		{"NAME_UNKNOWN: The repository with name 'palette/x' does not exist in the registry with id '123456789012'", "missing-repository", "palette/mural-workloads does not exist", "aws ecr create-repository --repository-name palette/mural-workloads --region us-east-1", true},
		{"TAG_INVALID: The image tag 'v1' already exists in the 'p' repository and cannot be overwritten because the tag is immutable.", "immutable-tag", "immutable", "put-image-tag-mutability", true},
		{"MANIFEST_UNKNOWN: Requested image not found", "missing-artifact", "not copied", "palette-ecr copy", false},
		{"unexpected status code 403 Forbidden", "forbidden", "refuses", "policy", true},
		{"Get \"https://x/v2/\": tls: failed to verify certificate: x509: certificate signed by unknown authority", "unknown-authority", "not trusted", "proxy", true},
		{"dial tcp: lookup api.ecr.us-east-1.amazonaws.com on 10.96.0.10:53: no such host", "no-such-host", "resolve", "CoreDNS", false},
		{"failed to refresh cached credentials, dial tcp: lookup sts.us-east-1.amazonaws.com: no such host", "no-such-host", "resolve", "VPC", false},
		{"ThrottlingException: Rate exceeded", "throttled", "throttles", "Wait", false},
		{"dial tcp 10.0.0.1:443: i/o timeout", "unreachable", "too slow", "egress", false},
		{"AWS_REGION environment variable is not set", "region-not-set", "before its service account", "rollout restart deployment/hue", true},
		{`applying OCIRepository: admission webhook "validate.kyverno.svc-fail" denied the request: policy require-zot`, "admission-policy", "(validate.kyverno.svc-fail) refuses what Hue", "Let the policy allow", true},
		{`ocirepositories.source.toolkit.fluxcd.io "checkout" is forbidden: ValidatingAdmissionPolicy 'only-zot' with binding 'b' denied request: no`, "admission-policy", "(only-zot)", "OCIRepositories", true},
		{`failed to get token: serviceaccounts "app" is forbidden: User "system:serviceaccount:flux-system:source-controller" cannot create resource "serviceaccounts/token" in API group "" in the namespace "app"`, "token-request", "Flux 2.10", "serviceaccounts/token", true},
		{`failed to get service account 'app/puller': ServiceAccount "puller" not found`, "missing-service-account", "puller", "Create it", true},
		{`ocirepositories.source.toolkit.fluxcd.io "a" is forbidden: User "system:serviceaccount:mural-system:hue" cannot patch resource "ocirepositories" in API group "source.toolkit.fluxcd.io"`, "kubernetes-rbac", "hue may not patch ocirepositories", "role", true},
		{"FeatureGateDisabled: to use spec.serviceAccountName for provider authentication please enable the ObjectLevelWorkloadIdentity feature gate in the controller", "feature-gate", "serviceAccountName", "--feature-gates=ObjectLevelWorkloadIdentity=true", true},
		{"failed to create provider access token: invalid eks.amazonaws.com/role-arn annotation: '' must match ^arn:aws", "object-identity-role", "EKS Pod Identity does not work", known.Role, true},
		{"VerificationError: failed to verify the signature using provider 'cosign': no matching signatures were found for 'oci://x'", "signature-missing", "spec.verify", "palette-ecr copy", true},
		{`failed to get secret 'app/zot-ca': Secret "zot-ca" not found`, "secret-gone", "Secret zot-ca", "certSecretName", true},
	}
	seen := map[string]bool{}
	for _, test := range tests {
		t.Run(test.id, func(t *testing.T) {
			got := Explain(test.message, known)
			assert.Equal(t, test.id, got.ID)
			assert.Contains(t, got.Cause, test.cause)
			assert.Contains(t, got.Remedy, test.remedy)
			assert.Equal(t, test.terminal, got.Terminal)
		})
		seen[test.id] = true
	}
	for _, e := range catalogue {
		if e.id != "no-such-role" {
			assert.True(t, seen[e.id], "the catalogue's %q has an example here", e.id)
		}
	}
	assert.Equal(t, "no-such-role", Explain("AssumeRoleWithWebIdentity: NoSuchEntity", known).ID)
}

func TestExplainFillsEveryPlaceholder(t *testing.T) {
	placeholder := regexp.MustCompile(`[{}$]`)
	fill := strings.NewReplacer("{namespace}", "", "{repository}", "", "{arn}", "", "{registry}", "", "{region}", "", "{role}", "", "{url}", "", "{cluster}", "", "{kubectl}", "", "{restart}", "")
	group := regexp.MustCompile(`\$\{(\w+)\}`)
	for _, e := range catalogue {
		for _, text := range []string{e.cause, e.remedy} {
			for _, name := range group.FindAllStringSubmatch(text, -1) {
				assert.GreaterOrEqual(t, e.pattern.SubexpIndex(name[1]), 0, "%s has no group %s", e.id, name[1])
			}
			assert.NotRegexp(t, placeholder, fill.Replace(group.ReplaceAllString(text, "")))
		}
		assert.True(t, strings.HasSuffix(e.cause, "."), "%s: the cause is a sentence", e.id)
		assert.True(t, strings.HasSuffix(e.remedy, "."), "%s: the remedy is a sentence", e.id)
	}
}

// Seen: the remedy for a spoke restarted hue there, where there is none.
func TestASpokeIsNotToldToRestartHue(t *testing.T) {
	bubble(t, func(t *testing.T) {
		message := "AWS_REGION environment variable is not set"
		hub, _ := fakeCluster(t, asItIs, append(hue(), workload(t, "checkout"))...)
		spoke := edge(t, "edge-1", asItIs)
		o := config(t)
		o.Hub = hub.Cluster
		assert.Contains(t, o.prover(report.ProofReady, hub).explain(message).Remedy, "--namespace mural-system rollout restart deployment/hue deployment/source-controller`")
		remedy := o.prover(report.ProofReady, spoke).explain(message).Remedy
		assert.Equal(t, "Restart it: `kubectl --context 'prod edge-1' delete pods --all-namespaces --selector app=source-controller`.", remedy)
	})
}

func TestExplainUnknown(t *testing.T) {
	got := Explain("something\n  quite "+strings.Repeat("long ", 200), known)
	assert.Empty(t, got.ID)
	assert.False(t, got.Terminal)
	assert.LessOrEqual(t, len([]rune(got.Cause)), 502)
	assert.NotContains(t, got.Cause, "\n")
	require.NotEmpty(t, got.Remedy)
}
