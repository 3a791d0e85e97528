package lint

import (
	"bytes"
	"slices"

	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// unseenRules are about what no file shows.
func unseenRules() []rule {
	return []rule{{
		Rule: report.Rule{
			ID: "L31", Severity: report.Warning,
			Title:  "Settings can't be seen here",
			Why:    "What valuesFrom names, what SOPS encrypted, and what Flux or a template puts in place of a variable is known only where it is applied: credentials in it come back, and another endpoint wins.",
			Source: "https://fluxcd.io/flux/components/helm/helmreleases/#values; fluxcd/flux2#2614; getsops/sops (encrypted values)",
			Fix:    "give the source with --values-from kind/name=FILE or --values-from-hub, lint the decrypted file (sops decrypt FILE | palette-ecr lint -f -), or write the value out",
		},
		check: unseen,
	}}
}

func unseen(v *view) error {
	before := len(v.findings)
	v.unjudgedSettings()
	told := v.findings[before:]
	for _, l := range v.file.Hidden() {
		if !slices.ContainsFunc(told, func(f report.Finding) bool { return f.Place.Line == l.Place.Line && f.Place.Column == l.Place.Column }) { // the setting says more
			v.add(report.Warning, l.Place, l.See(), "%s gives further values, %s", l.Name, l.Why())
		}
	}
	if r := v.file.HelmRelease(); r != nil && r.Patch {
		place := r.Place
		place.EndLine, place.EndColumn = 0, 0
		v.add(report.Info, place, "lint what kustomize build makes of it too", "this HelmRelease names no chart: it is a patch, and what it is laid over can't be seen here")
	}
	return nil
}

// unjudgedSettings are settings whose values can't be read here.
func (v *view) unjudgedSettings() {
	if !v.layered && !v.mayHide() {
		return
	}
	const remedy = "decrypt the file, or write the value out"
	for _, s := range v.switches() {
		v.unjudged(s, remedy, s.path)
	}
	v.registries(func(r *registrySettings) {
		for _, key := range mural.RegistryKeys() {
			v.unjudged(r.at.sub(key), remedy, key+" of "+r.who())
		}
		for _, key := range []string{"username", "password"} { // a login that stays in the file is one to remove, encrypted or not
			if s := r.basicAuth.sub(key); s.own {
				v.unjudged(s, "decrypt the file to judge it; on ECR remove basicAuth", "basicAuth."+key+" of "+r.who())
			}
		}
	})
}

// unjudged adds a setting whose value can't be read here; what names it is for people.
func (v *view) unjudged(s setting, remedy, what string) {
	switch {
	case !s.unseen():
	case s.layer.Unseen:
		v.add(report.Warning, s.key(), s.layer.See(), "%s comes from %s, %s", what, s.layer.Origin(), s.layer.Why())
	default:
		v.add(report.Warning, s.key(), remedy, "%s is encrypted or a variable: what it is can't be judged here", what)
	}
}

// switches are the settings beside those of registries that a verdict depends on: whether Zot is on, and the roles.
func (v *view) switches() []setting {
	all := []setting{v.root.sub(mural.Zot, mural.Enabled)}
	if v.identity() == target.IRSA {
		for _, a := range v.accounts() {
			all = append(all, a.create, a.role)
		}
	}
	return all
}

// mayHide reports whether something in the file may be a value that can't be read here.
func (v *view) mayHide() bool {
	data := v.file.Data()
	return bytes.Contains(data, []byte("ENC[")) || bytes.Contains(data, []byte("${")) || bytes.Contains(data, []byte("{{"))
}
