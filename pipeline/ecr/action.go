package ecr

import (
	"net/http"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// Action names the IAM action that ECR checks for a request to its registry, for example ecr:PutImage; "" for
// another registry or request. ECR answers HEAD without a body, so a refusal there does not name it.
// Sources: AWS's list of ECR actions; the registry's referrers need BatchGetImage as ListImageReferrers does.
func Action(kind registry.Kind, method, path string) string {
	var verb string
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
		verb = "BatchGetImage"
	case at(2) == "manifests" && method == http.MethodPut:
		verb = "PutImage"
	case at(2) == "tags" && read:
		verb = "ListImages"
	case at(2) == "blobs" && at(1) == "uploads" && method == http.MethodPost:
		verb = "InitiateLayerUpload"
	case at(3) == "blobs" && at(2) == "uploads" && method == http.MethodPatch:
		verb = "UploadLayerPart"
	case at(3) == "blobs" && at(2) == "uploads" && method == http.MethodPut:
		verb = "CompleteLayerUpload"
	case at(2) == "blobs" && method == http.MethodHead:
		verb = "BatchCheckLayerAvailability"
	case at(2) == "blobs" && method == http.MethodGet:
		verb = "GetDownloadUrlForLayer"
	default:
		return ""
	}
	switch kind {
	case registry.Private:
		return "ecr:" + verb
	case registry.Public:
		return "ecr-public:" + verb
	}
	return ""
}

// serviceOf gives the prefix of a service's actions by the SDK's name for the service.
func serviceOf(name string) string {
	switch name {
	case "ECR PUBLIC":
		return "ecr-public"
	default:
		return strings.ToLower(name)
	}
}
