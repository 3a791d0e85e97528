package registry_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

func TestRepository(t *testing.T) {
	tests := map[string]struct{ endpoint, repository, name, path, url, arn string }{
		"private": {
			"oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette", "mural-workloads", "palette/mural-workloads", "palette/mural-workloads",
			"oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette/mural-workloads", "arn:aws:ecr:us-east-1:123456789012:repository/palette/mural-workloads",
		},
		"private without a namespace": {
			"oci://123456789012.dkr.ecr.us-east-1.amazonaws.com", "team/mural", "team/mural", "team/mural",
			"oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/team/mural", "arn:aws:ecr:us-east-1:123456789012:repository/team/mural",
		},
		"China": {
			"oci://123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/palette", "m1", "palette/m1", "palette/m1",
			"oci://123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/palette/m1", "arn:aws-cn:ecr:cn-north-1:123456789012:repository/palette/m1",
		},
		"public": {
			"oci://public.ecr.aws/spectro", "mural-workloads", "mural-workloads", "spectro/mural-workloads",
			"oci://public.ecr.aws/spectro/mural-workloads", "",
		},
		"Zot": {
			"oci://zot.mural-system.svc.cluster.local:5000", "mural-workloads", "mural-workloads", "mural-workloads",
			"oci://zot.mural-system.svc.cluster.local:5000/mural-workloads", "",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := registry.Parse(test.endpoint)
			require.NoError(t, err)
			repo, err := r.Repository(test.repository)
			require.NoError(t, err)
			assert.Equal(t, test.name, repo.Name)
			assert.Equal(t, test.path, repo.Path())
			assert.Equal(t, test.url, repo.URL())
			assert.Equal(t, strings.TrimPrefix(test.url, "oci://"), repo.Reference())
			assert.Equal(t, test.arn, repo.ARN())
		})
	}
}

func TestPublicARNHasNeitherAliasNorRegion(t *testing.T) {
	r, err := registry.Parse("oci://public.ecr.aws/spectro")
	require.NoError(t, err)
	repo, err := r.Repository("mural-workloads")
	require.NoError(t, err)
	assert.Equal(t, "arn:aws:ecr-public::123456789012:repository/mural-workloads", repo.ARNFor("123456789012"))
}

func TestRepositoryRefuses(t *testing.T) {
	tests := map[string]struct{ repository, says string }{
		"empty":         {"", "is empty"},
		"capitals":      {"Mural", "capitals"},
		"tag":           {"mural:v1", "a tag or a digest"},
		"digest":        {"mural@sha256:00", "a tag or a digest"},
		"a login":       {"admin:hunter2@zot/mural", "a user name"},
		"tag, digest":   {"mural:v1@sha256:00", "a tag or a digest"},
		"address":       {"oci://x/mural", "is an address"},
		"placeholder":   {"<ecr-repo-name>", "placeholder"},
		"double dash":   {"a--b", "not a repository name"},
		"leading slash": {"/a", "not a repository name"},
		"space":         {"a b", "not a repository name"},
		"too long":      {strings.Repeat("a", 249), "257 characters"},
	}
	r, err := registry.Parse("oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette")
	require.NoError(t, err)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := r.Repository(test.repository)
			require.ErrorContains(t, err, test.says)
			assert.NotContains(t, err.Error(), "hunter2")
			assert.Equal(t, fault.Usage, fault.CodeOf(err))
			assert.NotEmpty(t, fault.RemedyOf(err))
		})
	}
	_, err = r.Repository(strings.Repeat("a", 248))
	assert.NoError(t, err, "256 characters are allowed")
}
