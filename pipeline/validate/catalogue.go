package validate

import (
	"regexp"
	"strings"
)

// Cause is what is behind a message of source-controller, Hue or AWS.
type Cause struct {
	ID       string // stable name in the catalogue; empty for a message that it does not know
	Cause    string // one sentence
	Remedy   string // what to do, one sentence
	Terminal bool   // waiting does not help: a person must change something
}

// Context fills the catalogue's placeholders with what is known of this cutover.
type Context struct {
	Namespace  string // {namespace}
	Repository string // {repository}, the full ECR name
	ARN        string // {arn}, of the repository
	Registry   string // {registry}, the host
	Region     string // {region}
	Role       string // {role}
	URL        string // {url}, of the repository
	Cluster    string // {cluster}
	Kubectl    string // {kubectl}: the command with what makes it reach the cluster
	Spoke      bool   // for {restart}: a cluster of its own, which has no hue, and source-controller in a namespace of its own
}

// entry is one row of the catalogue: ${name} stands for a group of the pattern, {name} for a field of Context.
type entry struct {
	id       string
	pattern  *regexp.Regexp
	cause    string
	remedy   string
	terminal bool
	seen     string // a message that shows it
}

// Explain finds the first cause in the catalogue that a message shows. What it does not know is its own
// cause, shortened, and is not terminal.
func Explain(message string, c Context) Cause {
	restart := "--namespace " + c.Namespace + " rollout restart deployment/hue deployment/source-controller"
	if c.Spoke {
		restart = "delete pods --all-namespaces --selector app=source-controller"
	}
	fill := strings.NewReplacer("{namespace}", c.Namespace, "{repository}", c.Repository, "{arn}", c.ARN,
		"{registry}", c.Registry, "{region}", c.Region, "{role}", orElse(c.Role, "the role"), "{url}", c.URL,
		"{cluster}", orElse(c.Cluster, "the cluster"), "{kubectl}", orElse(c.Kubectl, "kubectl"), "{restart}", restart)
	unquoted := strings.ReplaceAll(message, `\"`, `"`) // logfmt and klog quote an error with its own quotes in it
	for _, e := range catalogue {
		match := e.pattern.FindStringSubmatchIndex(unquoted)
		if match == nil {
			continue
		}
		expand := func(template string) string {
			return fill.Replace(string(e.pattern.ExpandString(nil, template, unquoted, match)))
		}
		return Cause{ID: e.id, Cause: expand(e.cause), Remedy: expand(e.remedy), Terminal: e.terminal}
	}
	return Cause{Cause: sentence(message), Remedy: "look at the controller's own log for what came before"}
}

func orElse(value, other string) string {
	if value == "" {
		return other
	}
	return value
}

// sentence makes one short line of a message.
func sentence(message string) string {
	line := strings.Join(strings.Fields(message), " ")
	const most = 500 // the URL of a blob alone takes 200
	if runes := []rune(line); len(runes) > most {
		line = string(runes[:most]) + " …"
	}
	return line
}

// catalogue is ordered: what names the true cause comes before what is only its effect. Its patterns were
// seen in messages of source-controller 1.9 and fluxcd/pkg auth/aws, of ECR and STS, and in users' reports.
var catalogue = []entry{
	{
		"admission-policy", regexp.MustCompile(`(?i)admission webhook "(?P<who>[^"]+)" denied|ValidatingAdmissionPolicy '(?P<policy>[^']+)'.*denied request`),
		"An admission policy of a cluster (${who}${policy}) refuses what Hue or palette-ecr writes there; ECR has not refused anything.",
		"Let the policy allow the change of OCIRepositories to {url}, on the cluster that the message is of.", true,
		`applying OCIRepository: admission webhook "validate.kyverno.svc-fail" denied the request: policy require-zot`,
	},
	{
		"token-request", regexp.MustCompile(`(?i)cannot create resource "serviceaccounts/token"`),
		"source-controller may not make tokens of ServiceAccounts, which Flux 2.10 no longer grants by itself and which an OCIRepository with serviceAccountName needs.",
		"Grant it `create` on serviceaccounts/token, or take serviceAccountName from the OCIRepositories so that source-controller's own identity is used.", true,
		`failed to get token: serviceaccounts "app" is forbidden: User "system:serviceaccount:flux-system:source-controller" cannot create resource "serviceaccounts/token" in API group "" in the namespace "app"`,
	},
	{
		"missing-service-account", regexp.MustCompile(`(?i)serviceaccounts? "?(?P<account>[^\s"]+)"? not found|failed to get (?:service ?account|default service account) '?(?P<other>[^\s']+)'?`),
		"ServiceAccount ${account}${other}, under which the artifact is to be fetched, does not exist.",
		"Create it in the workload's namespace with the role's annotation, or take --default-service-account from source-controller.", true,
		`failed to get service account 'app/puller': ServiceAccount "puller" not found`,
	},
	{
		"kubernetes-rbac", regexp.MustCompile(`(?i)is forbidden: User "(?P<user>[^"]+)" cannot (?P<verb>[a-z]+) resource "(?P<resource>[^"]+)"`),
		"Kubernetes, not ECR, refuses: ${user} may not ${verb} ${resource} there.",
		"Give ${user} a role that allows ${verb} on ${resource}.", true,
		`ocirepositories.source.toolkit.fluxcd.io "a" is forbidden: User "system:serviceaccount:mural-system:hue" cannot patch resource "ocirepositories" in API group "source.toolkit.fluxcd.io"`,
	},
	{
		"feature-gate", regexp.MustCompile(`(?i)FeatureGateDisabled|ObjectLevelWorkloadIdentity`),
		"An OCIRepository has a serviceAccountName, which this source-controller (1.6 to 1.9) takes for provider aws only with the feature gate ObjectLevelWorkloadIdentity.",
		"Start source-controller with --feature-gates=ObjectLevelWorkloadIdentity=true (and grant it `create` on serviceaccounts/token), use Flux 2.10, or take serviceAccountName from the OCIRepositories.", true,
		`FeatureGateDisabled: to use spec.serviceAccountName for provider authentication please enable the ObjectLevelWorkloadIdentity feature gate in the controller`,
	},
	{
		"object-identity-role", regexp.MustCompile(`(?i)invalid eks\.amazonaws\.com/role-arn annotation`),
		"The ServiceAccount that the OCIRepository names has no usable annotation eks.amazonaws.com/role-arn: EKS Pod Identity does not work for single objects (fluxcd/flux2#6003), IRSA does.",
		"Annotate that ServiceAccount with {role}, or take serviceAccountName from the OCIRepositories so that source-controller's own identity is used.", true,
		`failed to create provider access token: invalid eks.amazonaws.com/role-arn annotation: '' must match ^arn:aws`,
	},
	{
		"signature-missing", regexp.MustCompile(`(?i)no (?:matching )?signatures?(?: were)? found|failed to verify the signature|VerificationError|signature verification failed`),
		"The OCIRepository asks for a signature (spec.verify) that {url} does not have.",
		"Run `palette-ecr copy` again, which brings signatures (referrers and tags sha256-….sig) too; what was signed after it has to be signed in ECR.", true,
		`VerificationError: failed to verify the signature using provider 'cosign': no matching signatures were found for 'oci://x'`,
	},
	{
		"secret-gone", regexp.MustCompile(`(?i)secrets? "(?P<secret>[^"]+)" not found`),
		"Secret ${secret}, which the OCIRepository refers to, is not there: one that served Zot may have gone with it.",
		"Remove certSecretName, proxySecretName and basicAuthSecretName from hue and every spoke; `palette-ecr render` does.", true,
		`failed to get secret 'app/zot-ca': Secret "zot-ca" not found`,
	},
	{
		"trust-policy", regexp.MustCompile(`(?i)not authorized to perform:? sts:AssumeRoleWithWebIdentity`),
		"The role's trust policy does not let these service accounts assume it.",
		"Check that the trust policy of {role} names system:serviceaccount:{namespace}:hue and system:serviceaccount:{namespace}:source-controller, with this cluster's OIDC provider; `palette-ecr policies` prints it.", true,
		`failed to get credential from aws: error getting credentials: operation error STS: AssumeRoleWithWebIdentity, https response error StatusCode: 403, RequestID: 3f, api error AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity`,
	},
	{
		"oidc-provider", regexp.MustCompile(`No OpenIDConnect provider found in your account for (?P<issuer>https?://[^\s"]+)`),
		"IAM has no OIDC provider for the cluster's issuer ${issuer}.",
		"Create it with `eksctl utils associate-iam-oidc-provider`, or with `aws iam create-open-id-connect-provider --url ${issuer} --client-id-list sts.amazonaws.com`.", true,
		`api error InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.us-east-1.amazonaws.com/id/ABC`,
	},
	{
		"web-identity-token", regexp.MustCompile(`(?i)InvalidIdentityToken|Couldn't retrieve verification key from your identity provider`),
		"STS does not accept the service account's token: its issuer or its audience is not the one that IAM expects.",
		"Check that the IAM OIDC provider has the cluster's issuer as its URL and sts.amazonaws.com among its client IDs.", true,
		`api error InvalidIdentityToken: Incorrect token audience`,
	},
	{
		"no-such-role", regexp.MustCompile(`(?i)AssumeRole\w*.*NoSuchEntity|role .* cannot be found`),
		"The role that the service account's annotation names does not exist.",
		"Correct eks.amazonaws.com/role-arn in the values, or create the role.", true,
		`api error AssumeRoleWithWebIdentity: NoSuchEntity`,
	},
	{
		"service-bearer-token", regexp.MustCompile(`sts:GetServiceBearerToken`),
		"The role may not call sts:GetServiceBearerToken, which ECR Public needs for a token.",
		"Allow sts:GetServiceBearerToken on resource *; `palette-ecr policies` prints the policy.", true,
		`operation error STS: GetServiceBearerToken: not authorized to perform: sts:GetServiceBearerToken on resource: *`,
	},
	{
		"explicit-deny", regexp.MustCompile(`User: (?P<who>arn:[^\s"]+) is not authorized to perform:? (?P<action>[a-z0-9-]+:[A-Za-z*]+).*explicit deny(?: in an? (?P<kind>[a-z -]*policy))?`),
		"A policy denies ${action} to ${who} explicitly.",
		"Find the Deny statement (in the role's policy, the repository's policy, a permissions boundary or a service control policy) and take ${action} on {arn} out of it.", true,
		`User: arn:aws:iam::123456789012:user/x is not authorized to perform: ecr:PutImage on resource: arn:aws:ecr:us-east-1:123456789012:repository/x with an explicit deny in a resource-based policy`,
	},
	{
		"get-authorization-token", regexp.MustCompile(`not authorized to perform:? (?P<action>ecr(?:-public)?:GetAuthorizationToken)`),
		"The role may not call ${action}, without which ECR gives no token.",
		"Allow ${action} for {role} on resource * (it can't be limited to a repository); `palette-ecr policies` prints the policy.", true,
		`failed to get credential from aws: User: arn:aws:sts::123456789012:assumed-role/palette-ecr/1763 is not authorized to perform: ecr:GetAuthorizationToken on resource: * because no identity-based policy allows the ecr:GetAuthorizationToken action`,
	},
	{
		"missing-action", regexp.MustCompile(`User: (?P<who>arn:[^\s"]+) is not authorized to perform:? (?P<action>[a-z0-9-]+:[A-Za-z*]+) on resource:? (?P<on>arn:[^\s"]+)`),
		"${who} may not call ${action} on ${on}.",
		"Add ${action} on {arn} to the policy of that role; `palette-ecr policies` prints the whole policy.", true,
		`DENIED: User: arn:aws:sts::123456789012:assumed-role/palette-ecr/1763 is not authorized to perform: ecr:GetDownloadUrlForLayer on resource: arn:aws:ecr:us-east-1:123456789012:repository/palette/mural-workloads because no identity-based policy allows the ecr:GetDownloadUrlForLayer action`,
	},
	{
		"missing-action", regexp.MustCompile(`User: (?P<who>arn:[^\s"]+) is not authorized to perform:? (?P<action>[a-z0-9-]+:[A-Za-z*]+)`),
		"${who} may not call ${action}.",
		"Add ${action} on {arn} to the policy of that role; `palette-ecr policies` prints the whole policy.", true,
		`User: arn:aws:sts::123456789012:assumed-role/palette-ecr/1763 is not authorized to perform: ecr-public:PutImage`,
	},
	{
		"missing-action", regexp.MustCompile(`(?i)not authorized to perform:? (?P<action>[a-z0-9-]+:[A-Za-z*]+)`),
		"The role may not call ${action}.",
		"Add ${action} on {arn} to the role's policy; `palette-ecr policies` prints the whole policy.", true,
		`is not authorized to perform: ecr:BatchGetImage`,
	},
	{
		"wrong-registry-for-provider", regexp.MustCompile(`invalid AWS registry: '(?P<host>[^']*)'`),
		"Flux does not take ${host} for an ECR registry, though the provider is aws.",
		"Use the ECR host itself and not an alias of it; for public.ecr.aws use source-controller 1.6.1 (Flux 2.6.2) or newer.", true,
		`invalid AWS registry: 'public.ecr.aws'. must match ^...$`,
	},
	{
		"no-instance-credentials", regexp.MustCompile(`(?i)no EC2 IMDS role found|ec2imds|NoCredentialProviders`),
		"The pod has no AWS identity: no role was injected at its creation, and the node's instance metadata gives it none.",
		"With IRSA check that the service account has eks.amazonaws.com/role-arn and that the pod was made after that; with an instance profile set the instance's HttpPutResponseHopLimit to 2.", true,
		`failed to get credential from aws: no EC2 IMDS role found, operation error ec2imds: GetMetadata, canceled, context deadline exceeded`,
	},
	{
		"public-region", regexp.MustCompile(`(?i)only supported in us-east-1|(?:ENOTFOUND|lookup) api\.ecr-public\.(?:us-west|us-gov|eu|ap|ca|sa|af|me|il|mx|cn)`),
		"The API of ECR Public was asked in a region where it is not: it answers in us-east-1 only.",
		"Set AWS_REGION to us-east-1 for this call, or update the controller.", true,
		`The GetAuthorizationToken command is only supported in us-east-1.`,
	},
	{
		"expired-token", regexp.MustCompile(`(?i)authorization token has expired|ExpiredToken|token (?:is|has) expired`),
		"An ECR token that was stored has expired; ECR tokens live 12 hours.",
		"Remove the stored credentials (basicAuth and basicAuthSecretName) from hue and every spoke, and set provider to aws.", true,
		`denied: Your authorization token has expired. Reauthenticate and try again.`,
	},
	{
		"basic-auth-left", regexp.MustCompile(`(?i)no basic auth credentials|credential required for basic auth|authorization token is invalid|\b401\b|UNAUTHORIZED|authentication required|Not Authorized\b`),
		"{registry} does not know the credentials that were sent, or none were: basicAuth is left over from Zot, or provider is not aws.",
		"Remove basicAuth and basicAuthSecretName from hue and every spoke and set provider to aws; `palette-ecr render` does both.", true,
		`failed to determine artifact digest: GET https://x/v2/p/manifests/1: unexpected status code 401 Unauthorized: Not Authorized`,
	},
	{
		"missing-repository", regexp.MustCompile(`(?i)NAME_UNKNOWN|RepositoryNotFoundException|repository with name '[^']*' does not exist`),
		"The ECR repository {repository} does not exist in {registry}.",
		"Create it with `aws ecr create-repository --repository-name {repository} --region {region}`, or correct endpoint and repository: ECR's name is the endpoint's path, a slash, and the repository.", true,
		`NAME_UNKNOWN: The repository with name 'palette/mural-workloads' does not exist in the registry with id '123456789012'`,
	},
	{
		"immutable-tag", regexp.MustCompile(`(?i)TAG_INVALID|ImageTagAlreadyExists|tag is immutable|cannot be overwritten because`),
		"A tag that exists was pushed again and the repository's tags are immutable.",
		"Run `aws ecr put-image-tag-mutability --repository-name {repository} --image-tag-mutability MUTABLE --region {region}`: Hue writes a workload's tag again.", true,
		`TAG_INVALID: The image tag 'v1' already exists in the 'p' repository and cannot be overwritten because the tag is immutable.`,
	},
	{
		"missing-artifact", regexp.MustCompile(`(?i)MANIFEST_UNKNOWN|BLOB_UNKNOWN|manifest unknown|blob unknown|ImageNotFoundException|no match found for semver`),
		"The artifact that was asked for is not in {url}: it was not copied, or a lifecycle policy expired it.",
		"Run `palette-ecr copy` again and check the repository's lifecycle policy.", false,
		`MANIFEST_UNKNOWN: Requested image not found`,
	},
	{
		"forbidden", regexp.MustCompile(`(?i)\b403\b|\bForbidden\b|AccessDenied|\bDENIED\b`),
		"{registry} refuses the request: the identity is known, but may not do this.",
		"Compare the role's policy and the repository's own policy with what `palette-ecr policies` prints.", true,
		`unexpected status code 403 Forbidden`,
	},
	{
		"unknown-authority", regexp.MustCompile(`(?i)x509: certificate signed by unknown authority|failed to verify certificate|certificate is not trusted|x509: certificate is valid for`),
		"The certificate of {registry} is not trusted there: something between the pod and AWS ends TLS, a proxy for example, or a certSecretRef with Zot's authority is left on the OCIRepository.",
		"Remove certSecretName from hue and every spoke (`palette-ecr render` does); behind a proxy give the controllers its certificate authority, or let {registry} through unopened.", true,
		`Get "https://x/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
	},
	{
		"no-such-host", regexp.MustCompile(`(?i)no such host|server misbehaving|Temporary failure in name resolution`),
		"The cluster can't resolve a host name of AWS.",
		"Check CoreDNS, the VPC's DNS settings, and the endpoints ecr.api, ecr.dkr, sts and s3 of a VPC without a way to the internet.", false,
		`dial tcp: lookup api.ecr.us-east-1.amazonaws.com on 10.96.0.10:53: no such host`,
	},
	{
		"throttled", regexp.MustCompile(`(?i)TOOMANYREQUESTS|ThrottlingException|Rate exceeded|\b429\b`),
		"AWS throttles the requests.",
		"Wait: the controllers try again by themselves.", false,
		`ThrottlingException: Rate exceeded`,
	},
	{
		"unreachable", regexp.MustCompile(`(?i)connection refused|i/o timeout|context deadline exceeded|connection reset|TLS handshake timeout|network is unreachable|EOF\b`),
		"The connection to AWS, or to the registry, fails or is too slow.",
		"Check egress, network policies, proxies and VPC endpoints of the cluster.", false,
		`dial tcp 10.0.0.1:443: i/o timeout`,
	},
	{
		"region-not-set", regexp.MustCompile(`AWS_REGION environment variable is not set`),
		"The pod was made before its service account got its role, so it has no region.",
		"Restart it: `{kubectl} {restart}`.", true,
		`AWS_REGION environment variable is not set`,
	},
}
