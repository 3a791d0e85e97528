package pipeline

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	emulator "github.com/palette-ecr/palette-ecr/fixtures/aws"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/drift"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// archiving is an installation on ECR, in a repository that archives what nobody has pulled for ninety days. It has two
// artifacts, of which one workload reads "checkout".
func archiving(t *testing.T) (*installation, *emulator.Emulator) {
	t.Helper()
	s, e := betweenRegistries(t)
	_, err := Copy(t.Context(), s.World, s.State, Planned{})
	require.NoError(t, err)
	s.Hub.Client = fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithObjects(&sourcev1.OCIRepository{
		ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: "checkout"},
		Spec:       sourcev1.OCIRepositorySpec{URL: s.Destination.URL(), Provider: "aws", Reference: &sourcev1.OCIRepositoryRef{Tag: "checkout"}},
	}).Build()
	_, err = administrator(s, e).PutLifecyclePolicy(t.Context(), &sdk.PutLifecyclePolicyInput{RepositoryName: aws.String("palette/mural-workloads"), LifecyclePolicyText: aws.String(
		`{"rules":[{"rulePriority":1,"selection":{"tagStatus":"any","countType":"sinceImagePulled","countUnit":"days","countNumber":90},"action":{"type":"transition","targetStorageClass":"archive"}}]}`)})
	require.NoError(t, err)
	return s, e
}

func administrator(s *installation, e *emulator.Emulator) *sdk.Client {
	user := emulator.Administrator("123456789012")
	s.AWS.Config = &aws.Config{Region: "us-east-1", HTTPClient: e.HTTPClient(), Credentials: credentials.NewStaticCredentialsProvider(user.AccessKeyID, user.SecretAccessKey, "")}
	return sdk.NewFromConfig(*s.AWS.Config)
}

// looked is what drift finds in ECR. Only AWS is reached by the emulator's client, not the source.
func looked(t *testing.T, s *installation, e *emulator.Emulator) drift.Found {
	t.Helper()
	w := *s.World
	w.HTTPClient = e.HTTPClient()
	found, err := lookInECR(t.Context(), &w, w.AWS)
	require.NoError(t, err)
	return found
}

const day = 24 * time.Hour

// TestKeepWarm: what is read is pulled in time, and so is not archived; what nobody reads is.
func TestKeepWarm(t *testing.T) {
	t.Parallel()
	s, e := archiving(t)
	require.NoError(t, e.Control.Move(t.Context(), 80*day))
	done, err := PullUsed(t.Context(), s.World, nil, Warming{})
	require.NoError(t, err)
	assert.Equal(t, "1 artifact pulled, which 1 OCIRepository reads", done.Entry().Summary)
	assert.Positive(t, done.Entry().Counts["bytes"])

	require.NoError(t, e.Control.Move(t.Context(), 20*day))
	archived, err := s.ECR.Archived(t.Context())
	require.NoError(t, err)
	require.Len(t, archived, 1)
	assert.Equal(t, []string{"cart"}, archived[0].Tags)
	found := looked(t, s, e)
	assert.Empty(t, found.Findings)
	assert.Empty(t, found.Unseen)
}

// TestArchivedIsFound by everybody who looks: drift, keep-warm, and copy, which restores what Zot has.
func TestArchivedIsFound(t *testing.T) {
	t.Parallel()
	s, e := archiving(t)
	require.NoError(t, e.Control.Move(t.Context(), 100*day))
	found := looked(t, s, e)
	require.Len(t, found.Findings, 1)
	assert.Equal(t, report.Place{Cluster: "hub", Object: "OCIRepository mural-system/checkout"}, found.Findings[0].Place)
	assert.Equal(t, "ECR has archived what it reads, checkout, and answers 404 for it", found.Findings[0].Message)
	assert.Contains(t, found.Findings[0].Remedy, "aws ecr update-image-storage-class --repository-name palette/mural-workloads --image-id imageDigest=sha256:")

	_, err := PullUsed(t.Context(), s.World, nil, Warming{})
	require.ErrorContains(t, err, "it does not give 1 artifact, first checkout, which mural-system/checkout@hub reads")
	assert.Equal(t, fault.Failed, fault.CodeOf(err))

	copied, err := Copy(t.Context(), s.World, s.State, Planned{})
	require.NoError(t, err)
	assert.Contains(t, copied.Entry().Summary, "2 manifests, archived in ECR until now, can be pulled again")
	assert.Equal(t, int64(2), copied.Entry().Counts["restored from ECR's archive"])
	archived, err := s.ECR.Archived(t.Context())
	require.NoError(t, err)
	assert.Empty(t, archived)
}

// TestArchivedAfterZot: what only ECR had is the closure's cause, with the command that restores it.
func TestArchivedAfterZot(t *testing.T) {
	t.Parallel()
	s, e := archiving(t)
	s.Live.Merged = onRegistry(s.Destination.Registry.Endpoint(), false)
	_, err := administrator(s, e).UpdateImageStorageClass(t.Context(), &sdk.UpdateImageStorageClassInput{
		RepositoryName: aws.String("palette/mural-workloads"), ImageId: &types.ImageIdentifier{ImageTag: aws.String("checkout")}, TargetStorageClass: types.TargetStorageClassArchive,
	})
	require.NoError(t, err)
	copied, err := Copy(t.Context(), s.World, s.State, Planned{})
	require.Error(t, err)
	assert.Contains(t, copied.Closure.Cause, "ECR has archived sha256:")
	assert.Contains(t, fault.RemedyOf(err), "aws ecr update-image-storage-class")
}

// TestWhatECRHoldsCannotBeSeen is not "nothing is archived".
func TestWhatECRHoldsCannotBeSeen(t *testing.T) {
	t.Parallel()
	s, e := archiving(t)
	require.NoError(t, e.Control.PutFaults(t.Context(), emulator.Fault{Operation: "ecr:DescribeImages", Behaviour: emulator.BehaviourStatus, Status: 400, Code: "AccessDeniedException"}))
	found := looked(t, s, e)
	assert.Empty(t, found.Findings)
	require.Len(t, found.Unseen, 1)
	assert.Contains(t, found.Unseen[0], "what oci://")
}

// TestKeepWarmHasNothingToDo where no OCIRepository reads from ECR, and refuses ECR Public, which archives nothing.
func TestKeepWarmHasNothingToDo(t *testing.T) {
	t.Parallel()
	s, _ := betweenRegistries(t)
	done, err := PullUsed(t.Context(), s.World, nil, Warming{})
	require.NoError(t, err)
	assert.Contains(t, done.Entry().Skip, "no OCIRepository reads from")

	o := Options{}
	o.Target.Registry.Endpoint, o.Target.Registry.AllowPublic = "oci://public.ecr.aws/a1b2c3d4", true
	o.Target = o.Target.WithDefaults()
	_, err = KeepWarm(context.Background(), o)
	require.ErrorContains(t, err, "ECR Public has no archive")
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
}
