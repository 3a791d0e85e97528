package deploy

import (
	"encoding/json"
	"fmt"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// patchOf makes the patch that Helm would send: for kinds that Kubernetes itself has, a strategic merge of the last
// revision, the next and what is live; for others what differs between the revisions.
func patchOf(before, after, live *unstructured.Unstructured) ([]byte, types.PatchType, error) {
	var documents [3][]byte
	for i, o := range []*unstructured.Unstructured{before, after, live} {
		var err error
		if documents[i], err = json.Marshal(o.Object); err != nil {
			return nil, "", err
		}
	}
	known, err := clientgoscheme.Scheme.New(after.GroupVersionKind())
	if err != nil {
		patch, err := jsonpatch.CreateMergePatch(documents[0], documents[1])
		return patch, types.MergePatchType, err
	}
	lookup, err := strategicpatch.NewPatchMetaFromStruct(known)
	if err != nil {
		return nil, "", err
	}
	patch, err := strategicpatch.CreateThreeWayMergePatch(documents[0], documents[1], documents[2], lookup, true)
	return patch, types.StrategicMergePatchType, err
}

// judge turns the answer to a dry run into what is known: what we may not ask is unknown, and what the API server
// refuses would fail the run halfway.
func (f *foreseer) judge(o *outcome, verb string, object *unstructured.Unstructured, err error) error {
	switch {
	case err == nil:
	case apierrors.IsForbidden(err):
		o.unknown = fmt.Sprintf("what the API server makes of %s: the right to %s it is missing", nameOfObject(object), verb)
	case apierrors.IsBadRequest(err) && strings.Contains(err.Error(), "dry run"):
		o.unknown = fmt.Sprintf("what the API server makes of %s: a webhook supports no dry run", nameOfObject(object))
	case apierrors.ReasonForError(err) == metav1.StatusReasonUnknown: // it has not answered
		return fmt.Errorf("trying %s on cluster %q without storing it: %w", nameOfObject(object), f.cluster.Name, masked(err, object.Object, f.options.Values))
	default:
		err = masked(err, object.Object, f.options.Values)
		return fault.New(fault.Refused, "correct what the message says: nothing was changed, and an upgrade would fail on it halfway",
			"trying %s on cluster %q without storing it: %w", nameOfObject(object), f.cluster.Name, err)
	}
	return nil
}
