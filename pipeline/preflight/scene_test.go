package preflight

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	sdkecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	helmtime "helm.sh/helm/v3/pkg/time"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubefake "k8s.io/client-go/kubernetes/fake"

	"github.com/palette-ecr/palette-ecr/fixtures/aws"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/write"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/rights"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

const (
	accountID = "123456789012"
	namespace = "mural-system"
	roleARN   = "arn:aws:iam::" + accountID + ":role/palette-ecr"
	endpoint  = "oci://" + accountID + ".dkr.ecr.us-east-1.amazonaws.com/palette"
	zotURL    = "oci://zot." + namespace + ".svc.cluster.local:5000/mural-workloads"
	hubIssuer = "https://oidc.eks.us-east-1.amazonaws.com/id/HUB"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// rendered are values that are in order.
const rendered = `hue:
  ociRegistry: &ecr
    enabled: true
    endpoint: ` + endpoint + `
    repository: mural-workloads
    insecure: false
    provider: aws
  serviceAccount: {annotations: {eks.amazonaws.com/role-arn: ` + roleARN + `}}
fleetConfig:
  spokes:
    - {name: spoke-1, kubeconfig: {}, klusterlet: {}, ociRegistry: {endpoint: ` + endpoint + `, repository: mural-workloads, insecure: false, provider: aws}}
flux2: {sourceController: {serviceAccount: {annotations: {eks.amazonaws.com/role-arn: ` + roleARN + `}}}}
zot: {enabled: true}
`

// scene is an installation in order, a hub and two spokes, of which a test breaks one thing.
type scene struct {
	absent        bool // nothing is installed yet
	hub, one, two *apiServer
	aws           aws.World
	user          sdk.Credentials
	target        target.Cutover
	eks           *cluster.EKS   // the hub, when it is named so
	oneEKS        *cluster.EKS   // spoke-1, likewise
	twoEKS        *cluster.EKS   // spoke-2
	status        release.Status // of Helm's newest record
	input         Input
	chart         *helmchart.Chart                      // that the run deploys; nil is unknown
	asked         map[string]int                        // operations of AWS, once it has looked
	arrange       func(context.Context, *sdkecr.Client) // further settings in ECR
}

func newScene(t testing.TB) *scene {
	t.Helper()
	s := &scene{hub: &apiServer{issuer: hubIssuer}, one: &apiServer{issuer: hubIssuer}, two: &apiServer{issuer: hubIssuer}, status: release.StatusDeployed}
	for _, a := range []*apiServer{s.hub, s.one, s.two} {
		a.add(t, "deployments", flux(namespace, "v1.9.3"))
		a.add(t, "serviceaccounts", corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "puller"}},
			corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "source-controller", Annotations: map[string]string{"eks.amazonaws.com/role-arn": roleARN}}})
		a.add(t, "ocirepositories", workload("checkout"))
	}
	s.target = target.Cutover{
		Registry: target.Registry{Endpoint: endpoint, Repository: "mural-workloads"}, Identity: target.Identity{Mode: target.IRSA, RoleARN: roleARN},
		Release: target.Release{Name: "mural", Namespace: namespace, Values: "values.yaml", Version: "1.0.7", CRDs: target.CRDs{Version: "0.7.4"}},
	}.WithDefaults()
	order, err := iam.For(s.target, "")
	require.NoError(t, err)
	order.Issuers, order.Principals = []string{hubIssuer}, []iam.Principal{iam.Combined}
	grants, err := write.For(order)
	require.NoError(t, err)
	user := aws.Administrator(accountID)
	s.user = sdk.Credentials{AccessKeyID: user.AccessKeyID, SecretAccessKey: user.SecretAccessKey}
	s.aws = aws.World{
		Users:        []aws.User{user},
		Roles:        []aws.Role{{Account: accountID, Name: "palette-ecr", Trust: grants[0].Trust.JSON(), Policies: []json.RawMessage{grants[0].Policy.JSON()}}},
		Providers:    []aws.Provider{{Account: accountID, Issuer: hubIssuer, Audiences: []string{"sts.amazonaws.com"}, Keys: keys(t)}},
		Repositories: []aws.Repository{{Account: accountID, Region: "us-east-1", Name: "palette/mural-workloads"}},
	}
	s.input.Survey = func(context.Context) ([]copy.Survey, error) {
		return []copy.Survey{{Destination: mural(), Source: zotURL, Manifests: 24, MissingManifests: 24, Tags: 24, MissingBlobs: 48, Bytes: 1 << 20, Least: 2 * time.Second}}, nil
	}
	return s
}

// mural is the repository of the workloads in ECR.
func mural() registry.Repository { return named("mural-workloads") }

func named(repository string) registry.Repository {
	at, err := registry.Parse(endpoint)
	if err != nil {
		panic(err)
	}
	to, err := at.Repository(repository)
	if err != nil {
		panic(err)
	}
	return to
}

// flux is a Deployment of source-controller.
func flux(namespace, version string, args ...string) appsv1.Deployment {
	return appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "source-controller"},
		Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			ServiceAccountName: "source-controller", Containers: []corev1.Container{{Name: "manager", Image: "ghcr.io/fluxcd/source-controller:" + version, Args: args}},
		}}},
	}
}

func workload(name string) sourcev1.OCIRepository {
	return sourcev1.OCIRepository{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name},
		Spec:       sourcev1.OCIRepositorySpec{URL: zotURL, Reference: &sourcev1.OCIRepositoryRef{Tag: name}},
	}
}

// look runs preflight on the scene.
func (s *scene) look(t *testing.T) Result {
	t.Helper()
	in, e := s.prepare(t)
	r, err := Look(t.Context(), in)
	require.NoError(t, err)
	for _, a := range []*apiServer{s.hub, s.one, s.two} {
		assert.Empty(t, a.writes(), "preflight only reads")
	}
	counters, err := e.Control.Counters(t.Context())
	require.NoError(t, err)
	s.asked = counters.Reads
	if s.arrange == nil {
		assert.Zero(t, counters.TotalWrites(), "preflight only reads")
	}
	return r
}

// prepare starts what stands in for the clusters and AWS, and returns what preflight looks at.
func (s *scene) prepare(t testing.TB) (Input, *aws.Emulator) {
	t.Helper()
	s.record(t, "mural", "1.0.7", s.status)
	s.record(t, "mural-crds", "0.7.4", release.StatusDeployed)
	e, err := aws.Start(t.Context(), aws.Options{World: s.aws})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, e.Close()) })
	destination := mural()
	client, err := ecr.Connect(t.Context(), destination, ecr.Options{
		HTTPClient: e.HTTPClient(),
		Config:     &sdk.Config{Credentials: sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) { return s.user, nil }), RetryMaxAttempts: 1},
	})
	require.NoError(t, err)
	if s.arrange != nil {
		config := client.AWS()
		s.arrange(t.Context(), sdkecr.NewFromConfig(config))
	}
	w := &world.World{Target: s.target, Destination: destination, ECR: client, Now: func() time.Time { return noon }, Unreached: s.unreached()}
	w.HTTPClient = e.HTTPClient()
	w.AWS.Config = &sdk.Config{Region: "us-east-1", Credentials: sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) { return s.user, nil })}
	w.Chart = s.chart
	w.Hub = s.hub.start(t, "hub")
	w.Hub.EKS = s.eks
	w.Spokes = append(w.Spokes, s.one.start(t, "spoke-1"), s.two.start(t, "spoke-2"))
	w.Spokes[0].EKS, w.Spokes[1].EKS = s.oneEKS, s.twoEKS
	j, err := journal.Load(t.Context(), w.Hub.Client, namespace)
	require.NoError(t, err)
	in := s.input
	in.World, in.Stages, in.Switches = w, stages(), true
	live := &deploy.Release{Name: "mural", Namespace: namespace, Revision: 3, Status: string(s.status), Merged: map[string]any{
		"hue": map[string]any{"ociRegistry": map[string]any{"endpoint": "oci://zot." + namespace + ".svc.cluster.local:5000", "repository": "mural-workloads"}},
		"zot": map[string]any{"enabled": true},
	}}
	if s.absent {
		live = &deploy.Release{Name: "mural", Namespace: namespace}
	}
	if in.State == nil {
		in.State = state.New(live, j, nil)
		in.State.Managed = deploy.Managed{By: deploy.ByHelm, Storage: namespace}
	} else {
		in.State.Live, in.State.Journal = live, j
	}
	in.File, err = values.Parse("values.yaml", []byte(rendered))
	require.NoError(t, err)
	in.Values = in.File.Merged()
	return in, e
}

// stages are one of each kind.
func stages() []rights.Stage {
	return []rights.Stage{
		{Name: "preflight", Work: rights.Looking}, {Name: "copy", Work: rights.Copying}, {Name: "deploy", Work: rights.Switching},
		{Name: "validate", Work: rights.Proving}, {Name: "disable-zot", Work: rights.Applying},
	}
}

func (s *scene) unreached() map[string]error { return s.input.World.Unreached }

// record puts a revision into Helm's storage, as Helm writes it.
func (s *scene) record(t testing.TB, name, version string, status release.Status) {
	t.Helper()
	clientset := kubefake.NewClientset()
	r := &release.Release{
		Name: name, Namespace: namespace, Version: 3, Info: &release.Info{Status: status, LastDeployed: helmtime.Time{Time: noon.Add(-time.Minute)}},
		Chart: &helmchart.Chart{Metadata: &helmchart.Metadata{Name: name, Version: version}},
	}
	require.NoError(t, driver.NewSecrets(clientset.CoreV1().Secrets(namespace)).Create("sh.helm.release.v1."+name+".v3", r))
	list, err := clientset.CoreV1().Secrets(namespace).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	for _, secret := range list.Items {
		s.hub.add(t, "secrets", secret)
	}
}

// keys are an issuer's, with one in them.
func keys(t testing.TB) json.RawMessage {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "one", Algorithm: "ES256", Use: "sig"}}})
	require.NoError(t, err)
	return set
}
