package pipeline

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/proof"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// pushToZot pushes a new artifact to the source, and returns its digest.
func (i *installation) pushToZot(t *testing.T, tag string) string {
	t.Helper()
	reference, err := name.ParseReference(strings.TrimPrefix(i.source(t), "oci://") + ":" + tag)
	require.NoError(t, err)
	var image v1.Image
	image, err = random.Image(64, 1)
	require.NoError(t, err)
	require.NoError(t, remote.Write(reference, image))
	digest, err := image.Digest()
	require.NoError(t, err)
	return digest.String()
}

// switched makes the live release one on ECR, as deploy does.
func (i *installation) switched(t *testing.T) {
	t.Helper()
	source, before := i.source(t), i.Live.Merged
	i.Journal.Begin(i.Destination.URL(), source, 1, before)
	i.Journal.CopiedUntil = copiedUntil(t.Context(), i.World)
	i.Journal.Switched(i.Now())
	i.Live.Merged = onRegistry(i.Destination.Registry.Endpoint(), true)
}

// tagInECR returns what ECR has under a tag.
func (i *installation) tagInECR(t *testing.T, tag string) string {
	t.Helper()
	repository, err := i.ECR.Target(t.Context())
	require.NoError(t, err)
	desc, err := repository.Resolve(t.Context(), tag)
	require.NoError(t, err, tag)
	return desc.Digest.String()
}

// retagInECR moves a tag to what another one names there, as hue does when it pushes what ECR has.
func (i *installation) retagInECR(t *testing.T, tag, as string) string {
	t.Helper()
	repository, err := i.ECR.Target(t.Context())
	require.NoError(t, err)
	desc, body, err := repository.FetchReference(t.Context(), as)
	require.NoError(t, err)
	raw, err := io.ReadAll(body)
	require.NoError(t, err)
	require.NoError(t, body.Close())
	require.NoError(t, repository.PushReference(t.Context(), desc, bytes.NewReader(raw), tag))
	return desc.Digest.String()
}

// TestWhatHuePushesBeforeTheSwitch: copy has read Zot, hue pushes there, deploy switches, hue pushes to ECR. Nothing of it
// may be lost, overwritten by what is older, or be called proven by what was seen before.
func TestWhatHuePushesBeforeTheSwitch(t *testing.T) {
	t.Parallel()
	s, _ := betweenRegistries(t)
	copied, err := Copy(t.Context(), s.World, s.State, Planned{})
	require.NoError(t, err)
	before := s.tagInECR(t, "cart")
	late, cart := s.pushToZot(t, "late"), s.pushToZot(t, "cart")
	s.switched(t)
	checkout := s.retagInECR(t, "checkout", "cart")

	v := Validation{Deployment: Deployment{Copied: copied}, Proofs: []report.Proof{copied.Closure}}
	made, err := v.proveEarlier(t.Context(), s.World, s.State, proof.NewLedger(held(report.ProofRendered, "")))
	require.NoError(t, err)
	assert.True(t, made)
	assert.Equal(t, late, s.tagInECR(t, "late"))
	assert.Equal(t, cart, s.tagInECR(t, "cart"), "hue moved it in Zot before the switch")
	assert.Equal(t, checkout, s.tagInECR(t, "checkout"), "hue moved it in ECR after the switch")
	assert.Contains(t, strings.Join(v.Entry().Notes, "\n"), "tag cart was "+before+" at the destination, now it is "+cart, "the report keeps what was there")
	require.Len(t, v.Entry().Proofs, 1)
	assert.Equal(t, report.Held, v.Entry().Proofs[0].Verdict)
	assert.Contains(t, v.Entry().Proofs[0].Summary, "3 tags")
	assert.Contains(t, s.Journal.Copied, late, "it must not be taken for a push by hue")
	assert.Zero(t, s.Journal.CopiedUntil, "from now on ECR is the newer one whatever differs")

	// A copy that was made when hue was on ECR already is not overtaken: a second run reads nothing twice.
	again, err := Copy(t.Context(), s.World, s.State, Planned{})
	require.NoError(t, err)
	assert.False(t, again.overtaken(s.Journal.SwitchedAt.Add(-1)))
	assert.True(t, again.overtaken(again.Closure.ObservedAt), "unless pods with the old settings still ran")
}

// TestDeployAloneRefusesWhatWasNotCopied: `palette-ecr deploy` without copy before it, or with another endpoint than copy's.
func TestDeployAloneRefusesWhatWasNotCopied(t *testing.T) {
	t.Parallel()
	s, _ := betweenRegistries(t)
	var d Deployment
	err := d.proveCopied(t.Context(), s.World, s.State)
	require.ErrorContains(t, err, "proving closure: ")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	require.Len(t, d.Entry().Proofs, 1)
	assert.Equal(t, report.Broken, d.Entry().Proofs[0].Verdict)

	_, err = Copy(t.Context(), s.World, s.State, Planned{})
	require.NoError(t, err)
	d = Deployment{}
	require.NoError(t, d.proveCopied(t.Context(), s.World, s.State))
	assert.Equal(t, report.Held, d.proofs()[0].Verdict)

	s.pushToZot(t, "late")
	s.switched(t)
	d = Deployment{}
	require.NoError(t, d.proveCopied(t.Context(), s.World, s.State), "there is no switch: validate proves it")
	assert.Empty(t, d.Entry().Proofs)
}

// TestWhatHuePushedBeforeAKill: the run that switched was killed, and another one goes on.
func TestWhatHuePushedBeforeAKill(t *testing.T) {
	t.Parallel()
	s, _ := betweenRegistries(t)
	_, err := Copy(t.Context(), s.World, s.State, Planned{})
	require.NoError(t, err)
	cart := s.pushToZot(t, "cart")
	s.switched(t)

	var v Validation
	_, err = v.proveEarlier(t.Context(), s.World, s.State, proof.NewLedger(held(report.ProofRendered, "")))
	require.ErrorContains(t, err, "(tag cart)", "what ECR has under it is what was copied")
	assert.NotZero(t, s.Journal.CopiedUntil)
	_, err = Copy(t.Context(), s.World, s.State, Planned{})
	require.NoError(t, err)
	assert.Equal(t, cart, s.tagInECR(t, "cart"))
	_, err = v.proveEarlier(t.Context(), s.World, s.State, proof.NewLedger(held(report.ProofRendered, "")))
	require.NoError(t, err)
	assert.Zero(t, s.Journal.CopiedUntil)
}

// TestWhatHuePushesWhileARollbackRestores is the same the other way round.
func TestWhatHuePushesWhileARollbackRestores(t *testing.T) {
	t.Parallel()
	s, _ := betweenRegistries(t)
	_, err := Copy(t.Context(), s.World, s.State, Planned{})
	require.NoError(t, err)
	before := s.Live.Merged
	s.switched(t)
	back, err := CopyBack(t.Context(), s.World, s.State, PlannedReturn{})
	require.NoError(t, err)
	require.True(t, back.Done)
	cart := s.retagInECR(t, "cart", "checkout")
	s.Live.Merged = before
	late := s.pushToZot(t, "checkout")

	_, err = CatchUp(t.Context(), s.World, s.State, Restored{CopiedBack: back, Done: true})
	require.NoError(t, err)
	inZot := func(tag string) string {
		reference, err := name.ParseReference(strings.TrimPrefix(s.Journal.Source, "oci://") + ":" + tag)
		require.NoError(t, err)
		desc, err := remote.Head(reference)
		require.NoError(t, err)
		return desc.Digest.String()
	}
	assert.Equal(t, cart, inZot("cart"), "hue moved it in ECR before the release was restored")
	assert.Equal(t, late, inZot("checkout"), "hue moved it in Zot since")
}
