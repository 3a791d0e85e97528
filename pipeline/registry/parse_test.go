package registry_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

func private(host, region, partition, namespace string) registry.Registry {
	return registry.Registry{
		Kind: registry.Private, Host: host, AccountID: "123456789012", Region: region, Partition: partition, Namespace: namespace,
		FIPS: strings.Contains(host, "-fips"), DualStack: strings.Contains(host, "dkr-ecr"),
	}
}

func TestParse(t *testing.T) {
	tests := map[string]registry.Registry{
		"oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette":                      private("123456789012.dkr.ecr.us-east-1.amazonaws.com", "us-east-1", "aws", "palette"),
		"oci://123456789012.dkr.ecr.us-east-1.amazonaws.com":                              private("123456789012.dkr.ecr.us-east-1.amazonaws.com", "us-east-1", "aws", ""),
		"oci://123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/a/b":                     private("123456789012.dkr.ecr.ap-southeast-2.amazonaws.com", "ap-southeast-2", "aws", "a/b"),
		"oci://123456789012.dkr.ecr-fips.us-west-2.amazonaws.com/palette":                 private("123456789012.dkr.ecr-fips.us-west-2.amazonaws.com", "us-west-2", "aws", "palette"),
		"oci://123456789012.dkr-ecr.eu-central-1.on.aws/palette":                          private("123456789012.dkr-ecr.eu-central-1.on.aws", "eu-central-1", "aws", "palette"),
		"oci://123456789012.dkr-ecr-fips.us-gov-west-1.on.aws/palette":                    private("123456789012.dkr-ecr-fips.us-gov-west-1.on.aws", "us-gov-west-1", "aws-us-gov", "palette"),
		"oci://123456789012.dkr.ecr.us-gov-east-1.amazonaws.com/palette":                  private("123456789012.dkr.ecr.us-gov-east-1.amazonaws.com", "us-gov-east-1", "aws-us-gov", "palette"),
		"oci://123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/palette":                  private("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1", "aws-cn", "palette"),
		"oci://123456789012.dkr-ecr.cn-northwest-1.on.amazonwebservices.com.cn/palette":   private("123456789012.dkr-ecr.cn-northwest-1.on.amazonwebservices.com.cn", "cn-northwest-1", "aws-cn", "palette"),
		"oci://123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov/palette":                     private("123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov", "us-iso-east-1", "aws-iso", "palette"),
		"oci://123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov/palette":                 private("123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1", "aws-iso-b", "palette"),
		"oci://123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk/palette":                private("123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1", "aws-iso-e", "palette"),
		"oci://123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov/palette":               private("123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1", "aws-iso-f", "palette"),
		"oci://123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu/palette":                  private("123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1", "aws-eusc", "palette"),
		"oci://123456789012.dkr-ecr.eusc-de-east-1.on.amazonwebservices.eu/palette-a_b.c": private("123456789012.dkr-ecr.eusc-de-east-1.on.amazonwebservices.eu", "eusc-de-east-1", "aws-eusc", "palette-a_b.c"),
		"oci://public.ecr.aws/a1b2c3d4":                                                   {Kind: registry.Public, Host: "public.ecr.aws", Region: "us-east-1", Partition: "aws", Alias: "a1b2c3d4"},
		"oci://public.ecr.aws/spectro/team/a":                                             {Kind: registry.Public, Host: "public.ecr.aws", Region: "us-east-1", Partition: "aws", Alias: "spectro", Namespace: "team/a"},
		"oci://zot.mural-system.svc.cluster.local:5000":                                   {Kind: registry.Other, Host: "zot.mural-system.svc.cluster.local:5000"},
		"oci://localhost:5000/x":                                                          {Kind: registry.Other, Host: "localhost:5000", Namespace: "x"},
		"oci://[::1]:5000/x":                                                              {Kind: registry.Other, Host: "[::1]:5000", Namespace: "x"},
		"oci://ghcr.io/org/name":                                                          {Kind: registry.Other, Host: "ghcr.io", Namespace: "org/name"},
	}
	for endpoint, want := range tests {
		t.Run(endpoint, func(t *testing.T) {
			got, err := registry.Parse(endpoint)
			require.NoError(t, err)
			assert.Equal(t, want, got)
			assert.Equal(t, endpoint, got.Endpoint(), "and back")
			assert.Equal(t, want.Kind != registry.Other, got.IsECR())
		})
	}
}

func TestInECR(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette/mural-workloads": true, "oci://public.ecr.aws/a1b2c3d4/palette": true,
		"oci://zot.mural-system.svc.cluster.local:5000/mural-workloads": false, "oci://harbor.example.com/x": false, "": false, "nothing of that kind": false,
	} {
		assert.Equal(t, want, registry.InECR(address), address)
	}
}

func TestParseRefuses(t *testing.T) {
	const host = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
	tests := map[string]struct{ endpoint, says, remedy string }{
		"empty":              {"", "it is empty", "oci://<account>"},
		"no scheme":          {host + "/palette", "it lacks oci://", `"oci://` + host + `/palette"`},
		"https":              {"https://" + host + "/palette", "its scheme isn't oci://", `"oci://` + host + `/palette"`},
		"trailing slash":     {"oci://" + host + "/palette/", "ends with a slash", "remove"},
		"no host":            {"oci:///palette", "not a host name", "spelling"},
		"only a scheme":      {"oci://", "not a host name", "spelling"},
		"tag":                {"oci://" + host + "/palette:v1", "it holds a tag", "remove the tag"},
		"digest":             {"oci://" + host + "/palette@sha256:00", "it holds a digest", "remove the digest"},
		"white space":        {"oci://" + host + "/palette ", "white space", "remove"},
		"line feed":          {"oci://" + host + "/pal\nette", "white space", "remove"},
		"user name":          {"oci://admin:hunter2@" + host + "/palette", "it holds a user name", "remove"},
		"query":              {"oci://" + host + "/palette?a=b", "query", "remove"},
		"placeholder":        {"oci://<account-id>.dkr.ecr.<region>.amazonaws.com/<ecr-namespace>", "placeholder", "your own"},
		"short account":      {"oci://1234.dkr.ecr.us-east-1.amazonaws.com/palette", "is not an ECR host", "12 digits"},
		"no account":         {"oci://dkr.ecr.us-east-1.amazonaws.com/palette", "is not an ECR host", "12 digits"},
		"api host":           {"oci://ecr.us-east-1.amazonaws.com/palette", "is not an ECR host", "dkr.ecr"},
		"not a region":       {"oci://123456789012.dkr.ecr.amazonaws.com/palette", `"amazonaws" is not a region`, "us-east-1"},
		"unknown region":     {"oci://123456789012.dkr.ecr.useast1.amazonaws.com/palette", `"useast1" is not a region`, "us-east-1"},
		"China without .cn":  {"oci://123456789012.dkr.ecr.cn-north-1.amazonaws.com/palette", "doesn't go with", "amazonaws.com.cn"},
		".cn without China":  {"oci://123456789012.dkr.ecr.us-east-1.amazonaws.com.cn/palette", "doesn't go with", "amazonaws.com"},
		"dual-stack, dotted": {"oci://123456789012.dkr.ecr.us-east-1.on.aws/palette", "doesn't go with", "dkr-ecr"},
		"dual-stack in iso":  {"oci://123456789012.dkr-ecr.us-iso-east-1.on.aws/palette", "doesn't go with", "c2s.ic.gov"},
		"look-alike suffix":  {"oci://123456789012.dkr.ecr.us-east-1.amazonaws.com.example.org/palette", "doesn't go with", "amazonaws.com"},
		"port on ECR":        {"oci://" + host + ":443/palette", "is not an ECR host", "dkr.ecr"},
		"capitals in host":   {"oci://123456789012.dkr.ecr.us-east-1.AMAZONAWS.com/palette", "has capitals", "lower case"},
		"capitals in path":   {"oci://" + host + "/Palette", "not a repository path", "lower-case"},
		"double slash":       {"oci://" + host + "//palette", "not a repository path", "lower-case"},
		"dot dot":            {"oci://" + host + "/../palette", "not a repository path", "lower-case"},
		"public, no alias":   {"oci://public.ecr.aws", "needs the registry's alias", "alias"},
		"public, slash only": {"oci://public.ecr.aws/", "ends with a slash", "remove"},
		"public with region": {"oci://us-east-1.public.ecr.aws/spectro", "one host", "oci://public.ecr.aws/"},
		"public dual-stack":  {"oci://ecr-public.aws.com/spectro", "dual-stack host of ECR Public", "oci://public.ecr.aws/"},
		"public alias digit": {"oci://public.ecr.aws/1abc", "is not an alias", "console"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := registry.Parse(test.endpoint)
			require.ErrorContains(t, err, test.says)
			assert.Contains(t, fault.RemedyOf(err), test.remedy)
			assert.Equal(t, fault.Usage, fault.CodeOf(err))
			assert.NotContains(t, err.Error()+fault.RemedyOf(err), "hunter2")
		})
	}
}

func TestParseNeverShowsAPassword(t *testing.T) {
	for _, endpoint := range []string{
		"oci://admin:hunter2@host/x", "https://admin:hunter2@host/x", "admin:hunter2@host", "oci://admin:hunter2/y@host/x",
		"oci://admin:hunter2@host/x y", "oci://admin:<hunter2>@host", "oci://hunter2@host/x@sha256:00",
	} {
		_, err := registry.Parse(endpoint)
		require.Error(t, err, endpoint)
		assert.NotContains(t, err.Error()+fault.RemedyOf(err), "hunter2", endpoint)
	}
}

func TestSame(t *testing.T) {
	parse := func(endpoint string) registry.Registry {
		r, err := registry.Parse(endpoint)
		require.NoError(t, err)
		return r
	}
	plain := parse("oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette")
	assert.True(t, plain.Same(parse("oci://123456789012.dkr-ecr-fips.us-east-1.on.aws/palette")))
	assert.False(t, plain.Same(parse("oci://123456789012.dkr.ecr.us-east-2.amazonaws.com/palette")))
	assert.False(t, plain.Same(parse("oci://123456789012.dkr.ecr.us-east-1.amazonaws.com")))
	assert.False(t, plain.Same(parse("oci://zot:5000/palette")))
	assert.True(t, parse("oci://zot:5000/palette").Same(parse("oci://zot:5000/palette")))
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette", "oci://public.ecr.aws/a1b2c3d4/x", "oci://zot:5000",
		"oci://123456789012.dkr-ecr-fips.us-gov-west-1.on.aws/a/b", "oci://u:p@h", "https://x/", "oci://h/x@sha256:0", "oci://[::1]:5000/x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, endpoint string) {
		r, err := registry.Parse(endpoint)
		if err != nil {
			if fault.CodeOf(err) != fault.Usage || fault.RemedyOf(err) == "" {
				t.Fatalf("a refusal without code or remedy: %v", err)
			}
			return
		}
		if r.Endpoint() != endpoint {
			t.Fatalf("%q came back as %q", endpoint, r.Endpoint())
		}
		again, err := registry.Parse(r.Endpoint())
		if err != nil || again != r {
			t.Fatalf("parsing %q again: %+v, %v", endpoint, again, err)
		}
		if r.Kind == registry.Private && (len(r.AccountID) != 12 || registry.PartitionOf(r.Region) != r.Partition) {
			t.Fatalf("%q: %+v", endpoint, r)
		}
		repo, err := r.Repository("mural-workloads")
		if err == nil && repo.URL() != endpoint+"/mural-workloads" {
			t.Fatalf("%q: repository %q", endpoint, repo.URL())
		}
	})
}
