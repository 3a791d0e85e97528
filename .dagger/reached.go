package main

import (
	"fmt"
	"slices"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// A cluster that stages reach, by a kubeconfig or as an EKS cluster
type Reached struct {
	// +private
	Name string
	// +private
	Kubeconfig *dagger.Secret
	// +private
	Path string
	// +private
	Context string
	// +private
	Eks string
}

// hub returns the flags that name it as the hub.
func (r *Reached) hub() []string {
	return flags{{"kubeconfig", r.Path}, {"context", r.Context}, {"eks-cluster", r.Eks}}.args()
}

// spoke returns the flag that names it as a spoke.
func (r *Reached) spoke() string {
	flag := "--spoke=name=" + r.Name
	for _, part := range []struct{ key, value string }{{"eks", r.Eks}, {"kubeconfig", r.Path}, {"context", r.Context}} {
		if part.value != "" {
			flag += "," + part.key + "=" + part.value
		}
	}
	return flag
}

// give gives a container its kubeconfig.
func (r *Reached) give(c *dagger.Container) *dagger.Container {
	if r.Kubeconfig == nil {
		return c
	}
	return (&Access{Path: r.Path, Secret: r.Kubeconfig}).give(c)
}

// byKubeconfig returns where the kubeconfig of a cluster is mounted; "" without one.
func byKubeconfig(kubeconfig *dagger.Secret, format string, args ...any) string {
	if kubeconfig == nil {
		return ""
	}
	return secrets + "/" + fmt.Sprintf(format, args...)
}

// What was chosen for a target, as flags
type Choice struct {
	// +private
	Flags []string
	// +private
	About bool
}

// chosen returns the flags of what was chosen: for commands about an installation whatever its values are, or for the
// stages of a cutover and the rollback.
func (t *Target) chosen(about bool) []string {
	var args []string
	for _, c := range t.Choices {
		if c.About == about {
			args = append(args, c.Flags...)
		}
	}
	return args
}

// clusters returns the flags that name the clusters.
func (t *Target) clusters() []string {
	args := t.Hub.hub()
	for _, s := range t.Spokes {
		args = append(args, s.spoke())
	}
	return args
}

// choose returns a copy that every stage of a cutover, and the rollback, gets further flags in.
func (t *Target) choose(args ...string) *Target { return t.with(&Choice{Flags: args}) }

// always returns a copy in which commands about an installation get further flags too.
func (t *Target) always(args ...string) *Target { return t.with(&Choice{Flags: args, About: true}) }

func (t *Target) with(c *Choice) *Target {
	next := *t
	next.Choices = append(slices.Clone(t.Choices), c)
	return &next
}

// let returns a copy with further access.
func (t *Target) let(access []*Access) *Target {
	next := *t
	next.Access = append(slices.Clone(t.Access), access...)
	return &next
}
