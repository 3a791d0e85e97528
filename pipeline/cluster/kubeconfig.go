package cluster

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// loaded is what a kubeconfig says of one cluster.
type loaded struct {
	config        *rest.Config
	name          string
	context, path string // for commands; empty in a pod
}

// load finds the kubeconfig that the target means and the context in it, and names the cluster by it.
func load(t target.Cluster) (loaded, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	if t.Kubeconfig != "" {
		path, err := expand(t.Kubeconfig)
		if err != nil {
			return loaded{}, fault.New(fault.Usage, "write the path in full", "reading kubeconfig %q: %w", t.Kubeconfig, err)
		}
		rules.ExplicitPath = path
	}
	files := rules.GetLoadingPrecedence()
	if rules.ExplicitPath != "" {
		files = []string{rules.ExplicitPath}
	}
	raw, err := rules.Load()
	if err != nil {
		return loaded{}, kubeconfigFault(files, err)
	}
	if t.Kubeconfig == "" && len(raw.Contexts) == 0 {
		if inside, err := rest.InClusterConfig(); err == nil {
			return loaded{config: inside, name: nameOf(t, "in-cluster")}, nil // a pod, for example a CronJob that checks for drift
		}
	}
	if len(raw.Contexts) == 0 && !slices.ContainsFunc(files, exists) { // which client-go takes for empty ones
		return loaded{}, fault.New(fault.Usage, "pass --kubeconfig or --eks-cluster, or set KUBECONFIG to a file that exists", "reading kubeconfig %q: there is no such file", strings.Join(files, ", "))
	}
	context, err := chooseContext(raw, t.Context, strings.Join(files, ", "))
	if err != nil {
		return loaded{}, err
	}
	name := nameOf(t, context)
	config, err := clientcmd.NewNonInteractiveClientConfig(*raw, context, &clientcmd.ConfigOverrides{}, rules).ClientConfig()
	if err != nil {
		return loaded{}, fault.New(fault.Usage, "correct the kubeconfig; `kubectl config view` shows what is read", "reading the kubeconfig of cluster %q: %w", name, err)
	}
	return loaded{config: config, name: name, context: context, path: rules.ExplicitPath}, nil
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return !errors.Is(err, fs.ErrNotExist)
}

// expand resolves a leading ~/, which no shell does inside a file.
func expand(path string) (string, error) {
	rest, found := strings.CutPrefix(path, "~/")
	if !found {
		return path, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, rest), nil
}

func kubeconfigFault(files []string, err error) error {
	name := strings.Join(files, ", ")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.Usage, "check the path given with --kubeconfig or in KUBECONFIG", "reading kubeconfig %q: %w", name, err)
	case errors.Is(err, fs.ErrPermission):
		return fault.New(fault.Usage, "make the file readable for you", "reading kubeconfig %q: %w", name, err)
	}
	return fault.New(fault.Usage, "correct the file; `kubectl config view --kubeconfig <file>` must show it", "parsing kubeconfig %q: %s", name, whyNot(err))
}

// whyNot is why a file is no kubeconfig, without what client-go says of its own types and of the file's name once more.
func whyNot(err error) string {
	said := err.Error()
	if strings.Contains(said, "couldn't get version/kind") {
		return "it has no apiVersion and kind, as a kubeconfig has"
	}
	if strings.Contains(said, "unknown anchor") { // whose name is the text behind a '*': perhaps a password
		return "an alias has no anchor of its name before it; text that begins with '*' needs quotes"
	}
	if _, reason, found := strings.Cut(said, "error loading config file "); found {
		if _, reason, found = strings.Cut(reason, "\": "); found {
			return reason
		}
	}
	return said
}

// chooseContext returns the context to use; its error names the known ones.
func chooseContext(raw *api.Config, wanted, files string) (string, error) {
	known := make([]string, 0, len(raw.Contexts))
	for name := range raw.Contexts {
		known = append(known, name)
	}
	slices.Sort(known)
	list := strings.Join(known, ", ")
	if len(known) == 0 {
		return "", fault.New(fault.Usage, "pass --kubeconfig, or set KUBECONFIG", "reading kubeconfig %q: it has no context", files)
	}
	chosen := wanted
	if chosen == "" {
		chosen = raw.CurrentContext
	}
	if chosen == "" {
		return "", fault.New(fault.Usage, "pass --context with one of: "+list, "reading kubeconfig %q: no context is current", files)
	}
	context, found := raw.Contexts[chosen]
	if !found {
		return "", fault.New(fault.Usage, "pass --context with one of: "+list, "reading kubeconfig %q: it has no context %q", files, chosen)
	}
	if _, found := raw.Clusters[context.Cluster]; !found {
		return "", fault.New(fault.Usage, "correct the context in the file", "reading kubeconfig %q: context %q names cluster %q, which is not there", files, chosen, context.Cluster)
	}
	return chosen, nil
}

func nameOf(t target.Cluster, context string) string {
	if t.Name != "" {
		return t.Name
	}
	return context
}
