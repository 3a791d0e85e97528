package copy_test

import (
	"net/http"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

func TestMap(t *testing.T) {
	t.Parallel()
	r, err := registry.Parse("oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette")
	require.NoError(t, err)
	to, err := r.Repository("workloads")
	require.NoError(t, err)
	catalog := []string{"mural-workloads", "images/app", "charts/shop"}
	got := func(names map[string]string, left ...string) (map[string]string, error) {
		all, err := copy.Map(catalog, "mural-workloads", to, names, left)
		flat := map[string]string{}
		for _, m := range all {
			flat[m.Source] = m.Destination.Name
		}
		return flat, err
	}
	all, err := got(map[string]string{"images/app": "team/app"})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"mural-workloads": "palette/workloads", "images/app": "palette/team/app", "charts/shop": "palette/charts/shop"}, all)
	all, err = got(nil, "charts/shop")
	require.NoError(t, err)
	assert.NotContains(t, all, "charts/shop")
	for want, f := range map[string]func() error{
		`has no repository "typo"`:                      func() error { _, err := got(map[string]string{"typo": "x"}); return err },
		`has no repository "typo" to leave`:             func() error { _, err := got(nil, "typo"); return err },
		`"mural-workloads" is the repository of the`:    func() error { _, err := got(nil, "mural-workloads"); return err },
		`would both go to "palette/images/app"`:         func() error { _, err := got(map[string]string{"charts/shop": "images/app"}); return err },
		`mapping repository "charts/shop": naming repo`: func() error { _, err := got(map[string]string{"charts/shop": "Upper"}); return err },
	} {
		err := f()
		require.ErrorContains(t, err, want)
		assert.Equal(t, fault.Usage, fault.CodeOf(err))
		assert.NotEmpty(t, fault.RemedyOf(err))
	}
	catalog = nil
	all, err = got(nil)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"mural-workloads": "palette/workloads"}, all, "a catalog that does not show the workloads' repository does not lose it")
}

// TestWhatIsLeftIsAName: anything else was accepted, and found to be no repository only after everything had been read.
func TestWhatIsLeftIsAName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"charts", "a/b-c/d_e__f.g", "charts:1.0.7", "charts:_X", "a/b@sha256:" + strings.Repeat("0a", 32)} {
		require.NoError(t, copy.CheckLeft([]string{"mural-workloads", name}))
	}
	for _, name := range []string{"", "a b", "a,b", "a/../b", "/a", "a/", "Charts", "oci://zot/a", "a:", "a@sha256:12", "a:b@sha256:" + strings.Repeat("0a", 32), "a:-x"} {
		err := copy.CheckLeft([]string{"charts", name})
		require.ErrorContains(t, err, "--leave", name)
		assert.Equal(t, fault.Usage, fault.CodeOf(err))
		assert.Contains(t, fault.RemedyOf(err), "REPOSITORY:TAG")
	}
}

func TestCatalogAndAt(t *testing.T) {
	t.Parallel()
	src := start(t)
	src.push("v1", "one")
	got, err := copy.Catalog(t.Context(), src.source())
	require.NoError(t, err)
	assert.Equal(t, []string{repository}, got)
	other := src.source().At("charts/shop")
	assert.True(t, strings.HasSuffix(other.URL, "/charts/shop"), other.URL)
	assert.Equal(t, "charts/shop", other.Repository.Reference.Repository)

	src.meddle(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/_catalog") {
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		return true
	})
	_, err = copy.Catalog(t.Context(), src.source())
	require.ErrorContains(t, err, "listing repositories")
}

// Charts, multi-platform images with attestations and Docker's media types are copied as Flux's artifacts are.
func TestRunAll(t *testing.T) {
	t.Parallel()
	one, two := start(t), start(t)
	dstOne, dstTwo := start(t), start(t)
	one.push("v1", "one")
	child, attestation := two.push("", "linux/amd64"), two.push("", "attestation")
	two.index("app", ocispec.MediaTypeImageIndex, child, attestation)
	two.index("docker", "application/vnd.docker.distribution.manifest.list.v2+json", child)
	pairs := []copy.Pair{{Source: one.source(), Destination: dstOne.destination()}, {Source: two.source(), Destination: dstTwo.destination()}}
	results, proof, err := copy.RunAll(t.Context(), pairs, copy.Options{})
	require.NoError(t, err)
	require.Equal(t, report.Held, proof.Verdict, proof)
	require.Len(t, results, 2)
	assert.Len(t, results[1].Written, 4)
	assert.Len(t, proof.Evidence, 4, "each repository with its source and its destination")

	two.push("late", "late")
	proof, err = copy.VerifyAll(t.Context(), pairs, copy.Options{})
	require.NoError(t, err)
	assert.Equal(t, report.Broken, proof.Verdict, "one repository that lacks something is enough")
	assert.Contains(t, proof.Cause, "late")

	_, proof, err = copy.RunAll(t.Context(), nil, copy.Options{})
	require.NoError(t, err)
	assert.Equal(t, report.Unproven, proof.Verdict)
}

// ECR answers 405 to these, one after the other and in the middle of the work; they are found before the first write.
func TestWhatECRRefusesIsFoundBeforeTheFirstWrite(t *testing.T) {
	t.Parallel()
	src, dst := start(t), start(t)
	good := src.push("good", "good")
	child := src.push("", "child")
	child.Platform = &ocispec.Platform{Architecture: "amd64", OS: "linux"}
	bad := src.put("bad", ocispec.MediaTypeImageIndex, map[string]any{
		"schemaVersion": 2, "mediaType": ocispec.MediaTypeImageIndex,
		"manifests": []any{map[string]any{"mediaType": child.MediaType, "digest": child.Digest, "size": child.Size, "platform": map[string]any{"architecture": "amd64", "os": "linux", "features": []string{"sse4"}}}},
	})
	to := dst.destination()
	to.Address = registry.Repository{Registry: registry.Registry{Kind: registry.Private, Host: "123456789012.dkr.ecr.us-east-1.amazonaws.com", AccountID: "123456789012", Region: "us-east-1", Partition: "aws"}, Name: repository}
	_, err := copy.Run(t.Context(), src.source(), to, copy.Options{})
	require.ErrorContains(t, err, "looking for what ECR refuses: "+bad.Digest.String()+" (tag bad): ECR does not know its field manifests[0].platform.features")
	assert.Contains(t, fault.RemedyOf(err), "--leave")
	assert.Zero(t, dst.asked("PUT"))
	assert.Zero(t, dst.asked("POST"))

	for _, left := range []string{"bad", bad.Digest.String()} {
		dst := start(t)
		to.Repository = dst.repo()
		result, proof, err := copy.RunProven(t.Context(), src.source(), to, copy.Options{Left: []string{left}})
		require.NoError(t, err)
		assert.Equal(t, report.Held, proof.Verdict, proof)
		assert.Equal(t, good.Digest.String(), dst.digestOf("good"))
		assert.Empty(t, dst.digestOf("bad"))
		assert.Contains(t, result.Notes, left+" stays in the source by name")
	}

	result, err := copy.Run(t.Context(), src.source(), start(t).destination(), copy.Options{Left: []string{"nosuch"}})
	require.NoError(t, err)
	assert.Contains(t, result.Notes, "nosuch is left by name, and the source has no such tag")

	_, err = copy.Run(t.Context(), src.source(), start(t).destination(), copy.Options{})
	require.NoError(t, err, "a registry that isn't ECR is not judged by its rules")
}

// A registry that wants what is referred to first gets it first, and the tag last.
func TestRegistryThatWantsTheSubjectFirst(t *testing.T) {
	t.Parallel()
	src, dst := start(t), start(t)
	signed := src.push("signed", "signed")
	signature := src.push("", "signature", subject(signed))
	there := false
	dst.meddle(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut || !strings.Contains(r.URL.Path, "/manifests/") {
			return false
		}
		if strings.HasSuffix(r.URL.Path, signature.Digest.String()) && !there {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"errors":[{"code":"MANIFEST_INVALID","message":"subject not found"}]}`))
			return true
		}
		there = there || strings.HasSuffix(r.URL.Path, signed.Digest.String())
		return false
	})
	complete(t, src, dst, copy.Options{})
	var puts []string
	for _, line := range dst.lines() {
		if strings.HasPrefix(line, "PUT ") && strings.Contains(line, "/manifests/") {
			puts = append(puts, line[strings.LastIndex(line, "/")+1:])
		}
	}
	assert.Equal(t, []string{signature.Digest.String(), signed.Digest.String(), signature.Digest.String(), "signed"}, puts)
}
