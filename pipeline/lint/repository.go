package lint

import (
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// repositoryRules are about the destination itself.
func repositoryRules() []rule {
	return []rule{
		{
			Rule: report.Rule{
				ID: "L18", Severity: report.Error,
				Title:  "Repository's settings lose or refuse artifacts",
				Why:    "An immutable repository refuses the second push of a tag, even with the same digest. A lifecycle policy deletes by age or count what clusters still use, or archives what nobody has pulled for a while, which answers 404: Flux never pulls an unchanged artifact again. source-controller has a copy until its pod restarts, and fails then.",
				Source: "aws/containers-roadmap#2380; https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html; https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html",
				Fix:    "make tags mutable (aws ecr put-image-tag-mutability), and keep lifecycle rules to what nothing references",
			},
			check: repositorySettings,
		},
		{
			Rule: report.Rule{
				ID: "L19", Severity: report.Warning,
				Title:  "ECR Public makes the manifests world-readable",
				Why:    "What hue pushes are the rendered manifests of the workloads, with whatever is in them. Anybody can pull from ECR Public.",
				Source: "https://docs.aws.amazon.com/AmazonECR/latest/public/what-is-ecr.html",
				Fix:    "take a private registry, or accept it: --allow-public, or registry.allowPublic: true in the cutover file",
			},
			check: worldReadable,
		},
	}
}

func worldReadable(v *view) error {
	switch r := &v.hub; {
	case v.in.Target.Registry.AllowPublic:
	case r.isPublic():
		v.about(report.Warning, r.endpoint, "take a private registry, or accept it with --allow-public", "hue pushes to ECR Public: the manifests of all workloads become world-readable")
	case v.in.Destination.Registry.Kind == registry.Public:
		v.about(report.Warning, r.endpoint, "take a private registry, or accept it with --allow-public", "the destination is ECR Public: the manifests of all workloads become world-readable")
	}
	return nil
}
