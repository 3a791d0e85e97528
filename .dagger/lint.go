package main

import (
	"context"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// Values that the rules were asked about: those that no rule found an error in may go to a cluster
type Linted struct {
	// What the rules found.
	Report *Report

	// +private
	Module *PaletteEcr
	// +private
	Before *dagger.Directory
	// +private
	Rules []string
	// +private
	Shown []string
	// +private
	Rendered bool
}

// Looks at your values as they are, with every rule of the catalogue; on the chart's manifests too, after with-chart
//
// +cache="session"
func (m *PaletteEcr) Lint(
	ctx context.Context,
	// Rules to leave out, for example L11.
	//
	// +optional
	disable []string,
	// Show findings from this severity on; all of them when empty.
	//
	// +optional
	severity Severity,
	// Region that you work in: must be the registry's.
	//
	// +optional
	region string,
	// The registry is meant to be in another account than the role.
	//
	// +optional
	crossAccount bool,
	// Kubernetes version to render the chart for, where no cluster is reached; that of the hub later on when empty.
	//
	// +optional
	kubeVersion string,
	// Give the report also when there are errors; what comes next then refuses.
	//
	// +optional
	reportAnyway bool,
) (*Linted, error) {
	l := &Linted{Module: m, Before: m.Input.Files, Rules: rules(disable, crossAccount, kubeVersion), Shown: shown(severity, region)}
	return l, l.look(ctx, anyway(reportAnyway))
}

// Looks at the rendered values; an error ends the way to a cluster
//
// +cache="session"
func (r *Rendered) Lint(
	ctx context.Context,
	// Rules to leave out, for example L11.
	//
	// +optional
	disable []string,
	// Show findings from this severity on; all of them when empty.
	//
	// +optional
	severity Severity,
	// Region that you work in: must be the registry's.
	//
	// +optional
	region string,
	// The registry is meant to be in another account than the role.
	//
	// +optional
	crossAccount bool,
	// Kubernetes version to render the chart for, where no cluster is reached; that of the hub later on when empty.
	//
	// +optional
	kubeVersion string,
	// Give the report also when there are errors; the next stage then refuses.
	//
	// +optional
	reportAnyway bool,
) (*Linted, error) {
	m, err := r.with(ctx)
	if err != nil {
		return nil, err
	}
	l := &Linted{
		Module: m, Before: r.Module.Input.Files, Rules: rules(disable, crossAccount, kubeVersion), Shown: shown(severity, region), Rendered: true,
	}
	return l, l.look(ctx, anyway(reportAnyway), r.Args...)
}

// rules are the flags of lint that decide its verdict, which a run takes too.
func rules(disable []string, crossAccount bool, kubeVersion string) []string {
	return slices.Concat(each("disable", disable), flags{{"kube-version", kubeVersion}}.args(), switches{{"cross-account", crossAccount}}.args())
}

// shown are the flags of lint alone.
func shown(severity Severity, region string) []string {
	return flags{{"severity", string(severity)}, {"region", region}}.args()
}

// args is the command that asks the rules.
func (l *Linted) args() []string { return slices.Concat([]string{"lint"}, l.Rules, l.Shown) }

// look asks the rules.
func (l *Linted) look(ctx context.Context, tolerant anyway, render ...string) error {
	call, err := l.Module.call(ctx, l.args()...)
	if err != nil {
		return err
	}
	if l.Rendered && l.Module.Input.Secret != nil {
		call, err = l.Module.renderFirst(ctx, call, render)
		if err != nil {
			return err
		}
	}
	l.Report, err = call.quiet().report(ctx, tolerant)
	return err
}

// What the rules found, as text
func (l *Linted) Summary() string { return l.Report.Summary }

// The corrections of your file, to write back from the root of your repository: lint --report-anyway fix export --path=.
func (l *Linted) Fix(ctx context.Context) (*dagger.Changeset, error) {
	if err := l.Module.Input.writable("the corrections"); err != nil {
		return nil, err
	}
	call, err := l.Module.call(ctx, append(l.args(), "--fix")...)
	if err != nil {
		return nil, err
	}
	done, err := call.done(ctx)
	if err != nil {
		return nil, err
	}
	// What is left after the corrections is in the report; an error of another kind wrote nothing.
	if code, err := done.ExitCode(ctx); err != nil || code != 0 && code != refused {
		return nil, call.failed(ctx, done, code, err)
	}
	return done.Directory(home).Changes(l.Before), nil
}

// renderFirst makes a command one on the rendered values, where those came as a Secret: they are rendered into memory
// that is gone with the command, and so are in no layer. It takes a shell, the only stage that does.
func (m *PaletteEcr) renderFirst(ctx context.Context, c command, render []string) (command, error) {
	first, err := m.call(ctx, append(append([]string{}, render...), "--in-place")...)
	if err != nil {
		return command{}, err
	}
	shell, err := m.withShell(ctx)
	if err != nil {
		return command{}, err
	}
	const rendered = "/tmp/rendered"
	c.container = m.prepared(shell)
	c.before = "mkdir " + rendered + " && cd " + rendered + " && cp -r " + home + "/. . && chmod -R u+w . && " + // a mounted Secret is read-only
		quoted(append([]string{"palette-ecr", "--quiet"}, first.args...)...) + " && exec "
	return c, nil
}

// quoted is a command as a shell takes it.
func quoted(words ...string) string {
	quotes := make([]string, len(words))
	for i, word := range words {
		quotes[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return strings.Join(quotes, " ")
}

// The rule's reason, its source and how to fix what it finds
func (m *PaletteEcr) Explain(
	ctx context.Context,
	// The rule, for example L07, or all of them with all.
	rule string,
) (string, error) {
	if rule == "list" {
		rule = "all"
	}
	c, err := m.container(ctx)
	if err != nil {
		return "", err
	}
	return command{container: c, args: []string{"lint", "--explain=" + rule}}.text(ctx)
}
