package chart

import (
	"context"
	"net/http"
	"regexp"
	"strings"

	"github.com/Masterminds/semver/v3"
	"helm.sh/helm/v3/pkg/helmpath"
	"helm.sh/helm/v3/pkg/registry"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// digestMark is what helm-controller appends to the version of a chart from an OCIRepository: the first twelve digits
// of the manifest's digest. The chart itself doesn't have it, and no tag is named so.
var digestMark = regexp.MustCompile(`^[0-9a-f]{12,128}$`)

// SplitVersion takes Flux's mark off a version: 1.0.7+0123456789ab is 1.0.7, of a manifest whose digest begins with
// 0123456789ab. Other versions have no mark.
func SplitVersion(version string) (plain, mark string) {
	plain, metadata, found := strings.Cut(version, "+")
	if !found || !digestMark.MatchString(metadata) {
		return version, ""
	}
	return plain, metadata
}

// SameVersion reports whether two versions are of the same chart, whether or not Flux has marked them. Two marks must
// agree: under one tag there may be two charts.
func SameVersion(a, b string) bool {
	plainA, markA := SplitVersion(a)
	plainB, markB := SplitVersion(b)
	return plainA == plainB && (markA == "" || markB == "" || strings.HasPrefix(markA, markB) || strings.HasPrefix(markB, markA))
}

// Older reports whether version a is older than b; ok is false when one of them is not a semantic version.
func Older(a, b string) (older, ok bool) {
	left, err := semver.NewVersion(a)
	if err != nil {
		return false, false
	}
	right, err := semver.NewVersion(b)
	if err != nil {
		return false, false
	}
	return left.LessThan(right), true
}

// loggedIn are the credentials that Helm itself would use: of `helm registry login`, else of `docker login`.
func loggedIn() auth.CredentialFunc {
	helm, err := credentials.NewStore(helmpath.ConfigPath(registry.CredentialsFileBasename), credentials.StoreOptions{})
	if err != nil {
		return nil
	}
	docker, err := credentials.NewStoreFromDocker(credentials.StoreOptions{})
	if err != nil {
		return credentials.Credential(helm)
	}
	return credentials.Credential(credentials.NewStoreWithFallbacks(helm, docker))
}

// marked finds the manifest that Flux's mark means: that of the tag, if the tag is still on it.
func marked(ctx context.Context, ref, version, mark string, o Options, client *http.Client) (digest string, err error) {
	repository, err := remote.NewRepository(strings.TrimPrefix(ref, scheme))
	if err != nil {
		return "", pullFault(ref, version, err)
	}
	repository.PlainHTTP = o.PlainHTTP
	authorized := &auth.Client{Client: client, Cache: auth.NewCache()}
	authorized.Credential = loggedIn()
	repository.Client = authorized
	plain, _ := SplitVersion(version)
	// A version with metadata of its own has it in its tag, with an underscore: then it is not a mark.
	for _, tag := range []string{plain, strings.ReplaceAll(version, "+", "_")} {
		found, err := repository.Resolve(ctx, tag)
		if err != nil {
			if notFound(err) {
				continue
			}
			return "", pullFault(ref, version, err)
		}
		if tag != plain || strings.HasPrefix(found.Digest.Encoded(), mark) {
			return found.Digest.String(), nil
		}
	}
	return "", fault.New(fault.Failed, "give the chart that the release has with --chart, as a directory or .tgz",
		"fetching chart %q version %s: tag %s is on another manifest now, and none is known whose digest begins with %s", ref, version, plain, mark)
}
