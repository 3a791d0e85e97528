package ecr

import (
	"net/http"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// Action names the IAM action that ECR checks for a request to its registry, for example ecr:PutImage; "" for
// another registry or request. ECR answers HEAD without a body, so a refusal there does not name it.
func Action(kind registry.Kind, method, path string) string {
	verb := Verb(method, path)
	switch {
	case verb == "":
		return ""
	case kind == registry.Private:
		return "ecr:" + verb
	case kind == registry.Public:
		return "ecr-public:" + verb
	}
	return ""
}

// Verb names the ECR API call that a request to a registry stands for, by which ECR counts and limits it; ""
// for a request that is none. Sources: AWS's list of ECR actions and of service quotas; the registry's
// referrers need BatchGetImage as ListImageReferrers does.
func Verb(method, path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	at := func(fromEnd int) string {
		if len(parts) < fromEnd {
			return ""
		}
		return parts[len(parts)-fromEnd]
	}
	read := method == http.MethodGet || method == http.MethodHead
	switch {
	case at(2) == "manifests" && read, at(2) == "referrers" && read:
		return "BatchGetImage"
	case at(2) == "manifests" && method == http.MethodPut:
		return "PutImage"
	case at(2) == "tags" && read:
		return "ListImages"
	case at(2) == "blobs" && at(1) == "uploads" && method == http.MethodPost:
		return "InitiateLayerUpload"
	case at(3) == "blobs" && at(2) == "uploads" && method == http.MethodPatch:
		return "UploadLayerPart"
	case at(3) == "blobs" && at(2) == "uploads" && method == http.MethodPut:
		return "CompleteLayerUpload"
	case at(2) == "blobs" && method == http.MethodHead:
		return "BatchCheckLayerAvailability"
	case at(2) == "blobs" && method == http.MethodGet:
		return "GetDownloadUrlForLayer"
	}
	return ""
}

// serviceOf returns the prefix of a service's actions by the SDK's name for the service.
func serviceOf(name string) string {
	switch name {
	case "ECR PUBLIC":
		return "ecr-public"
	default:
		return strings.ToLower(name)
	}
}
