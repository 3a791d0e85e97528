package iam

// right is a Need before its service and resource are known.
type right struct {
	private, public string // action without service, "" where that registry has none
	why             string
	check           bool
	who             []Principal
}

var (
	pushers = []Principal{Hue, Operator, Combined}
	pullers = []Principal{SourceController, Operator, Combined}
	anyone  = []Principal{Hue, SourceController, Operator, Combined}
)

// rights has every action in the order of the guide's policy. Sources: for pushing
// docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html (BatchGetImage because pushers ask for
// a manifest before they push it, as go-containerregistry does under Flux's push); for pulling the managed
// policy AmazonEC2ContainerRegistryPullOnly; for ECR Public the service authorization reference of
// ecr-public, which has no action for pulling: anyone may. What the registry protocol asks under which
// action: HEAD of a layer is BatchCheckLayerAvailability, GET of a layer GetDownloadUrlForLayer, HEAD or
// GET of a manifest and its referrers BatchGetImage, tags/list ListImages.
var rights = []right{
	{"CompleteLayerUpload", "CompleteLayerUpload", "ends the upload of a layer", false, pushers},
	{"UploadLayerPart", "UploadLayerPart", "uploads a layer", false, pushers},
	{"InitiateLayerUpload", "InitiateLayerUpload", "begins the upload of a layer", false, pushers},
	{"BatchCheckLayerAvailability", "BatchCheckLayerAvailability", "asks which layers are there already", false, pushers},
	{"BatchCheckLayerAvailability", "", "asks whether a layer is there", false, []Principal{SourceController}},
	{"PutImage", "PutImage", "puts manifests and tags", false, pushers},
	{"BatchGetImage", "", "reads manifests", false, anyone},
	{"GetDownloadUrlForLayer", "", "downloads layers", false, pullers},
	{"ListImages", "", "lists tags, for an OCIRepository with spec.ref.semver", false, []Principal{SourceController, Combined}},
	{"ListImages", "", "lists tags, for the closure proof", false, []Principal{Operator}},
	{"DescribeImages", "DescribeImages", "sees what was pushed and when (aws ecr describe-images, the push proof)", true, []Principal{Operator}},
	{"", "DescribeImageTags", "lists tags, for the closure proof", true, []Principal{Operator}},
	{"DescribeRepositories", "DescribeRepositories", "sees that the repository exists and whether its tags are immutable", true, []Principal{Operator}},
	{"GetLifecyclePolicy", "", "sees what the repository expires or archives", true, []Principal{Operator}},
	{"GetRepositoryPolicy", "", "sees whom the repository's own policy lets in or keeps out", true, []Principal{Operator}},
	{"BatchDeleteImage", "BatchDeleteImage", "takes away the probe of a new installation", false, []Principal{Operator}},
	{"CreateRepository", "CreateRepository", "creates the repository", false, []Principal{Operator}},
	{"TagResource", "TagResource", "gives the repository that it creates its tags (registry.create.tags)", false, []Principal{Operator}},
	{"PutLifecyclePolicy", "", "gives the repository that it creates its lifecycle policy (registry.create.lifecyclePolicy)", false, []Principal{Operator}},
}
