package write_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	emulator "github.com/palette-ecr/palette-ecr/fixtures/aws"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/internal/iamtest"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/write"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// token is what a pod reads from AWS_WEB_IDENTITY_TOKEN_FILE.
type token string

func (t token) GetIdentityToken() ([]byte, error) { return []byte(t), nil }

// cluster signs service account tokens as an API server does.
type cluster struct {
	issuer string
	signer jose.Signer
	keys   json.RawMessage
}

func newCluster(t *testing.T, issuer string) cluster {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "k1"}}, nil)
	require.NoError(t, err)
	keys, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k1", Algorithm: "RS256", Use: "sig"}}})
	require.NoError(t, err)
	return cluster{issuer, signer, keys}
}

func (c cluster) token(t *testing.T, account iam.ServiceAccount) token {
	t.Helper()
	text, err := jwt.Signed(c.signer).Claims(jwt.Claims{
		Issuer: c.issuer, Subject: account.Subject(), Audience: jwt.Audience{"sts.amazonaws.com"},
		IssuedAt: jwt.NewNumericDate(time.Now()), Expiry: jwt.NewNumericDate(time.Now().Add(time.Hour)),
	}).Serialize()
	require.NoError(t, err)
	return token(text)
}

// TestRolesDoOnAWS: pods of hub and spoke take the roles that Grants writes, by their service account
// tokens, and push and pull with them; nobody else does.
func TestRolesDoOnAWS(t *testing.T) {
	hub := newCluster(t, "https://oidc.eks.us-east-1.amazonaws.com/id/HUB")
	spoke := newCluster(t, "https://oidc.eks.us-east-1.amazonaws.com/id/SPOKE")
	w := iamtest.Wanted(t, iamtest.PrivateEndpoint)
	w.Semver = true
	grants, err := write.For(iam.Order{
		Wanted: w, Principals: []iam.Principal{iam.Combined, iam.Hue, iam.SourceController}, Mode: target.IRSA,
		Namespace: "mural-system", FluxNamespace: "flux-system", Issuers: []string{hub.issuer, spoke.issuer},
	})
	require.NoError(t, err)
	e := emulate(t, w, func(world *emulator.World) {
		for _, c := range []cluster{hub, spoke} {
			world.Providers = append(world.Providers, emulator.Provider{Account: "123456789012", Issuer: c.issuer, Keys: c.keys})
		}
		for _, g := range grants {
			world.Roles = append(world.Roles, emulator.Role{
				Account: g.Role.Account, Name: g.Role.Name, Trust: g.Trust.Compact(), Policies: []json.RawMessage{g.Policy.Compact()},
			})
		}
	})
	// as takes a role and works with it.
	as := func(g write.Grant, c cluster, account iam.ServiceAccount, work func(*ecr.Client) error) error {
		provider := stscreds.NewWebIdentityRoleProvider(
			sts.New(sts.Options{Region: "us-east-1", HTTPClient: e.HTTPClient(), RetryMaxAttempts: 1}), g.Role.ARN(), c.token(t, account))
		if _, err := provider.Retrieve(context.Background()); err != nil {
			return err
		}
		client, err := ecr.Connect(context.Background(), w.Repository, ecr.Options{HTTPClient: e.HTTPClient(), Config: &sdk.Config{Credentials: provider, RetryMaxAttempts: 1}})
		require.NoError(t, err)
		return work(client)
	}
	hue, flux := iam.ServiceAccount{Namespace: "mural-system", Name: "hue"}, iam.ServiceAccount{Namespace: "flux-system", Name: "source-controller"}
	pushes := func(c *ecr.Client) error { return push(c, "new") }
	pulls := func(c *ecr.Client) error { return pull(c, true) }
	combined, forHue, forFlux := grants[0], grants[1], grants[2]

	require.NoError(t, as(combined, hub, hue, pushes))
	require.NoError(t, as(combined, hub, flux, pulls))
	require.NoError(t, as(combined, spoke, flux, pulls))
	require.NoError(t, as(forHue, hub, hue, pushes))
	require.NoError(t, as(forFlux, spoke, flux, pulls))

	const refused = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
	for name, err := range map[string]error{
		"hue on a spoke":                 as(combined, spoke, hue, pushes),
		"source-controller as hue":       as(forHue, hub, flux, pulls),
		"another namespace":              as(combined, hub, iam.ServiceAccount{Namespace: "mural-system", Name: "source-controller"}, pulls),
		"another account of the cluster": as(combined, hub, iam.ServiceAccount{Namespace: "mural-system", Name: "default"}, pulls),
	} {
		assert.ErrorContains(t, err, refused, name)
	}
	assert.Error(t, as(forFlux, hub, flux, pushes), "source-controller must not push")
}
