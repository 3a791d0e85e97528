// Package journal keeps what a cutover must remember between runs: for the rollback, and so that a second run
// need not prove again what still counts. It is a Secret in the release's namespace, since the values from
// before the cutover hold Zot's password; it is in no file of ours, and nothing of it is ever logged.
package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/baseline"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/own"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

const (
	// Name of the Secret.
	Name = "palette-ecr-journal"
	// Type of the Secret: kubectl shows it, and it can't be taken for a Secret of another use.
	Type corev1.SecretType = "palette-ecr/journal"

	key = "journal.json"
)

// content is what is stored.
type content struct {
	APIVersion string `json:"apiVersion"`

	// URL of the repository that workloads are moved away from, as the hub names it, and as each cluster names it. An
	// older journal has only the hub's.
	Source           string            `json:"source,omitempty"`
	Sources          map[string]string `json:"sources,omitempty"`
	Destination      string            `json:"destination,omitempty"`  // URL of the one that they are moved to
	Original         map[string]any    `json:"original,omitzero"`      // the user's values before the cutover; nil: none is on record
	Applied          map[string]any    `json:"applied,omitzero"`       // the values that the cutover gave the release in their place
	Inline           map[string]any    `json:"inline,omitzero"`        // with Flux, Original of the HelmRelease alone: what its valuesFrom brings stays out
	InlineApplied    map[string]any    `json:"inlineApplied,omitzero"` // and Applied of it
	Open             bool              `json:"open,omitempty"`         // it has begun, and the rollback has not ended
	Plan             string            `json:"plan,omitempty"`         // hash of the plan that it began with
	ManagedBy        string            `json:"managedBy,omitempty"`    // who applies the release, as target.ManagedBy
	PreviousRevision int               `json:"previousRevision,omitempty"`
	PreviousVersion  string            `json:"previousVersion,omitempty"` // of mural's chart
	PreviousCRDs     int               `json:"previousCRDs,omitempty"`    // revision of mural-crds; zero: Helm had none
	Waves            []Wave            `json:"waves,omitempty"`           // groups of spokes that were switched before hue
	SwitchedAt       time.Time         `json:"switchedAt,omitzero"`       // since when only pods with the new settings run
	Proofs           []report.Proof    `json:"proofs,omitempty"`          // the newest of each name and cluster that held
	Revoked          []report.Proof    `json:"revoked,omitempty"`         // that held, and that a later look has contradicted since: how they failed
	Copied           []string          `json:"copied,omitempty"`          // digests that copy wrote since the switch

	// CopiedUntil is when the destination got its newest manifest before the switch, by its own clock. Zero once everything
	// that came to the source between copy's reading and the switch is proven to be there too.
	CopiedUntil time.Time `json:"copiedUntil,omitzero"`

	Leftovers []Leftover `json:"leftovers,omitempty"` // what could not be deleted yet
	Without   []string   `json:"without,omitempty"`   // spokes that were left out by name
	Left      []string   `json:"left,omitempty"`      // repositories of Zot that were left there by name
	Behind    []string   `json:"behind,omitempty"`    // spokes of which nobody has seen yet that they came back from ECR

	Baseline *baseline.Snapshot `json:"baseline,omitempty"` // what was broken before the cutover; nil: nobody has looked
	Accepted []string           `json:"accepted,omitempty"` // of that, by name: --accept-broken

	ZotOffAt time.Time `json:"zotOffAt,omitzero"` // when Zot was turned off
	Last     Stamp     `json:"last,omitzero"`     // who wrote this
}

// Stamp is who wrote the journal, and what it was doing.
type Stamp struct {
	Run     string    `json:"run,omitempty"` // its ID, as the Lease has it
	By      string    `json:"by,omitempty"`  // user@host
	Command string    `json:"command,omitempty"`
	Stage   string    `json:"stage,omitempty"`
	At      time.Time `json:"at,omitzero"`
}

// Leftover is an object that a run made in a cluster and could not delete.
type Leftover struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// String is cluster, namespace and name.
func (l Leftover) String() string { return l.Cluster + ": " + l.Namespace + "/" + l.Name }

const apiVersion = "palette-ecr/v1alpha1"

// Journal is the Secret, read. Change it with its methods, then Save it.
type Journal struct {
	content

	// BeforeWrite is called right before each write, and its error ends it: whoever holds a Lease takes it here. nil is
	// nothing.
	BeforeWrite func(context.Context) error

	// Writer goes into what is written, with the time. A journal in which nothing else has changed is not written.
	Writer Stamp

	client    client.Client
	namespace string
	object    *corev1.Secret // as it was read or written last; nil when there is none
	stored    content
}

// String keeps what is in it out of logs.
func (j *Journal) String() string { return "journal " + j.namespace + "/" + Name }

// GoString is for %#v.
func (j *Journal) GoString() string { return j.String() }

// Load reads the journal of the release in a namespace. That there is none yet is no error.
func Load(ctx context.Context, c client.Client, namespace string) (*Journal, error) {
	j := &Journal{client: c, namespace: namespace}
	var secret corev1.Secret
	err := c.Get(ctx, client.ObjectKey{Namespace: namespace, Name: Name}, &secret)
	if apierrors.IsNotFound(err) {
		return j, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the journal, Secret %s/%s: %w", namespace, Name, err)
	}
	if err := j.decode(&secret); err != nil {
		return nil, err
	}
	return j, nil
}

// decode never quotes the data in an error.
func (j *Journal) decode(secret *corev1.Secret) error {
	remedy := fmt.Sprintf("a newer palette-ecr may have written it: use that one; else keep a copy of Secret %s/%s and delete it", j.namespace, Name)
	var stored content
	if json.Unmarshal(secret.Data[key], &stored) != nil {
		return fault.New(fault.Refused, remedy, "reading the journal, Secret %s/%s: it is not what palette-ecr writes", j.namespace, Name)
	}
	if stored.APIVersion != apiVersion {
		return fault.New(fault.Refused, remedy, "reading the journal, Secret %s/%s: its version is %q, not %q", j.namespace, Name, stored.APIVersion, apiVersion)
	}
	j.content, j.object = stored, secret
	j.stored = copied(stored)
	return nil
}

// copied goes through JSON, so that what is compared later is what would be read.
func copied(c content) content {
	data, err := json.Marshal(c)
	if err != nil {
		return c
	}
	var fresh content
	if json.Unmarshal(data, &fresh) != nil {
		return c
	}
	return fresh
}

// Save writes the journal when something in it has changed since it was read, and else not.
func (j *Journal) Save(ctx context.Context) error {
	j.APIVersion = apiVersion
	if j.object != nil && reflect.DeepEqual(copied(j.content), j.stored) {
		return nil
	}
	if j.BeforeWrite != nil {
		if err := j.BeforeWrite(ctx); err != nil {
			return err
		}
	}
	j.Last = j.Writer
	j.Last.At = time.Now().UTC().Truncate(time.Second)
	data, err := json.Marshal(j.content)
	if err != nil {
		return fmt.Errorf("encoding the journal, Secret %s/%s: the values can't be written as JSON", j.namespace, Name)
	}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: j.namespace, Name: Name, Labels: map[string]string{own.Label: own.Name}},
		Type:       Type,
		Data:       map[string][]byte{key: data},
	}
	if j.object == nil {
		err = j.client.Create(ctx, secret)
	} else {
		// With the version that was read: of two runs at once the second must not overwrite the first.
		secret.ResourceVersion = j.object.ResourceVersion
		err = j.client.Update(ctx, secret)
	}
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) {
		return fault.New(fault.Refused, "let one run at a time work on a release, then run again", "writing the journal, Secret %s/%s: another run has written it meanwhile", j.namespace, Name)
	}
	if err != nil {
		return fault.New(fault.Failed, fmt.Sprintf("make sure that you may create and update Secrets in namespace %s", j.namespace), "writing the journal, Secret %s/%s: %w", j.namespace, Name, err)
	}
	j.object, j.stored = secret, copied(j.content)
	return nil
}

// Begin notes where a cutover starts from, before anything is touched: the values that the live release has
// while it is not on the destination yet are those to go back to. What was noted of an earlier try is dropped.
func (j *Journal) Begin(destination, source string, revision int, original map[string]any) {
	if original == nil {
		original = map[string]any{} // a release without values of its own is on record too
	}
	leftovers := j.Leftovers // they are still in the clusters
	j.content = content{APIVersion: apiVersion, Source: source, Destination: destination, Original: original, PreviousRevision: revision, Open: true, Leftovers: leftovers}
}

// Installed notes that a release is being installed on a destination: there is nothing to go back to.
func (j *Journal) Installed(destination string, applied map[string]any) {
	j.content = content{APIVersion: apiVersion, Destination: destination, Applied: applied, Leftovers: j.Leftovers}
}

// Switched notes since when only pods with the new settings run. Proofs from before it don't count any more.
func (j *Journal) Switched(at time.Time) {
	if at.Equal(j.SwitchedAt) {
		return
	}
	j.SwitchedAt = at.UTC()
	j.Proofs, j.Revoked, j.Copied = nil, nil, nil
}

// Back notes that the release is as it was before the cutover, and which spokes were left behind.
func (j *Journal) Back(behind ...string) {
	j.CopiedUntil = time.Time{}
	j.SwitchedAt, j.ZotOffAt, j.Proofs, j.Revoked, j.Copied, j.Waves, j.Open = time.Time{}, time.Time{}, nil, nil, nil, nil, false
	j.Behind = behind
}

// Returned notes of spokes that were left behind that they came back too.
func (j *Journal) Returned(spokes ...string) {
	j.Behind = slices.DeleteFunc(slices.Clone(j.Behind), func(name string) bool { return slices.Contains(spokes, name) })
	if len(j.Behind) == 0 {
		j.Behind = nil
	}
}

// Exists reports whether there is a journal in the cluster.
func (j *Journal) Exists() bool { return j.object != nil }

// Delete removes the journal from the cluster: the previous values go with it, and so does the rollback.
func (j *Journal) Delete(ctx context.Context) error {
	if j.object == nil {
		return nil
	}
	if j.BeforeWrite != nil {
		if err := j.BeforeWrite(ctx); err != nil {
			return err
		}
	}
	err := j.client.Delete(ctx, j.object, client.Preconditions{UID: &j.object.UID, ResourceVersion: &j.object.ResourceVersion})
	if apierrors.IsConflict(err) {
		return fault.New(fault.Refused, "let one run at a time work on a release, then run again", "deleting the journal, Secret %s/%s: another run has written it meanwhile", j.namespace, Name)
	}
	if err != nil && !apierrors.IsNotFound(err) {
		return fault.New(fault.Failed, fmt.Sprintf("make sure that you may delete Secrets in namespace %s", j.namespace), "deleting the journal, Secret %s/%s: %w", j.namespace, Name, err)
	}
	j.object, j.content, j.stored = nil, content{}, content{}
	return nil
}

// SourceOf returns the URL of the source repository as a cluster names it: its own where it is on record. A journal
// that has no cluster's own address knows one for all.
func (j *Journal) SourceOf(cluster string) string {
	if len(j.Sources) == 0 {
		return j.Source
	}
	return j.Sources[cluster]
}

// NoteCopied adds digests that copy wrote. Before the switch they mean nothing: what Hue pushes is newer.
func (j *Journal) NoteCopied(digests []string) {
	if j.SwitchedAt.IsZero() {
		return
	}
	for _, d := range digests {
		if !slices.Contains(j.Copied, d) {
			j.Copied = append(j.Copied, d)
		}
	}
	slices.Sort(j.Copied)
}

// Leave notes what could not be deleted, beside what is on record.
func (j *Journal) Leave(leftovers []Leftover) {
	for _, l := range leftovers {
		if !slices.Contains(j.Leftovers, l) {
			j.Leftovers = append(j.Leftovers, l)
		}
	}
}
