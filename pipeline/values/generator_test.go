package values_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// generator writes values as many hands would.
type generator struct{ *rand.Rand }

func (g *generator) pick(choices ...string) string { return choices[g.IntN(len(choices))] }

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

// file is a whole values.yaml.
func (g *generator) file() string {
	step := g.pick("  ", "  ", "    ", "   ")
	sections := []string{
		"# about names\nglobal:\n>dns:\n>>domain: \"palette.example.internal\"   # the host\n",
		"canvas:\n>ingress: {enabled: true, paths: [{path: /ai}]}\n>banner: |\n>>one\n\n>>  two\n",
		"dex:\n>config:\n>>connectors:\n>>- type: oidc\n>>  id: 'ünï'\n>>-   type: saml\n",
		"x-anchor: &anchor {a: 1}\nuses:\n>first: *anchor\n>second:\n>>-\n>>>>b: *anchor\n",
	}
	if g.chance(85) {
		sections = append(sections, g.hue())
	}
	if g.chance(85) {
		sections = append(sections, g.fleet())
	}
	if g.chance(50) {
		sections = append(sections, g.pick("flux2:\n>policies: {create: false}\n", "flux2: {}\n", "flux2:\n",
			"flux2:\n>sourceController:\n>>serviceAccount:\n>>>annotations:\n>>>>eks.amazonaws.com/role-arn: old\n",
			"flux2: {sourceController: {serviceAccount: {create: false, annotations: {eks.amazonaws.com/role-arn: old, a: b}}}}\n"))
	}
	if g.chance(50) {
		sections = append(sections, g.pick("zot:\n>enabled: true\n>persistence: {size: 8Gi}\n", "zot: {enabled: yes}\n", "zot: ~\n", "zot:\n>x: 1\n"))
	}
	g.Shuffle(len(sections), func(i, j int) { sections[i], sections[j] = sections[j], sections[i] })
	text := g.pick("", "", "# head\n\n", "---\n") + strings.Join(sections, g.pick("", "\n", "\n# ----\n\n")) + g.pick("", "", "\n# tail\n")
	text = strings.ReplaceAll(text, ">>>>", step+step+step+step)
	text = strings.ReplaceAll(text, ">>>", step+step+step)
	text = strings.ReplaceAll(text, ">>", step+step)
	text = strings.ReplaceAll(text, ">", step)
	if g.chance(20) {
		text = strings.TrimRight(text, "\n")
	}
	if g.chance(20) {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	if g.chance(10) {
		text = "\ufeff" + text
	}
	return text
}

func (g *generator) hue() string {
	if g.chance(10) {
		return g.pick("hue:\n", "hue: {} # none\n", "hue: null\n")
	}
	parts := []string{">replicas: 2 # of hue\n"}
	if g.chance(90) {
		parts = append(parts, g.registry(">", "hue"))
	}
	if g.chance(50) {
		parts = append(parts, g.pick(">serviceAccount:\n>>create: false\n>>annotations: {team: a}\n", ">serviceAccount: {}\n",
			">serviceAccount:\n>>annotations:\n>>>eks.amazonaws.com/role-arn: 'arn:old' # old\n", ">serviceAccount:\n>>annotations:\n>>>a: b\n>>>eks.amazonaws.com/role-arn: old\n>>name: hue\n"))
	}
	g.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	return "hue:\n" + strings.Join(parts, "")
}

func (g *generator) fleet() string {
	if g.chance(15) {
		return g.pick("fleetConfig: {enabled: true}\n", "fleetConfig:\n>spokes: []\n", "fleetConfig:\n>enabled: true\n", "fleetConfig:\n")
	}
	dash := g.pick(">", ">>", ">>")
	var b strings.Builder
	b.WriteString("fleetConfig:\n>spokes:\n")
	for i := range 1 + g.IntN(4) {
		fmt.Fprintf(&b, "%s%s", g.pick("", dash+"# about the next\n"), "")
		parts := []string{fmt.Sprintf("name: spoke-%d # name\n", i), "klusterlet:\n" + dash + "    values: {a: 1}\n"}
		if g.chance(85) {
			parts = append(parts, g.spokeRegistry(dash))
		}
		g.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		if g.chance(15) {
			fmt.Fprintf(&b, "%s- {name: flow-%d, kubeconfig: {inCluster: true}%s}\n", dash, i, g.pick("", ", ociRegistry: {basicAuth: {username: a, password: b}}", ", \"ociRegistry\": {endpoint: 'x', basicAuth: {}}"))
			continue
		}
		b.WriteString(dash + "- " + strings.Join(parts, dash+"  "))
	}
	return b.String()
}

// spokeRegistry is a registry two columns behind a dash.
func (g *generator) spokeRegistry(dash string) string {
	text := g.registry("", "spoke")
	lines := strings.SplitAfter(text, "\n")
	for i := range lines {
		if i > 0 && lines[i] != "" && lines[i] != "\n" {
			lines[i] = dash + "  " + strings.ReplaceAll(lines[i], ">", "  ")
		}
	}
	return strings.Join(lines, "")
}

// registry is an ociRegistry in one of many shapes, indented by prefix.
func (g *generator) registry(prefix, of string) string {
	q := g.pick("", "'", "\"")
	values := []string{
		"endpoint: " + q + "oci://zot:5000" + q + g.pick("", " # where"), "repository: " + q + "mural-workloads" + q, "insecure: " + g.pick("true", "yes", "\"true\""),
		"provider: " + g.pick("generic", "aws", "", "'generic'"), "certSecretName: " + g.pick("''", "zot-ca", "~"), g.pick("interval: 5m", "interval:   '10m'", "interval: "), "timeout: 60s",
	}
	g.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
	values = values[:g.IntN(len(values)+1)]
	if g.chance(12) {
		flow := append([]string{}, values...)
		for i := range flow {
			flow[i], _, _ = strings.Cut(flow[i], " #")
		}
		if g.chance(50) {
			flow = append(flow, "basicAuth: {username: u, password: p}")
		}
		return prefix + "ociRegistry: {" + strings.Join(flow, ", ") + "}\n"
	}
	var b strings.Builder
	b.WriteString(prefix + "ociRegistry:" + g.pick("", " # of "+of) + "\n")
	auth := g.IntN(len(values) + 2)
	for i := range len(values) + 1 {
		if i == auth {
			b.WriteString(g.pick("", prefix+">\n", "\n"))
			b.WriteString(g.pick("", prefix+"># own comment of basicAuth\n"))
			b.WriteString(prefix + g.pick(">basicAuth:\n"+prefix+">>username: u\n"+prefix+">>password: p # old\n", ">basicAuth: {username: u, password: p}\n", ">basicAuth:\n", ">basicAuth: {}\n",
				">basicAuth:\n"+prefix+">># own user\n\n"+prefix+">>username: u\n"))
		}
		if i < len(values) {
			b.WriteString(prefix + ">" + values[i] + "\n")
		}
	}
	return b.String()
}
