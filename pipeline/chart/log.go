package chart

import (
	"bytes"
	"io"
	"log"
	"sync"
)

// quiet keeps what Helm logs about charts and values from the standard logger's output: it quotes values, the chart's
// default passwords among them, and heeds no --quiet. What is wrong with the values is a finding of lint (L24).
var quiet = sync.OnceFunc(func() { log.SetOutput(withoutValues{log.Writer()}) })

// Quiet does so before a package that uses the Helm SDK by itself merges values.
func Quiet() { quiet() }

// saysHelm are parts of all that Helm logs of charts and values (helm.sh/helm/v3 pkg/chartutil, pkg/engine, pkg/chart/loader).
var saysHelm = []string{
	"cannot overwrite table", "Ignoring non-table value", "is a table", "is table. Skipping", "Not a table", "skipped value for", "skipping globals because",
	"cannot merge map onto non-map", "unable to copy values", "unable to convert values copy", "map[",
	"returned non-bool value", "PathValue returned error", "ImportValues missing table",
	"[INFO] Missing required value", "[INFO] Fail:", "unresolved URN reference", "in Chart.yaml since apiVersion", "in Chart.lock since apiVersion",
}

// withoutValues drops what Helm logs of charts and values.
type withoutValues struct{ to io.Writer }

func (w withoutValues) Write(line []byte) (int, error) {
	for _, says := range saysHelm {
		if bytes.Contains(line, []byte(says)) {
			return len(line), nil
		}
	}
	return w.to.Write(line)
}
