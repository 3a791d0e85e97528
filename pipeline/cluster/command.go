package cluster

import (
	"fmt"
	"regexp"
	"strings"
)

// Kubectl returns a kubectl command line that reaches this cluster, for people to paste: what remedies name must be
// the cluster that the error is about, not the one that happens to be current.
func (c *Cluster) Kubectl(format string, args ...any) string {
	return c.command("kubectl", "--context", format, args)
}

// Helm is Kubectl for helm.
func (c *Cluster) Helm(format string, args ...any) string {
	return c.command("helm", "--kube-context", format, args)
}

// Flux is Kubectl for flux.
func (c *Cluster) Flux(format string, args ...any) string {
	return c.command("flux", "--context", format, args)
}

func (c *Cluster) command(tool, contextFlag, format string, args []any) string {
	words := []string{tool}
	switch {
	case c.Kubeconfig != "":
		words = append(words, "--kubeconfig", quoted(c.Kubeconfig))
	case c.PrintedBy != "": // without it the command would be for the cluster that is current, the hub perhaps
		// A file, since kubectl reads it more than once: <(…) is empty the second time.
		words = []string{"SPOKE=$(mktemp) &&", c.PrintedBy, `> "$SPOKE" &&`, tool, `--kubeconfig "$SPOKE"`}
	}
	if c.Context != "" {
		words = append(words, contextFlag, quoted(c.Context))
	}
	return strings.Join(append(words, fmt.Sprintf(format, args...)), " ")
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// quoted is one word of a shell's command line.
func quoted(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
