package plan

import (
	"cmp"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// FactKind says what a fact is about.
type FactKind string

const (
	Input    FactKind = "input"    // what the person gives: values, chart, target, flags
	Release  FactKind = "release"  // a Helm release: its revision and status
	Object   FactKind = "object"   // an object of the release: its generation, and a hash of it without its status
	Workload FactKind = "workload" // an OCIRepository of a workload: a hash of its spec without what hue writes with each push
)

// Absent is what is seen of an object that is not there.
const Absent = "absent"

// Fact is one thing that a plan rests on.
type Fact struct {
	Kind FactKind `json:"kind"`
	Name string   `json:"name"`
	Seen string   `json:"seen"`
}

func compareFacts(a, b Fact) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
}

// Sum returns a hash of something that holds no secret.
func Sum(value any) string {
	sum := sha256.Sum256(encoded(value))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// rounds make each guess of a password in sealed values cost as much as OWASP asks of PBKDF2 with SHA-256.
const rounds = 600_000

// Seal returns a hash of something that may hold passwords. A plan is kept where many can read it: who guesses at a
// password in it pays for each guess. The salt need not be secret, and is the same for the same installation.
func Seal(value any, salt string) (string, error) {
	key, err := pbkdf2.Key(sha256.New, string(encoded(value)), []byte("palette-ecr plan "+salt), rounds, sha256.Size)
	return "pbkdf2:" + hex.EncodeToString(key), err
}

// encoded is JSON, whose maps are in order. What can't be written is the same as nothing.
func encoded(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		return nil
	}
	return data
}
