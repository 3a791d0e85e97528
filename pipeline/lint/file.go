package lint

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/secret"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// fileRules are about what shouldn't be in a file at all.
func fileRules() []rule {
	return []rule{
		{
			Rule: report.Rule{
				ID: "L22", Severity: report.Error,
				Title:  "A placeholder is left",
				Why:    "The guide's examples are full of <account-id>, <region> and their like. Helm passes them on as they are, and the first thing that fails is a push or a pull.",
				Source: "the guide",
				Fix:    "write your own value",
			},
			check: placeholders,
		},
		{
			Rule: report.Rule{
				ID: "L26", Severity: report.Error,
				Title:  "A registry's credentials are in the file",
				Why:    "A password in a file ends in a repository and its history. ECR has no lasting one: what `aws ecr get-login-password` prints for the user AWS expires after 12 hours, and access keys aren't used for ECR by Flux at all.",
				Source: "https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_AuthorizationData.html; fluxcd/source-controller#787; https://fluxcd.io/flux/integrations/aws/",
				Fix:    "remove basicAuth, and change the password if the file was ever shared",
			},
			fixable: true, check: credentials,
		},
	}
}

// guidePlaceholder are those of the guide, which mean nothing else wherever they are.
var guidePlaceholder = regexp.MustCompile(`<(account-id|region|ecr-namespace|ecr-repo-name|public-registry-alias|iam-role-name|provider-id|helm-release-namespace|username|password)>`)

// substituted is what Flux itself replaces in a manifest (fluxcd.io, Kustomization, postBuild): in a
// HelmRelease it is no leftover.
var substituted = regexp.MustCompile(`<[A-Za-z][A-Za-z0-9 _.-]*>|\B\$[A-Z_]+`)

func placeholders(v *view) error {
	root, ok := v.file.Root()
	if data := v.file.Data(); !ok || !bytes.ContainsAny(data, "<$") && !bytes.Contains(data, []byte("{{")) {
		return nil // regular expressions over the whole file take longer than reading it
	}
	ours := placeholder
	if v.file.Kind() != values.Plain {
		ours = substituted
	}
	root.Each(func(top values.Node) bool {
		pattern := guidePlaceholder
		if slices.Contains(mural.Sections(), top.Path) {
			pattern = ours
		}
		scalars(top, func(n values.Node) {
			found := pattern.FindAllString(n.Text(), -1)
			if !v.looks(n.Path) { // a chart's own template, or helmfile's: it stands in nobody's way
				found = slices.DeleteFunc(found, func(text string) bool { return text == "{{" })
			}
			if len(found) > 0 {
				place := n.Place()
				if place.EndLine != place.Line {
					place.EndLine, place.EndColumn = 0, 0
				}
				v.add(report.Error, place, "write your own value in its place", "%s is left from an example", named(n.Path, found))
			}
		})
		return true
	})
	return nil
}

// looks reports whether a rule reads the value at a path: those of registries, service accounts and Zot's switch.
func (v *view) looks(path string) bool {
	for _, part := range []string{mural.OCIRegistry, mural.ServiceAccount} {
		if strings.Contains(path+".", "."+part+".") {
			return true
		}
	}
	return path == mural.Dotted(mural.ZotEnabled()...) || strings.HasSuffix(path, "]."+mural.Name)
}

// named shows placeholders, but for what may as well be a secret that looks like one.
func named(path string, found []string) string {
	secret := strings.Contains(path, mural.BasicAuth) || strings.Contains(strings.ToLower(path), "password")
	for _, text := range found {
		if secret && !guidePlaceholder.MatchString(text) {
			return "a placeholder"
		}
	}
	return strings.Join(found, ", ")
}

// scalars visits every scalar below a node that is written there.
func scalars(n values.Node, visit func(values.Node)) {
	if _, aliased := n.Aliased(); aliased {
		return // it is visited at its anchor
	}
	if !n.IsMapping() && !n.IsList() {
		visit(n)
		return
	}
	n.Each(func(entry values.Node) bool {
		scalars(entry, visit)
		return true
	})
}

func credentials(v *view) error {
	manifest := v.file.Kind() != values.Plain
	v.registries(func(r *registrySettings) {
		user, password := r.basicAuth.sub(mural.Username), r.basicAuth.sub(mural.Password)
		switch {
		case user.own && user.text() == "AWS":
			v.about(report.Error, user, "remove basicAuth, and set provider to aws", "%s logs in as user AWS, with a token that expires 12 hours after it was made", r.who())
		case !password.own || password.empty() || password.unseen() || placeholder.MatchString(password.text()):
		case manifest:
			v.about(report.Error, password, "remove basicAuth; until the cutover keep it in a Secret that valuesFrom names", "the password of %s is in a manifest, which is made to be committed", r.who())
		case v.judged:
			v.about(report.Warning, password, "remove basicAuth, and keep the old file out of Git", "the password of %s is in the file", r.who())
		}
	})
	if v.judged || manifest {
		v.leftLogins()
	}
	for _, l := range v.file.Layers() {
		for _, place := range l.Logins {
			if v.judged {
				v.add(report.Warning, place, "remove basicAuth there too, and change the password if the file was ever shared", "the password of a registry is in %s, which is merged with this file", l.Name)
			}
		}
		if l.Above && l.TargetPath != "" && !l.Unseen && l.Place.File == v.file.Name() && len(values.SecretsIn(l.Values)) > 0 {
			v.add(report.Error, l.Place, "take it out; on ECR nobody logs in with a password", "%s is a credential in clear, in a manifest, which is made to be committed", l.Name)
		}
	}
	for _, c := range v.file.ObjectCredentials() {
		severity := report.Warning
		if c.Login {
			severity = report.Error
		}
		if c.Ignored {
			v.add(severity, c.Place, "take helm.values out, and change the password if the file was ever shared", "helm.values holds credentials in clear, and counts for nothing: helm.valuesObject takes its place")
			continue
		}
		v.add(severity, c.Place, "keep it out of Git: make the Secret another way (an external secret, SOPS), and let valuesFrom name it", "%s holds credentials in clear, in a manifest, which is made to be committed", c.Place.Object)
	}
	accessKeys(v)
	return nil
}

// leftLogins finds logins that no registry's settings have any more, and that stay in the file all the same: under a key of
// the author's own from which they were merged, or a password that an anchor gave them, and under one that is nearly basicAuth.
func (v *view) leftLogins() {
	root, ok := v.file.Root()
	if !ok {
		return
	}
	root.Each(func(top values.Node) bool {
		if !slices.Contains(mural.Sections(), top.Path) && !inChart(v, "", top.Path) {
			v.leftLogin(top)
			v.leftPassword(top)
			if inner, ok := top.Lookup(mural.BasicAuth); ok {
				v.leftLogin(inner)
			}
		}
		return true
	})
	v.registries(func(r *registrySettings) {
		if !r.at.own || !r.at.node.IsMapping() {
			return
		}
		for _, key := range r.at.node.Names() {
			if entry, ok := r.at.node.Lookup(key); ok && key != mural.BasicAuth && nearest(key, mural.Words()) == mural.BasicAuth {
				v.leftLogin(entry)
			}
		}
	})
}

// leftPassword finds a password that is written for an anchor's sake, and which nothing takes from there any more.
func (v *view) leftPassword(n values.Node) {
	if n.IsMapping() || n.IsList() || !n.Unused() || !secret.Key(n.Path) || n.Text() == "" || placeholder.MatchString(n.Text()) {
		return
	}
	severity := report.Warning
	if v.file.Kind() != values.Plain {
		severity = report.Error
	}
	v.add(severity, n.Place(), "take it out, and change the password if the file was ever shared", "%s is still in the file, and no registry's settings use it", n.Path)
}

// leftLogin finds a login that a mapping is, and nothing else.
func (v *view) leftLogin(n values.Node) {
	if _, aliased := n.Aliased(); aliased || !n.IsMapping() {
		return // it is found at its anchor
	}
	password, ok := n.Lookup(mural.Password)
	if user, has := n.Lookup(mural.Username); !ok || !has || n.Len() != 2 || user.Text() == "" || password.Text() == "" || placeholder.MatchString(password.Text()) {
		return
	}
	severity := report.Warning
	if v.file.Kind() != values.Plain {
		severity = report.Error
	}
	v.add(severity, password.Place(), "take it out, and change the password if the file was ever shared", "the login %s is still in the file, and no registry's settings use it", n.Path)
}

// accessKey is the ID of an AWS access key, lasting or temporary (IAM User Guide, "IAM identifiers").
var accessKey = regexp.MustCompile(`\b(AKIA|ASIA)[A-Z2-7]{16}\b`)

// accessKeys finds keys anywhere in the file, also in comments.
func accessKeys(v *view) {
	data := v.file.Data()
	for _, prefix := range []string{"AKIA", "ASIA"} {
		for at := 0; ; at++ {
			next := bytes.Index(data[at:], []byte(prefix))
			if next < 0 {
				break
			}
			at += next
			start := bytes.LastIndexByte(data[:at], '\n') + 1
			match := accessKey.FindIndex(data[max(start, at-1):])
			if match == nil || max(start, at-1)+match[0] != at {
				continue
			}
			line, column := 1+bytes.Count(data[:at], []byte("\n")), 1+utf8.RuneCount(data[start:at])
			place := report.Place{File: v.file.Name(), Line: line, Column: column, EndLine: line, EndColumn: column + match[1] - match[0]}
			v.add(report.Error, place, "remove it, and delete the key in IAM", "the ID of an AWS access key is in the file")
		}
	}
}
