package main

// How pods get their AWS identity
type Identity string

const (
	// A role that pods assume through the cluster's OIDC issuer
	IdentityIrsa Identity = "irsa"
	// An association of EKS Pod Identity
	IdentityPodIdentity Identity = "pod-identity"
	// The role of the node, on EC2
	IdentityInstanceProfile Identity = "instance-profile"
)

// Who applies the release
type ManagedBy string

const (
	// The stages, with Helm
	ManagedByHelm ManagedBy = "helm"
	// Flux, from Git
	ManagedByFlux ManagedBy = "flux"
)

// The severity of a finding
type Severity string

const (
	// Breaks a cutover
	SeverityError Severity = "error"
	// May break one
	SeverityWarning Severity = "warning"
	// Good to know
	SeverityInfo Severity = "info"
)

// The form of IAM policies
type Format string

const (
	// Documents as JSON
	FormatJson Format = "json"
	// Resources of Terraform
	FormatTerraform Format = "terraform"
	// Commands of the AWS command line
	FormatAws Format = "aws"
)

// Whom an IAM policy is for
type Principal string

const (
	// One role for hue and source-controller
	PrincipalCombined Principal = "combined"
	// Hue, which pushes
	PrincipalHue Principal = "hue"
	// Flux's source-controller, which pulls
	PrincipalSourceController Principal = "source-controller"
	// Whoever runs the stages
	PrincipalOperator Principal = "operator"
)

// A fault to rehearse
type Fault string

const (
	// The role may do everything but download layers, which only a new pull needs
	FaultMissingPullAction Fault = "missing-pull-action"
	// The repository was never created
	FaultMissingRepository Fault = "missing-repository"
	// The role trusts another namespace than the release's
	FaultWrongTrustNamespace Fault = "wrong-trust-namespace"
	// The values still hold Zot's basicAuth
	FaultBasicAuthLeft Fault = "basic-auth-left"
	// Somebody keeps a chart in another repository of Zot
	FaultChartInZot Fault = "chart-in-zot"
	// A Deployment's image is in Zot
	FaultImageInZot Fault = "image-in-zot"
	// A HelmRepository reads from Zot
	FaultHelmRepositoryOnZot Fault = "helm-repository-on-zot"
	// A ServiceAccount has imagePullSecrets that lead to Zot
	FaultPullSecret Fault = "pull-secret"
	// An OCIRepository has a serviceAccountName, and source-controller the gate for it closed
	FaultObjectIdentityGate Fault = "object-identity-gate"
	// An OCIRepository has a serviceAccountName, and source-controller may not make tokens of it
	FaultObjectIdentityRight Fault = "object-identity-right"
	// Zot has a manifest that ECR answers 405 for
	FaultRefusedManifest Fault = "refused-manifest"
	// ECR archives an image while the cutover is validated
	FaultArchivedImage Fault = "archived-image"
	// Somebody takes ecr:GetDownloadUrlForLayer from the role once everything is proven
	FaultContradictedInSoak Fault = "contradicted-in-soak"
	// Zot's authority is kept in certSecretName
	FaultCertLeft Fault = "cert-left"
	// A spoke does not answer from the start
	FaultSpokeLostAtStart Fault = "spoke-lost-at-start"
	// A spoke does not answer any more once copy begins
	FaultSpokeLostInCopy Fault = "spoke-lost-in-copy"
	// A spoke does not answer any more once deploy begins
	FaultSpokeLostInDeploy Fault = "spoke-lost-in-deploy"
	// A spoke does not answer any more once validate begins
	FaultSpokeLostInValidate Fault = "spoke-lost-in-validate"
)
