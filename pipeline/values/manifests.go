package values

import (
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// manifest is a Kubernetes object of the file: a document, or an item of a List.
type manifest struct {
	document         *syntax.Document
	at               []any // where it is in its document: nothing, or "items" and a number
	root             *syntax.Node
	kind, apiVersion string
}

// manifests lists the objects of a file, and the documents that are none.
func manifests(s *syntax.Stream) (objects []manifest, others []*syntax.Document) {
	for i := range s.Documents {
		d := &s.Documents[i]
		if d.Root == nil || d.Root.IsNull() {
			continue
		}
		m := describeManifest(d, d.Root, nil)
		switch list := child(d.Root, "items"); {
		case m.kind == "" || m.apiVersion == "":
			others = append(others, d)
		case strings.HasSuffix(m.kind, "List") && list != nil:
			for i, item := range items(list) {
				objects = append(objects, describeManifest(d, item, []any{"items", i}))
			}
		default:
			objects = append(objects, m)
		}
	}
	return objects, others
}

func describeManifest(d *syntax.Document, root *syntax.Node, at []any) manifest {
	return manifest{document: d, at: at, root: root, kind: text(child(root, "kind")), apiVersion: text(child(root, "apiVersion"))}
}

func (m manifest) name() string { return text(child(child(m.root, "metadata"), "name")) }

func (m manifest) namespace() string { return text(child(child(m.root, "metadata"), "namespace")) }

func (m manifest) isHelmRelease() bool {
	return m.kind == "HelmRelease" && strings.HasPrefix(m.apiVersion, "helm.toolkit.fluxcd.io/")
}

func (m manifest) isApplication() bool {
	return (m.kind == "Application" || m.kind == "ApplicationSet") && strings.HasPrefix(m.apiVersion, "argoproj.io/")
}

// isKustomization: of kustomize, or Flux's, which has patches too.
func (m manifest) isKustomization() bool {
	return m.kind == "Kustomization" && (strings.HasPrefix(m.apiVersion, "kustomize.config.k8s.io/") || strings.HasPrefix(m.apiVersion, "kustomize.toolkit.fluxcd.io/"))
}
