package copy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// What ECR takes: docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html.
const (
	mostTags  = 1000         // of one image
	mostInAll = 100_000      // images of one repository
	mostLayer = 52_000 << 20 // bytes of a layer
)

// refused finds what ECR would not take, before anything is sent: it answers 405 to manifests of kinds and with fields
// that it does not know (aws/containers-roadmap#2439), which Zot takes. What is in Options.Left is not looked at: it
// was left out of the graph.
func (j *job) refused(g *graph, there listed) error {
	if !j.dst.address.Registry.IsECR() {
		return nil
	}
	all, missing := refusals(g, there)
	if total := missing + len(there.there); total > mostInAll {
		return fault.New(fault.Failed, "spread the artifacts over several repositories, or ask AWS for a higher quota (images per repository)",
			"looking for what ECR refuses: %d manifests would be in %q, and a repository holds %d", total, j.dst.url, mostInAll)
	}
	if len(all) == 0 {
		return nil
	}
	return fault.New(fault.Failed, "push it again in a form that ECR takes, or leave it in the source by its tag or digest (--leave)",
		"looking for what ECR refuses: %s", Some(all))
}

// refusals lists what ECR would not take of what is missing there, and counts what is missing.
func refusals(g *graph, there listed) (all []string, missing int) {
	for _, n := range g.sorted() {
		if there.there[n.desc.Digest] {
			continue // ECR has taken it
		}
		missing++
		if why := n.refusal(); why != "" {
			all = append(all, fmt.Sprintf("%s (%s): %s", n.desc.Digest, n.name(), why))
		}
	}
	return all, missing
}

// refusal says why ECR would not take a manifest; "" when it would.
func (n *node) refusal() string {
	if strings.Contains(n.desc.MediaType, ".artifact.manifest.") {
		return "ECR does not know media type " + n.desc.MediaType
	}
	if len(n.tags) > mostTags {
		return fmt.Sprintf("it has %d tags, and an image may have %d", len(n.tags), mostTags)
	}
	for _, b := range n.blobs {
		if b.desc.Size > mostLayer {
			return fmt.Sprintf("layer %s has %s, and a layer may have %s", b.desc.Digest, size(b.desc.Size), size(mostLayer))
		}
	}
	if field := unknownField(n.raw); field != "" {
		return "ECR does not know its field " + field
	}
	return ""
}

// fields are those of manifests and of what is in them.
type fields map[string]fields

var (
	platformFields   = fields{"architecture": nil, "os": nil, "os.version": nil, "os.features": nil, "variant": nil}
	descriptorFields = fields{"mediaType": nil, "digest": nil, "size": nil, "urls": nil, "annotations": nil, "data": nil, "artifactType": nil, "platform": platformFields}
	manifestFields   = fields{
		"schemaVersion": nil, "mediaType": nil, "artifactType": nil, "annotations": nil,
		"config": descriptorFields, "layers": descriptorFields, "manifests": descriptorFields, "subject": descriptorFields,
	}
)

// unknownField returns the path of the first field of a manifest that is in no specification; "" when all are known.
func unknownField(raw []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return ""
	}
	return manifestFields.unknown(value, "")
}

func (f fields) unknown(value any, path string) string {
	switch v := value.(type) {
	case []any:
		for i, each := range v {
			if found := f.unknown(each, fmt.Sprintf("%s[%d]", path, i)); found != "" {
				return found
			}
		}
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			inner, known := f[name]
			at := strings.TrimPrefix(path+"."+name, ".")
			if !known {
				return at
			}
			if inner == nil {
				continue
			}
			if found := inner.unknown(v[name], at); found != "" {
				return found
			}
		}
	}
	return ""
}
