package chart

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"strings"

	"github.com/Masterminds/semver/v3"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/registry"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/errcode"
	"oras.land/oras-go/v2/registry/remote/retry"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

const scheme = registry.OCIScheme + "://"

// Options say how charts are fetched.
type Options struct {
	HTTPClient *http.Client // proxy and certificate authorities set; nil is Go's default client
	PlainHTTP  bool         // the registry speaks HTTP without TLS
	Digest     string       // of the manifest in an OCI registry, where it is known; the version is then only checked
}

// Load returns the chart that ref names: oci://registry/path with an exact version, a directory, or a .tgz.
// A directory or archive whose version is not the wanted one is refused, because helm would silently
// ignore --version there; an empty version takes what is there. A version with Flux's mark (1.0.7+0123456789ab) is
// found by its digest. Errors are faults: Usage for a reference
// that can't be right, Failed for a chart that can't be fetched.
func Load(ctx context.Context, ref, version string, o Options) (*chart.Chart, error) {
	var (
		c   *chart.Chart
		err error
	)
	switch {
	case ref == "":
		return nil, fault.New(fault.Usage, "pass --chart with an oci:// reference, a directory or a .tgz", "loading the chart: no chart is given")
	case strings.HasPrefix(ref, scheme):
		c, err = pull(ctx, ref, version, o)
	case strings.Contains(ref, "://"):
		return nil, fault.New(fault.Usage, "pass an oci:// reference, a directory or a .tgz", "loading chart %q: this kind of address is not supported", ref)
	default:
		c, err = read(ref)
	}
	if err != nil {
		return nil, err
	}
	if plain, _ := SplitVersion(version); version != "" && c.Metadata.Version != version && c.Metadata.Version != plain {
		return nil, fault.New(fault.Usage, "pass --version "+c.Metadata.Version+" if that is the one you mean",
			"loading chart %q: it is version %s, not %s", ref, c.Metadata.Version, version)
	}
	if err := action.CheckDependencies(c, c.Metadata.Dependencies); err != nil {
		return nil, fault.New(fault.Failed, "run `helm dependency build` in the chart's directory", "loading chart %q: %w", ref, err)
	}
	return c, nil
}

func read(path string) (*chart.Chart, error) {
	if _, err := os.Stat(path); err != nil {
		remedy := "check the path; a chart in a registry begins with oci://"
		if !errors.Is(err, fs.ErrNotExist) {
			remedy = "make the path readable"
		}
		return nil, fault.New(fault.Usage, remedy, "loading chart %q: %w", path, err)
	}
	c, err := loader.Load(path)
	if err != nil {
		return nil, fault.New(fault.Usage, "a chart is a directory with a Chart.yaml, or the .tgz that `helm package` made of one", "loading chart %q: %w", path, err)
	}
	return c, nil
}

// pull does what `helm pull` does for an OCI reference with an exact version.
func pull(ctx context.Context, ref, version string, o Options) (*chart.Chart, error) {
	if version == "" && o.Digest == "" {
		return nil, fault.New(fault.Usage, "pass --version with the exact version of the chart", "fetching chart %q: no version is given", ref)
	}
	if plain, _ := SplitVersion(version); version != "" {
		if _, err := semver.NewVersion(plain); err != nil {
			return nil, fault.New(fault.Usage, "pass --version as `helm list` shows it, 1.2.3 for example", "fetching chart %q: %q is not the version of a chart", ref, version)
		}
	}
	base := http.RoundTripper(http.DefaultTransport)
	client := &http.Client{}
	if o.HTTPClient != nil {
		*client = *o.HTTPClient
		if client.Transport != nil {
			base = client.Transport
		}
	}
	client.Transport = bound{ctx: ctx, base: retry.NewTransport(base)}
	options := []registry.ClientOption{registry.ClientOptHTTPClient(client), registry.ClientOptEnableCache(true)}
	if o.PlainHTTP {
		options = append(options, registry.ClientOptPlainHTTP())
	}
	puller, err := registry.NewClient(options...)
	if err != nil {
		return nil, fault.New(fault.Failed, "check the credentials file that `helm registry login` wrote", "fetching chart %q: %w", ref, err)
	}
	digest, at := o.Digest, ":"+version
	if _, mark := SplitVersion(version); mark != "" && digest == "" {
		if digest, err = marked(ctx, ref, version, mark, o, client); err != nil {
			return nil, err
		}
	}
	if digest != "" {
		at = "@" + digest
	}
	result, err := puller.Pull(strings.TrimPrefix(ref, scheme)+at, registry.PullOptWithChart(true))
	if err != nil {
		return nil, pullFault(ref, version, err)
	}
	c, err := loader.LoadArchive(bytes.NewReader(result.Chart.Data))
	if err != nil {
		return nil, fault.New(fault.Failed, "push the chart again with `helm push`", "fetching chart %q version %s: %w", ref, version, err)
	}
	return c, nil
}

// pullFault says why a chart could not be fetched, by the registry's own answer.
func pullFault(ref, version string, err error) error {
	remedy := "check the network, HTTPS_PROXY and AWS_CA_BUNDLE, or pass --chart with a directory or .tgz"
	var response *errcode.ErrorResponse
	switch {
	case notFound(err):
		remedy = "check --chart and --version: the registry has no such chart, or not in this version"
	case errors.As(err, &response) && (response.StatusCode == http.StatusUnauthorized || response.StatusCode == http.StatusForbidden):
		remedy = "log in with `helm registry login`, or check that the chart may be read"
	case errors.Is(err, errdef.ErrInvalidReference):
		return fault.New(fault.Usage, "write the chart as oci://registry/path and its version with --version", "fetching chart %q version %s: %w", ref, version, err)
	}
	return fault.New(fault.Failed, remedy, "fetching chart %q version %s: %w", ref, version, err)
}

func notFound(err error) bool {
	var response *errcode.ErrorResponse
	return errors.Is(err, errdef.ErrNotFound) || errors.As(err, &response) && response.StatusCode == http.StatusNotFound
}

// bound ties requests to a context: Helm's registry client takes none.
type bound struct {
	ctx  context.Context
	base http.RoundTripper
}

func (b bound) RoundTrip(r *http.Request) (*http.Response, error) {
	return b.base.RoundTrip(r.WithContext(b.ctx))
}
