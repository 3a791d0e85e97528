package warm

import (
	_ "embed"
	"fmt"
	"strings"
	"text/template"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// CronJob is what pulls everything regularly, in a cluster.
type CronJob struct {
	Namespace      string // of source-controller
	ServiceAccount string // whose AWS identity it has; empty is source-controller
	Image          string // of palette-ecr
	Schedule       string // as cron writes it; empty is once a week
	Destination    registry.Repository
	Repository     string // its name below the endpoint
}

//go:embed cronjob.yaml.tmpl
var cronJob string

// Manifest returns the CronJob as YAML.
func (c CronJob) Manifest() (string, error) {
	switch {
	case c.Image == "":
		return "", fault.New(fault.Usage, "name the image of palette-ecr in a registry that the cluster can pull from: --image", "writing the CronJob of keep-warm: it has no image")
	case c.Destination.Registry.Kind == registry.Public:
		return "", public(c.Destination)
	}
	if c.ServiceAccount == "" {
		c.ServiceAccount = "source-controller"
	}
	if c.Schedule == "" {
		c.Schedule = "17 3 * * 0"
	}
	text, err := template.New("cronjob").Parse(cronJob)
	if err != nil {
		return "", fmt.Errorf("writing the CronJob of keep-warm: %w", err)
	}
	var out strings.Builder
	if err := text.Execute(&out, c); err != nil {
		return "", fmt.Errorf("writing the CronJob of keep-warm: %w", err)
	}
	return out.String(), nil
}

// Needed refuses a registry that archives nothing.
func Needed(d registry.Repository) error {
	if d.Registry.Kind == registry.Public {
		return public(d)
	}
	return nil
}

func public(d registry.Repository) error {
	return fault.New(fault.Usage, "nothing is to be done: leave it out", "keeping %s warm: ECR Public has no archive", d.URL())
}
