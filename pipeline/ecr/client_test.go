package ecr_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// fakeAPI answers ECR's API as it stands in its documentation, one function for an action.
type fakeAPI struct {
	hosts   []string
	calls   []string
	answers map[string]func(input map[string]any) (int, string)
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.hosts = append(f.hosts, r.Host)
	_, action, found := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if !found {
		f.calls = append(f.calls, "GetCallerIdentity")
		fmt.Fprint(w, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>`+
			`<Arn>arn:aws:iam::123456789012:user/ci</Arn><UserId>A</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
		return
	}
	f.calls = append(f.calls, action)
	input := map[string]any{}
	_ = json.Unmarshal(body, &input)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	answer, ok := f.answers[action]
	if !ok {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type":"UnknownOperationException"}`)
		return
	}
	status, text := answer(input)
	w.WriteHeader(status)
	fmt.Fprint(w, text)
}

func connect(t *testing.T, endpoint string, f *fakeAPI) *ecr.Client {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	client, err := ecr.Connect(context.Background(), repositoryAt(t, endpoint), ecr.Options{
		HTTPClient: through(server),
		Config:     &aws.Config{Credentials: credentials.NewStaticCredentialsProvider("AKIA", "secret", "")},
	})
	require.NoError(t, err)
	return client
}

const missing = `{"__type":"RepositoryNotFoundException","message":"The repository with name 'palette/mural-workloads' does not exist in the registry with id '123456789012'"}`

func TestDescribe(t *testing.T) {
	f := &fakeAPI{answers: map[string]func(map[string]any) (int, string){
		"DescribeRepositories": func(in map[string]any) (int, string) {
			assert.Equal(t, "123456789012", in["registryId"])
			assert.Equal(t, []any{"palette/mural-workloads"}, in["repositoryNames"])
			return 200, `{"repositories":[{"repositoryArn":"arn:x","repositoryUri":"u","registryId":"123456789012","imageTagMutability":"IMMUTABLE"}]}`
		},
	}}
	info, err := connect(t, endpoint, f).Require(context.Background())
	require.NoError(t, err)
	assert.Equal(t, ecr.RepositoryInfo{Exists: true, ARN: "arn:x", URI: "u", AccountID: "123456789012", Mutability: "IMMUTABLE"}, info)
	assert.True(t, info.Immutable())
	assert.Equal(t, []string{"api.ecr.us-east-1.amazonaws.com"}, f.hosts)
}

func TestMissingRepository(t *testing.T) {
	f := &fakeAPI{answers: map[string]func(map[string]any) (int, string){
		"DescribeRepositories": func(map[string]any) (int, string) { return 400, missing },
		"DescribeImages":       func(map[string]any) (int, string) { return 400, missing },
	}}
	client := connect(t, endpoint, f)
	info, err := client.Describe(context.Background())
	require.NoError(t, err)
	assert.False(t, info.Exists)
	const command = "aws ecr create-repository --repository-name palette/mural-workloads --region us-east-1"
	_, err = client.Require(context.Background())
	require.ErrorContains(t, err, `repository "palette/mural-workloads" does not exist in account 123456789012, region us-east-1`)
	assert.Contains(t, fault.RemedyOf(err), command)
	_, err = client.Images(context.Background())
	require.ErrorContains(t, err, "RepositoryNotFoundException")
	assert.Contains(t, fault.RemedyOf(err), command)
}

func TestImagesReadsEveryPage(t *testing.T) {
	f := &fakeAPI{answers: map[string]func(map[string]any) (int, string){
		"DescribeImages": func(in map[string]any) (int, string) {
			assert.InDelta(t, 1000, in["maxResults"], 0)
			if in["nextToken"] == nil {
				return 200, `{"imageDetails":[{"imageDigest":"sha256:1","imageTags":["a","b"],"imagePushedAt":1700000000,"imageSizeInBytes":5,"imageManifestMediaType":"m"}],"nextToken":"n"}`
			}
			return 200, `{"imageDetails":[{"imageDigest":"sha256:2"}]}`
		},
	}}
	images, err := connect(t, endpoint, f).Images(context.Background())
	require.NoError(t, err)
	require.Len(t, images, 2)
	assert.Equal(t, []string{"a", "b"}, images[0].Tags)
	assert.Equal(t, int64(1700000000), images[0].PushedAt.Unix())
	assert.Equal(t, "sha256:2", images[1].Digest)
}

func TestCreateOnlyInTheAccountOfTheEndpoint(t *testing.T) {
	created := func(map[string]any) (int, string) { return 200, `{"repository":{}}` }
	f := &fakeAPI{answers: map[string]func(map[string]any) (int, string){"CreateRepository": created}}
	require.NoError(t, connect(t, endpoint, f).Create(context.Background(), ecr.Settings{}))
	assert.Equal(t, []string{"GetCallerIdentity", "CreateRepository"}, f.calls)

	f.calls = nil
	err := connect(t, "oci://999999999999.dkr.ecr.us-east-1.amazonaws.com/palette", f).Create(context.Background(), ecr.Settings{})
	require.ErrorContains(t, err, "these credentials are of account 123456789012, the endpoint names account 999999999999")
	assert.Equal(t, []string{"GetCallerIdentity"}, f.calls, "nothing may be made in the wrong account")

	f.answers["CreateRepository"] = func(map[string]any) (int, string) {
		return 400, `{"__type":"RepositoryAlreadyExistsException","message":"exists"}`
	}
	require.NoError(t, connect(t, endpoint, f).Create(context.Background(), ecr.Settings{}))
}

func TestThrottledCallsAreRepeated(t *testing.T) {
	asked := 0
	f := &fakeAPI{answers: map[string]func(map[string]any) (int, string){
		"DescribeImages": func(map[string]any) (int, string) {
			if asked++; asked < 2 {
				return 400, `{"__type":"ThrottlingException","message":"Rate exceeded"}`
			}
			return 200, `{"imageDetails":[]}`
		},
	}}
	_, err := connect(t, endpoint, f).Images(context.Background())
	require.NoError(t, err)
	assert.Equal(t, 2, asked)
}

func TestHosts(t *testing.T) {
	answers := map[string]func(map[string]any) (int, string){
		"DescribeImages": func(map[string]any) (int, string) { return 200, `{"imageDetails":[]}` },
	}
	for endpoint, want := range map[string]string{
		"oci://123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com/p": "api.ecr-fips.us-gov-west-1.amazonaws.com", // as the SDK has it
		"oci://123456789012.dkr-ecr.eu-west-1.on.aws/p":                 "ecr.eu-west-1.api.aws",
		"oci://123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn":        "api.ecr.cn-north-1.amazonaws.com.cn",
		"oci://public.ecr.aws/a1b2c3d4":                                 "api.ecr-public.us-east-1.amazonaws.com",
	} {
		f := &fakeAPI{answers: answers}
		_, err := connect(t, endpoint, f).Images(context.Background())
		require.NoError(t, err)
		assert.Equal(t, []string{want}, f.hosts, endpoint)
	}
}

func TestTargetCarriesTheToken(t *testing.T) {
	f := &fakeAPI{answers: map[string]func(map[string]any) (int, string){
		"GetAuthorizationToken": func(map[string]any) (int, string) {
			return 200, `{"authorizationData":[{"authorizationToken":"` + base64.StdEncoding.EncodeToString([]byte("AWS:pass")) + `","expiresAt":32503680000}]}`
		},
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Host, "api.ecr.") {
			f.ServeHTTP(w, r)
			return
		}
		user, password, _ := r.BasicAuth()
		assert.Equal(t, "AWS/pass", user+"/"+password)
		assert.Equal(t, "/v2/palette/mural-workloads/tags/list", r.URL.Path)
		fmt.Fprint(w, `{"tags":["one","two"]}`)
	}))
	defer server.Close()
	client, err := ecr.Connect(context.Background(), repository(t), ecr.Options{
		HTTPClient: through(server),
		Config:     &aws.Config{Credentials: credentials.NewStaticCredentialsProvider("AKIA", "secret", "")},
	})
	require.NoError(t, err)
	target, err := client.Target(context.Background())
	require.NoError(t, err)
	var tags []string
	require.NoError(t, target.Tags(context.Background(), "", func(page []string) error {
		tags = append(tags, page...)
		return nil
	}))
	assert.Equal(t, []string{"one", "two"}, tags)
}

func TestConnectRefuses(t *testing.T) {
	_, err := ecr.Connect(context.Background(), repositoryAt(t, "oci://zot.mural-system.svc.cluster.local:5000"), ecr.Options{})
	require.ErrorContains(t, err, "it is not an ECR registry")
	assert.Equal(t, fault.Usage, fault.CodeOf(err))

	_, err = ecr.Connect(context.Background(), repository(t), ecr.Options{
		HTTPClient: http.DefaultClient, Config: &aws.Config{Credentials: credentials.NewStaticCredentialsProvider("", "", "")},
	})
	require.ErrorContains(t, err, "no AWS credentials were found")
	assert.Contains(t, fault.RemedyOf(err), "AWS_PROFILE")
}

func TestConnectWithTheEnvironment(t *testing.T) {
	t.Setenv("AWS_CONFIG_FILE", "/nowhere")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_REGION", "ap-south-1")
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_CA_BUNDLE", "HTTPS_PROXY", "https_proxy"} {
		t.Setenv(name, "")
	}
	_, err := ecr.Connect(context.Background(), repository(t), ecr.Options{})
	require.ErrorContains(t, err, "no AWS credentials were found")

	_, err = ecr.Connect(context.Background(), repository(t), ecr.Options{Profile: "nobody"})
	require.ErrorContains(t, err, "nobody")

	t.Setenv("AWS_ACCESS_KEY_ID", "AKIA")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	f := &fakeAPI{}
	server := httptest.NewServer(f)
	defer server.Close()
	client, err := ecr.Connect(context.Background(), repository(t), ecr.Options{HTTPClient: through(server)})
	require.NoError(t, err)
	caller, err := client.Identity(context.Background())
	require.NoError(t, err)
	assert.Equal(t, ecr.Caller{Account: "123456789012", ARN: "arn:aws:iam::123456789012:user/ci"}, caller)
	assert.Equal(t, []string{"sts.us-east-1.amazonaws.com"}, f.hosts, "the region is the endpoint's, not the environment's")
}
