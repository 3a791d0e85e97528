package lint

import (
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// certRules are about how the old registry was reached.
func certRules() []rule {
	return []rule{{
		Rule: report.Rule{
			ID: "L29", Severity: report.Error,
			Title:  "A certificate or proxy of the old registry is left",
			Why:    "certSecretName becomes spec.certSecretRef of every OCIRepository: with Zot's own authority in it, source-controller trusts nobody else, and can't verify ECR; when the Secret goes with Zot, the object isn't Ready at all. A proxy that reaches Zot needn't reach ECR.",
			Source: "fluxcd/source-controller internal/controller/ocirepository_controller.go (certSecretRef, proxySecretRef)",
			Fix:    "remove certSecretName and proxySecretName; if they are meant for ECR, say so (--keep-cert)",
		},
		fixable: true, check: certificates,
	}}
}

func certificates(v *view) error {
	if v.in.KeepCert {
		return nil
	}
	v.registries(func(r *registrySettings) {
		if !r.ecr() {
			return
		}
		for _, key := range mural.TransportKeys() {
			if s := r.at.sub(key); !s.empty() {
				v.aboutAt(report.Error, s, s.key(), v.byRender("remove it (`lint --fix` and `render` do it), or say that ECR needs it: --keep-cert"), "%s of %s is still there: what served the old registry is used for ECR", key, r.who())
			}
		}
	})
	return nil
}
