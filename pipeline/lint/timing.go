package lint

import (
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// timingRules are about interval and timeout.
func timingRules() []rule {
	return []rule{{
		Rule: report.Rule{
			ID: "L15", Severity: report.Error,
			Title:  "Interval or timeout isn't one that Flux takes",
			Why:    "They become spec.interval and spec.timeout of every OCIRepository, whose patterns the API server enforces: a number without a unit is refused, and a timeout in hours too. An interval under a minute asks ECR often for nothing.",
			Source: "fluxcd/source-controller api/v1/ocirepository_types.go (interval, timeout)",
			Fix:    "write for example interval: 5m and timeout: 60s",
		},
		check: timing,
	}}
}

func timing(v *view) error {
	v.registries(func(r *registrySettings) {
		interval, timeout := r.at.sub(mural.Interval), r.at.sub(mural.Timeout)
		if interval.set() && !interval.unseen() {
			text := interval.text()
			if !target.IsInterval(text) {
				v.about(report.Error, interval, "write for example 5m", "interval of %s is %s, not a duration such as 5m", r.who(), shown(interval.value()))
			} else if d, err := time.ParseDuration(text); err == nil && d < time.Minute {
				v.about(report.Warning, interval, "write at least 1m; 5m is the guide's", "interval of %s is %s: every OCIRepository asks ECR that often", r.who(), text)
			}
		}
		if timeout.set() && !timeout.unseen() && !target.IsTimeout(timeout.text()) {
			v.about(report.Error, timeout, "write for example 60s; Flux takes no hours here", "timeout of %s is %s, not a duration such as 60s", r.who(), shown(timeout.value()))
		}
	})
	return nil
}
