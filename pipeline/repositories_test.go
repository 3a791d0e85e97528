package pipeline

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	emulator "github.com/palette-ecr/palette-ecr/fixtures/aws"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/proof"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// withMore gives the source further repositories, with an artifact each, and the run a way to AWS.
func (i *installation) withMore(t *testing.T, e *emulator.Emulator, names ...string) {
	t.Helper()
	host := strings.TrimPrefix(i.Live.Merged["hue"].(map[string]any)["ociRegistry"].(map[string]any)["endpoint"].(string), "oci://")
	for _, path := range names {
		image, err := random.Image(64, 1)
		require.NoError(t, err)
		reference, err := name.ParseReference(host + "/" + path + ":1.0.0")
		require.NoError(t, err)
		require.NoError(t, remote.Write(reference, image))
	}
	proxy, err := url.Parse(e.Proxy)
	require.NoError(t, err)
	transport := e.HTTPClient().Transport.(*http.Transport)
	transport.Proxy = func(r *http.Request) (*url.URL, error) {
		if r.URL.Scheme == "http" { // the source is in the network
			return nil, nil
		}
		return proxy, nil
	}
	user := emulator.Administrator("123456789012")
	i.World.HTTPClient = &http.Client{Transport: transport}
	i.World.AWS = ecr.Options{Config: &aws.Config{Credentials: credentials.NewStaticCredentialsProvider(user.AccessKeyID, user.SecretAccessKey, "")}}
}

// TestAllRepositories: every repository of Zot is copied, to the name that the map gives it or its own; those that ECR
// lacks are made when that is asked for, as the file says.
func TestAllRepositories(t *testing.T) {
	t.Parallel()
	s, e := betweenRegistries(t)
	s.withMore(t, e, "charts/shop", "images/app", "old/stuff")
	lifecycle := filepath.Join(t.TempDir(), "lifecycle.json")
	require.NoError(t, os.WriteFile(lifecycle, []byte(`{"rules":[{"rulePriority":1,"selection":{"tagStatus":"untagged","countType":"sinceImagePushed","countUnit":"days","countNumber":30},"action":{"type":"expire"}}]}`), 0o600))
	var locked atomic.Int64
	s.World.Lock = func(context.Context) error { locked.Add(1); return nil }
	s.World.Target.Registry.AllRepositories = true
	s.World.Target.Registry.Repositories = map[string]string{"charts/shop": "shop"}
	s.World.Target.Registry.Create = target.Creation{TagMutability: "IMMUTABLE", ScanOnPush: true, Tags: map[string]string{"team": "platform"}, LifecyclePolicy: lifecycle}
	given := Given{Leave: []string{"old/stuff"}}
	in := func() Planned { return Planned{Linted: Linted{Rendered: Rendered{Given: given}}} }

	_, err := Copy(t.Context(), s.World, s.State, in())
	require.ErrorContains(t, err, `preparing to copy repository "charts/shop" of Zot: repository "palette/shop" does not exist`)
	assert.Contains(t, fault.RemedyOf(err), "--create-repository")
	counters, err := e.Control.Counters(t.Context())
	require.NoError(t, err)
	assert.Zero(t, counters.TotalWrites(), "found before anything is sent")
	assert.Zero(t, locked.Load(), "and before the Lease is taken")

	given.CreateRepositories = true
	got, err := Copy(t.Context(), s.World, s.State, in())
	require.NoError(t, err)
	assert.NotZero(t, locked.Load(), "the Lease is taken before the first write")
	assert.Equal(t, report.Held, got.Closure.Verdict)
	for _, repository := range []string{"palette/mural-workloads: ", "palette/shop: ", "palette/images/app: "} {
		assert.Contains(t, got.Entry().Summary, repository)
	}
	assert.NotContains(t, got.Entry().Summary, "old/stuff")
	shop, err := s.Destination.Registry.Repository("shop")
	require.NoError(t, err)
	w, err := s.World.WithECR(t.Context(), shop, s.World.AWS)
	require.NoError(t, err)
	info, err := w.ECR.Describe(t.Context())
	require.NoError(t, err)
	assert.True(t, info.Immutable())
	images, err := w.ECR.Images(t.Context())
	require.NoError(t, err)
	require.Len(t, images, 1)
	assert.Equal(t, []string{"1.0.0"}, images[0].Tags)

	require.NoError(t, e.Control.Reset(t.Context()))
	locked.Store(0)
	_, err = Copy(t.Context(), s.World, s.State, in())
	require.NoError(t, err)
	counters, err = e.Control.Counters(t.Context())
	require.NoError(t, err)
	assert.Zero(t, counters.TotalWrites(), "a second copy writes nothing")
	assert.Zero(t, locked.Load(), "and takes no Lease")

	s.World.Target.Registry.Repositories["charts/none"] = "x"
	_, err = Copy(t.Context(), s.World, s.State, in())
	require.ErrorContains(t, err, `the source has no repository "charts/none"`)
}

// TestClosureIsAboutEveryRepository: what was proven of one says nothing of the others.
func TestClosureIsAboutEveryRepository(t *testing.T) {
	t.Parallel()
	s, e := betweenRegistries(t)
	_, err := Copy(t.Context(), s.World, s.State, Planned{})
	require.NoError(t, err)
	s.withMore(t, e, "charts/shop")
	require.NoError(t, e.Control.Put(t.Context(), emulator.World{Repositories: []emulator.Repository{{Account: "123456789012", Region: "us-east-1", Name: "palette/charts/shop"}}}))
	s.World.Target.Registry.AllRepositories = true
	var v Validation
	made, err := v.proveEarlier(t.Context(), s.World, s.State, proof.NewLedger(held(report.ProofRendered, ""), held(report.ProofClosure, "")))
	assert.True(t, made)
	require.ErrorContains(t, err, "proving closure: ", "charts/shop is not copied")
}

// TestSurveyOfAllRepositories: preflight looks at what every repository is to get, in ECR or not.
func TestSurveyOfAllRepositories(t *testing.T) {
	t.Parallel()
	s, e := betweenRegistries(t)
	s.withMore(t, e, "charts/shop", "images/app")
	s.World.Target.Registry.AllRepositories = true
	s.World.Target.Registry.Repositories = map[string]string{"charts/shop": "shop"}
	surveyed := func(given Given) (names []string) {
		all, err := survey(t.Context(), s.World, s.State, given)
		require.NoError(t, err)
		for _, one := range all {
			assert.Positive(t, one.MissingManifests, "%+v", one)
			names = append(names, one.Destination.Name)
		}
		return names
	}
	assert.ElementsMatch(t, []string{"palette/mural-workloads", "palette/shop", "palette/images/app"}, surveyed(Given{}))
	assert.ElementsMatch(t, []string{"palette/mural-workloads", "palette/shop"}, surveyed(Given{Leave: []string{"images/app"}}))
	s.World.Target.Registry.AllRepositories = false
	assert.Equal(t, []string{"palette/mural-workloads"}, surveyed(Given{}))
	assert.Equal(t, []string{"palette/mural-workloads"}, surveyed(Given{Leave: []string{"images/app"}}))
	_, err := survey(t.Context(), s.World, s.State, Given{Leave: []string{"images/ap"}}) // seen: "it stays in Zot, and goes with it"
	require.ErrorContains(t, err, `the source has no repository "images/ap" to leave`)
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
}

// TestPlanOfAllRepositories: a plan counts what every repository gets and names those that will be made, which need not be
// there for that.
func TestPlanOfAllRepositories(t *testing.T) {
	t.Parallel()
	s, e := betweenRegistries(t)
	s.withMore(t, e, "charts/shop", "images/app")
	s.World.Target.Registry.AllRepositories = true
	s.World.Target.Registry.Repositories = map[string]string{"charts/shop": "shop"}
	create := func(g *Given) { g.CreateRepositories = true }

	_, err := planOf(t, s, nil)
	require.ErrorContains(t, err, `repository "palette/shop" does not exist`)
	assert.Contains(t, fault.RemedyOf(err), "--create-repository")

	got, err := planOf(t, s, create)
	require.NoError(t, err)
	counters, err := e.Control.Counters(t.Context())
	require.NoError(t, err)
	assert.Zero(t, counters.TotalWrites(), "a plan writes nothing")
	var made, tags []string
	for _, effect := range got.Document.Effects {
		made = append(made, string(effect.Action)+" "+effect.Object)
	}
	assert.ElementsMatch(t, []string{"create repository palette/shop in ECR", "create repository palette/images/app in ECR"}, made)
	for _, tag := range got.Document.Copy.Tags {
		tags = append(tags, tag.Name)
	}
	assert.Subset(t, tags, []string{"palette/shop:1.0.0", "palette/images/app:1.0.0"})

	in := Planned{Linted: Linted{Rendered: Rendered{Given: Given{CreateRepositories: true}}}}
	copied, err := Copy(t.Context(), s.World, s.State, in)
	require.NoError(t, err)
	assert.Equal(t, copied.Entry().Counts["manifests copied"], got.Document.Copy.Manifests)
	assert.Equal(t, copied.Entry().Counts["bytes copied"], got.Document.Copy.Bytes)
	after, err := planOf(t, s, create)
	require.NoError(t, err)
	assert.False(t, after.Document.Pending(), "%+v", after.Document)
}
