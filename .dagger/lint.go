package main

import (
	"context"
	"path"
	"strings"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// Values that no rule found an error in: they may go to a cluster
type Linted struct {
	// What the rules found.
	Report *Report

	// +private
	Module *PaletteEcr
}

// Looks at your values as they are, with every rule of the catalogue; on the chart's manifests too, after with-chart
func (m *PaletteEcr) Lint(
	ctx context.Context,
	// Rules to leave out, for example L11.
	//
	// +optional
	disable []string,
	// Show findings from this severity on: error, warning or info.
	//
	// +optional
	severity string,
	// Region that you work in: must be the registry's.
	//
	// +optional
	region string,
	// Give the report also when there are errors.
	//
	// +optional
	reportAnyway bool,
) (*Report, error) {
	args := []string{"lint"}
	for _, rule := range disable {
		args = append(args, "--disable="+rule)
	}
	if severity != "" {
		args = append(args, "--severity="+severity)
	}
	if region != "" {
		args = append(args, "--region="+region)
	}
	call, err := m.call(m.Container(), args...)
	if err != nil {
		return nil, err
	}
	return call.report(ctx, anyway(reportAnyway))
}

// Looks at the rendered values; an error ends the way to a cluster
func (r *Rendered) Lint(
	ctx context.Context,
	// Rules to leave out, for example L11.
	//
	// +optional
	disable []string,
	// Give the report also when there are errors; the next stage then refuses.
	//
	// +optional
	reportAnyway bool,
) (*Linted, error) {
	m := r.with()
	args := []string{"lint"}
	for _, rule := range disable {
		args = append(args, "--disable="+rule)
	}
	call, err := m.call(m.Container(), args...)
	if err != nil {
		return nil, err
	}
	if m.SecretValues != nil {
		call = r.renderFirst(call)
	}
	report, err := call.report(ctx, anyway(reportAnyway))
	if err != nil {
		return nil, err
	}
	return &Linted{Report: report, Module: m}, nil
}

// renderFirst makes a command one on the rendered values, where those came as a Secret: they are rendered into memory
// that is gone with the command, and so are in no layer.
func (r *Rendered) renderFirst(c command) command {
	m := r.Module
	render := append(append(append([]string{"palette-ecr"}, r.Args...), "--in-place", m.ValuesFlag+"="+m.ValuesPath), m.Flags...)
	file := quoted(home + "/" + m.ValuesPath)
	c.container = c.container.WithMountedTemp("/run/rendered")
	c.before = "cd /run/rendered && mkdir -p " + quoted("./"+path.Dir(m.ValuesPath)) + " && cp " + file + " " + quoted(m.ValuesPath) +
		" && " + quoted(append(render, m.ChartFlags...)...) + " && exec "
	return c
}

// quoted is a command as a shell takes it.
func quoted(words ...string) string {
	for i, word := range words {
		words[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return strings.Join(words, " ")
}

// The rule's reason, its source and how to fix what it finds
func (m *PaletteEcr) Explain(
	ctx context.Context,
	// The rule, for example L07, or list for all of them.
	rule string,
) (string, error) {
	done, err := command{container: m.Container(), args: []string{"lint", "--explain=" + rule}}.run(ctx)
	if err != nil {
		return "", err
	}
	return done.File("/out/stdout").Contents(ctx)
}

// The IAM policies that a cutover needs and no more, and the trust policies once issuers are given
func (m *PaletteEcr) Policies(
	ctx context.Context,
	// As json, terraform, or aws for commands of its command line; json when empty.
	//
	// +optional
	format string,
	// For whom: combined, hue, source-controller, operator; combined and operator when empty.
	//
	// +optional
	principals []string,
	// OIDC issuers of the clusters, the hub's first, with irsa.
	//
	// +optional
	issuers []string,
	// ARNs of the EKS clusters, the hub's first, with pod-identity.
	//
	// +optional
	clusters []string,
	// AWS account of ECR Public.
	//
	// +optional
	account string,
) (*dagger.File, error) {
	args := append([]string{"policies"}, m.Flags...)
	for _, principal := range principals {
		args = append(args, "--principal="+principal)
	}
	args = hubFirst(hubFirst(args, "issuer", issuers), "cluster", clusters)
	name := "policies.json"
	if format != "" {
		args = append(args, "--format="+format)
		name = map[string]string{"terraform": "policies.tf", "aws": "policies.sh"}[format]
	}
	if name == "" {
		name = "policies.json"
	}
	if account != "" {
		args = append(args, "--account="+account)
	}
	done, err := command{container: m.Container(), args: args}.run(ctx)
	if err != nil {
		return nil, err
	}
	return done.File("/out/stdout").WithName(name), nil
}

// hubFirst adds flags for the hub and for spokes, which go by names of their own.
func hubFirst(args []string, name string, values []string) []string {
	flag := "--" + name + "="
	for _, value := range values {
		args = append(args, flag+value)
		flag = "--spoke-" + name + "="
	}
	return args
}
