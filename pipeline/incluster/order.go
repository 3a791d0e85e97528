// Package incluster copies from a pod beside the source registry: a Job in the release's namespace, one pod or several
// shards, so that no artifact goes through the machine that palette-ecr runs on. The pods get everything as one Secret
// and need no right in the cluster; their AWS identity is that of a ServiceAccount, hue's unless another is named.
package incluster

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/source"
)

// schema is the version of an order: a pod whose image is of another build refuses what it does not know.
const schema = 2

// Work is what pods do.
type Work string

const (
	CopyProven Work = "copy-proven" // copy everything, and prove the closure
	CopyShard  Work = "copy-shard"  // copy a part
	Prove      Work = "prove"       // prove the closure of everything
)

// Order is what pods are told. It holds credentials of the source registry: it travels only as a Secret.
type Order struct {
	Schema int           `json:"schema"`
	Work   Work          `json:"work"`
	Shards int           `json:"shards"`
	Repair bool          `json:"repair,omitempty"` // trust no manifest that is there to be whole
	Source source.Sealed `json:"source"`
	Pairs  []Pair        `json:"pairs"`
	Quotas copy.Limits   `json:"quotas,omitempty"`

	Keep  bool      `json:"keep,omitempty"` // as copy.Options.Keep
	Since time.Time `json:"since,omitzero"` // as copy.Options.Since
}

// Pair is one repository to copy.
type Pair struct {
	Source      string              `json:"source"` // its path at the source
	Destination registry.Repository `json:"destination"`
	References  []copy.Reference    `json:"references,omitempty"`
	Left        []string            `json:"left,omitempty"` // as copy.Options.Left
}

// mostOrder is how much of an order a Secret takes, in bytes: it may hold 1 MiB with everything else in it
// (kubernetes.io/docs/concepts/configuration/secret).
const mostOrder = 1000 << 10

// seal writes an order as small as it gets.
func (o Order) seal() ([]byte, error) {
	o.Schema = schema
	var out bytes.Buffer
	packed := gzip.NewWriter(&out)
	if err := json.NewEncoder(packed).Encode(o); err != nil {
		return nil, err
	}
	if err := packed.Close(); err != nil {
		return nil, err
	}
	if out.Len() > mostOrder {
		used := 0
		for _, p := range o.Pairs {
			used += len(p.References)
		}
		return nil, fault.New(fault.Usage, "copy without --in-cluster, from a machine near the cluster", "writing down what pods are to copy: %d OCIRepositories use artifacts, which is more than a Secret can hold", used)
	}
	return out.Bytes(), nil
}

// unseal reads an order.
func unseal(data []byte) (Order, error) {
	var o Order
	packed, err := gzip.NewReader(bytes.NewReader(data))
	if err == nil {
		var text []byte
		if text, err = io.ReadAll(packed); err == nil {
			err = json.Unmarshal(text, &o)
		}
	}
	if err == nil && o.Schema != schema {
		err = fmt.Errorf("it has schema %d, and this build knows %d", o.Schema, schema)
	}
	if err != nil {
		return o, fault.New(fault.Usage, "give --image of the same version as palette-ecr itself", "reading what is to be copied: %w", err)
	}
	return o, nil
}
