package eks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/fixtures/aws"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/eks"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

const (
	account = "123456789012"
	region  = "us-east-1"
	issuer  = "https://oidc.eks.us-east-1.amazonaws.com/id/ABC"
)

// hub is a cluster in AWS's stand-in, whose API server asks the stand-in's webhook about every token.
type hub struct {
	*aws.Emulator
	tokens sync.Map // that the API server was sent
}

func newHub(t *testing.T, change func(*aws.World)) *hub {
	t.Helper()
	h := &hub{}
	server := httptest.NewTLSServer(http.HandlerFunc(h.serve))
	t.Cleanup(server.Close)
	admin := aws.Administrator(account)
	world := aws.World{
		Users: []aws.User{admin, {
			Account: account, Name: "blind", AccessKeyID: "AKIABLIND", SecretAccessKey: "secret-of-blind",
			Policies: []json.RawMessage{json.RawMessage(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:*","Resource":"*"}]}`)},
		}},
		Clusters: []aws.Cluster{{
			Account: account, Region: region, Name: "hub", Endpoint: server.URL, Issuer: issuer,
			Authority:     pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
			AccessEntries: []aws.AccessEntry{{PrincipalARN: admin.ARN(), Groups: []string{"operators"}}},
		}},
	}
	if change != nil {
		change(&world)
	}
	emulator, err := aws.Start(context.WithoutCancel(t.Context()), aws.Options{World: world})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, emulator.Close()) })
	h.Emulator = emulator
	return h
}

// serve answers who is let in, as an API server with an authentication webhook does.
func (h *hub) serve(w http.ResponseWriter, r *http.Request) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	h.tokens.Store(token, true)
	body, _ := json.Marshal(map[string]any{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": map[string]any{"token": token}})
	path := aws.Cluster{Account: account, Region: region, Name: "hub"}.TokenReviewPath()
	answer, err := h.HTTPClient().Post("https://"+h.TLS+path, "application/json", bytes.NewReader(body))
	w.Header().Set("Content-Type", "application/json")
	if err != nil || answer.StatusCode != http.StatusOK {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Unauthorized","code":401}`))
		return
	}
	_, _ = w.Write([]byte(`{"kind":"APIVersions","versions":["v1"],"gitVersion":"v1.34.4"}`))
}

// keys are AWS credentials that count how often they are asked for.
type keys struct {
	sdk.Credentials
	asked atomic.Int32
	err   error
}

func (k *keys) Retrieve(context.Context) (sdk.Credentials, error) {
	k.asked.Add(1)
	return k.Credentials, k.err
}

func of(u aws.User) *keys {
	return &keys{Credentials: sdk.Credentials{AccessKeyID: u.AccessKeyID, SecretAccessKey: u.SecretAccessKey}}
}

func (h *hub) options(k sdk.CredentialsProvider) eks.Options {
	return eks.Options{AWS: ecr.Options{Config: &sdk.Config{Credentials: k, RetryMaxAttempts: 1}, HTTPClient: h.HTTPClient()}, Region: region}
}

func (h *hub) sent() int {
	count := 0
	h.tokens.Range(func(any, any) bool { count++; return true })
	return count
}

var wanted = target.Cluster{Name: "berlin", EKS: target.EKS{Name: "hub"}}

// TestConnect: a name and AWS credentials are enough to be let in, and say what trust policies need.
func TestConnect(t *testing.T) {
	t.Parallel()
	h := newHub(t, nil)
	k := of(aws.Administrator(account))
	c, err := eks.Connect(t.Context(), wanted, h.options(k))
	require.NoError(t, err)
	require.NoError(t, c.Ping(t.Context()))
	version, err := c.Version(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "v1.34.4", version)
	assert.Equal(t, "berlin", c.Name)
	assert.Equal(t, "kubectl --context arn:aws:eks:us-east-1:123456789012:cluster/hub get pods", c.Kubectl("get pods"), "as `aws eks update-kubeconfig` names it")
	found, err := c.Issuer(t.Context())
	require.NoError(t, err)
	assert.Equal(t, issuer, found)

	c, err = eks.Connect(t.Context(), target.Cluster{EKS: target.EKS{Name: "hub", Region: region}}, h.options(k))
	require.NoError(t, err)
	assert.Equal(t, "hub", c.Name)
}

// TestAssociations: they are those of the cluster that is named, and of one ServiceAccount.
func TestAssociations(t *testing.T) {
	t.Parallel()
	const role = "arn:aws:iam::" + account + ":role/palette-ecr"
	key := client.ObjectKey{Namespace: "flux-system", Name: "source-controller"}
	h := newHub(t, func(w *aws.World) {
		w.Roles = []aws.Role{{Account: account, Name: "palette-ecr", Trust: json.RawMessage(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession"]}]}`)}}
		w.Clusters = append(w.Clusters, aws.Cluster{
			Account: account, Region: region, Name: "edge", Endpoint: "https://10.0.0.1", Issuer: issuer,
			Associations: []aws.Association{{Namespace: key.Namespace, ServiceAccount: key.Name, RoleARN: role}},
		})
	})
	all := eks.Associations{Options: h.options(of(aws.Administrator(account)))}
	edge := &cluster.EKS{Name: "edge", Region: region}
	got, err := all.Role(t.Context(), edge, key)
	require.NoError(t, err)
	assert.Equal(t, role, got)
	got, err = all.Role(t.Context(), edge, client.ObjectKey{Namespace: "mural-system", Name: key.Name})
	require.NoError(t, err)
	assert.Empty(t, got)
	got, err = all.Role(t.Context(), &cluster.EKS{Name: "hub", Region: region}, key)
	require.NoError(t, err)
	assert.Empty(t, got)
	blind := eks.Associations{Options: h.options(&keys{Credentials: sdk.Credentials{AccessKeyID: "AKIABLIND", SecretAccessKey: "secret-of-blind"}})}
	_, err = blind.Role(t.Context(), edge, key)
	require.ErrorContains(t, err, "eks:ListPodIdentityAssociations")
}

// TestGiveAnAssociation: it needs the right to pass the role too, and a role that trusts EKS Pod Identity.
func TestGiveAnAssociation(t *testing.T) {
	t.Parallel()
	const role, stranger = "arn:aws:iam::" + account + ":role/palette-ecr", "arn:aws:iam::" + account + ":role/stranger"
	trusting := func(service string) json.RawMessage {
		return json.RawMessage(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":["sts:AssumeRole","sts:TagSession"]}]}`)
	}
	h := newHub(t, func(w *aws.World) {
		w.Roles = []aws.Role{{Account: account, Name: "palette-ecr", Trust: trusting("pods.eks.amazonaws.com")}, {Account: account, Name: "stranger", Trust: trusting("ec2.amazonaws.com")}}
		w.Users = append(w.Users, aws.User{Account: account, Name: "half", AccessKeyID: "AKIAHALF", SecretAccessKey: "secret-of-half", Policies: []json.RawMessage{
			json.RawMessage(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"eks:*","Resource":"*"}]}`)}})
	})
	hub, key := &cluster.EKS{Name: "hub", Region: region}, client.ObjectKey{Namespace: "flux-system", Name: "source-controller"}
	half := eks.Associations{Options: h.options(&keys{Credentials: sdk.Credentials{AccessKeyID: "AKIAHALF", SecretAccessKey: "secret-of-half"}})}
	err := half.Give(t.Context(), hub, key, role)
	require.ErrorContains(t, err, "giving ServiceAccount flux-system/source-controller")
	require.ErrorContains(t, err, "iam:PassRole")
	assert.Contains(t, fault.RemedyOf(err), "iam:PassRole")

	all := eks.Associations{Options: h.options(of(aws.Administrator(account)))}
	require.ErrorContains(t, all.Give(t.Context(), hub, key, stranger), "Trust policy of the role provided is invalid")
	require.ErrorContains(t, all.Give(t.Context(), hub, key, role+"-gone"), "does not exist")
	require.NoError(t, all.Give(t.Context(), hub, key, role))
	got, err := all.Role(t.Context(), hub, key)
	require.NoError(t, err)
	assert.Equal(t, role, got)
	require.ErrorContains(t, all.Give(t.Context(), hub, key, role), "Association already exists")
}

// TestOneTokenServesAllRequests that run side by side, and a new one is made before it expires.
func TestOneTokenServesAllRequests(t *testing.T) {
	t.Parallel()
	h := newHub(t, nil)
	k := of(aws.Administrator(account))
	ping := func(o eks.Options) (retrieved int32) {
		c, err := eks.Connect(t.Context(), wanted, o)
		require.NoError(t, err)
		before := k.asked.Load()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { assert.NoError(t, c.Ping(t.Context())) })
		}
		all.Wait()
		return k.asked.Load() - before
	}
	once := ping(h.options(k))
	assert.Equal(t, 1, h.sent(), "twenty requests, one token")

	old := h.options(k)
	old.AWS.Now = func() time.Time { return time.Now().Add(-14 * time.Minute) } // each token has been used up when it is made
	assert.Equal(t, 20*once, ping(old), "each request makes its own")

	k.CanExpire, k.Expires = true, time.Now().Add(time.Hour)
	assert.Equal(t, once, ping(h.options(k)), "credentials that outlive the token change nothing")
	k.Expires = time.Now().Add(5 * time.Second)
	assert.Equal(t, 20*once, ping(h.options(k)), "a token ends with the credentials that signed it")
}

func TestWhatCanBeWrong(t *testing.T) {
	t.Parallel()
	admin := aws.Administrator(account)
	for name, test := range map[string]struct {
		world   func(*aws.World)
		cluster target.EKS
		keys    *keys
		options func(*eks.Options)
		code    fault.Code
		says    []string
		remedy  string
	}{
		"no such cluster": {
			cluster: target.EKS{Name: "hup"}, code: fault.Usage, says: []string{`"hup"`, "in region us-east-1", "none of this name in account 123456789012"},
			remedy: "aws eks list-clusters --region us-east-1",
		},
		"another region": {
			cluster: target.EKS{Name: "hub", Region: "eu-west-1"}, code: fault.Usage, says: []string{"in region eu-west-1: there is none"}, remedy: "--region eu-west-1",
		},
		"no region": {
			options: func(o *eks.Options) { o.Region = "" }, code: fault.Usage, says: []string{"its region is not known"}, remedy: "--eks-cluster hub,region=",
		},
		"may not describe": {
			keys: of(aws.User{AccessKeyID: "AKIABLIND", SecretAccessKey: "secret-of-blind"}), code: fault.Failed,
			says: []string{`"hub" in region us-east-1`, "AccessDenied"}, remedy: "allow eks:DescribeCluster on arn:aws:eks:us-east-1:123456789012:cluster/hub",
		},
		"wrong keys": {
			keys: of(aws.User{AccessKeyID: "AKIANOBODY", SecretAccessKey: "x"}), code: fault.Failed, says: []string{"UnrecognizedClientException"}, remedy: "log in to AWS again",
		},
		"no access entry": {
			world: func(w *aws.World) { w.Clusters[0].AccessEntries = nil }, code: fault.Failed, says: []string{"reaching EKS cluster \"hub\"", "does not accept this AWS identity"},
			remedy: "aws eks create-access-entry --cluster-name hub --region us-east-1 --principal-arn " + admin.ARN(),
		},
		"being deleted": {
			world: func(w *aws.World) { w.Clusters[0].Status = "DELETING" }, code: fault.Refused, says: []string{"it is DELETING"}, remedy: "ACTIVE",
		},
		"not there yet": {
			world: func(w *aws.World) { w.Clusters[0].Status, w.Clusters[0].Endpoint = "CREATING", "" }, code: fault.Refused, says: []string{"it is CREATING"}, remedy: "ACTIVE",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHub(t, test.world)
			if test.keys == nil {
				test.keys = of(admin)
			}
			o := h.options(test.keys)
			if test.options != nil {
				test.options(&o)
			}
			at := wanted
			if test.cluster.Name != "" {
				at.EKS = test.cluster
			}
			c, err := eks.Connect(t.Context(), at, o)
			if err == nil {
				err = c.Ping(t.Context())
			}
			require.Error(t, err)
			assert.Equal(t, test.code, fault.CodeOf(err), err)
			for _, text := range test.says {
				assert.ErrorContains(t, err, text)
			}
			assert.Contains(t, fault.RemedyOf(err), test.remedy)
			for _, secret := range []string{"k8s-aws-v1.", "X-Amz-Signature", test.keys.SecretAccessKey} {
				if len(secret) > 1 {
					assert.NotContains(t, err.Error()+fault.RemedyOf(err), secret)
				}
			}
		})
	}
}

// TestCredentialsThatAreGone in the middle of a run are said, and no token is sent.
func TestCredentialsThatAreGone(t *testing.T) {
	t.Parallel()
	h := newHub(t, nil)
	k := of(aws.Administrator(account))
	c, err := eks.Connect(t.Context(), wanted, h.options(k))
	require.NoError(t, err)
	k.err = errors.New("no EC2 IMDS role found")
	err = c.Ping(t.Context())
	require.ErrorContains(t, err, `reaching cluster "berlin"`)
	require.ErrorContains(t, err, `making a token for EKS cluster "hub": no AWS credentials were found`)
	assert.Contains(t, fault.RemedyOf(err), "AWS_PROFILE")
	assert.Zero(t, h.sent())
}

// TestPrincipal: an access entry names a role, not its session.
func TestPrincipal(t *testing.T) {
	t.Parallel()
	role := aws.Role{Account: account, Name: "ci", Trust: json.RawMessage(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + aws.Administrator(account).ARN() + `"},"Action":"sts:AssumeRole"}]}`),
		Policies: []json.RawMessage{json.RawMessage(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"eks:DescribeCluster","Resource":"*"}]}`)},
	}
	h := newHub(t, func(w *aws.World) { w.Roles = []aws.Role{role} })
	c, err := eks.Connect(t.Context(), wanted, h.options(h.assume(t, role.ARN())))
	require.NoError(t, err)
	err = c.Ping(t.Context())
	require.ErrorContains(t, err, "does not accept this AWS identity")
	assert.Contains(t, fault.RemedyOf(err), "--principal-arn arn:aws:iam::123456789012:role/ci ")
}

// assume takes a role, as a CI job does.
func (h *hub) assume(t *testing.T, role string) *keys {
	t.Helper()
	client := sts.NewFromConfig(sdk.Config{Region: region, HTTPClient: h.HTTPClient(), Credentials: of(aws.Administrator(account))})
	out, err := client.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: sdk.String("job-1")})
	require.NoError(t, err)
	c := out.Credentials
	return &keys{Credentials: sdk.Credentials{AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken}}
}
