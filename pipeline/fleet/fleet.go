// Package fleet knows which clusters an installation has: the spokes of the values and those of FleetConfig's own
// objects on the hub, against the clusters that a run was given. A spoke that nobody names is not proven, and would
// lose its workloads when Zot goes.
package fleet

import (
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
)

// Spoke is one cluster that workloads go to.
type Spoke struct {
	Name       string
	IsHub      bool      // the hub is its own spoke
	Source     string    // URL of the repository that its workloads read, as its ociRegistry names it; "" without one
	Kubeconfig SecretKey // where the hub has its kubeconfig; zero when it is not in a Secret
	From       string    // what names it: the values, or an object on the hub
}

// SecretKey is one key of a Secret on the hub. An empty key is the usual one.
type SecretKey struct{ Namespace, Name, Key string }

// OfValues returns the spokes of a release's values, in their order. namespace is the release's, where the Secrets of
// kubeconfigs are.
func OfValues(values mural.Values, namespace string) []Spoke {
	var all []Spoke
	for _, s := range values.Spokes {
		spoke := Spoke{Name: s.Name, IsHub: s.IsHub(), From: mural.Dotted(mural.SpokeList()...)}
		if s.KubeconfigRef != "" {
			spoke.Kubeconfig = SecretKey{Namespace: namespace, Name: s.KubeconfigRef, Key: s.KubeconfigKey}
		}
		if s.HasRegistry {
			if at, err := s.Registry.Address(); err == nil {
				spoke.Source = at.URL()
			}
		}
		all = append(all, spoke)
	}
	return all
}

// Merge adds the spokes that only others know, such as objects on the hub.
func Merge(known, others []Spoke) []Spoke {
	all := slices.Clone(known)
	for _, o := range others {
		i := slices.IndexFunc(all, func(s Spoke) bool { return s.Name == o.Name })
		if i < 0 {
			all = append(all, o)
			continue
		}
		if all[i].Kubeconfig == (SecretKey{}) {
			all[i].Kubeconfig = o.Kubeconfig
		}
		all[i].IsHub = all[i].IsHub || o.IsHub
	}
	return all
}

// Named are the clusters that a run was given.
type Named struct {
	Hub     string
	Spokes  []string // --spoke, spokes of cutover.yaml
	Without []string // --without-spoke: left out by name
}

// Check refuses a run whose clusters are not the fleet's: a dedicated spoke that nobody gives a way to, and names that
// no spoke has. The error is a *fault.Error with code Usage. A hub that is its own spoke needs no way to it.
func Check(known []Spoke, named Named) error {
	if err := CheckNames(known, named); err != nil {
		return err
	}
	return Unnamed(fault.Usage, Loses, Missing(known, named))
}

// CheckNames refuses names that no spoke has.
func CheckNames(known []Spoke, named Named) error {
	var names []string
	for _, s := range known {
		if !s.IsHub {
			names = append(names, s.Name)
		}
	}
	for _, name := range slices.Concat(named.Spokes, named.Without) {
		i := slices.IndexFunc(known, func(s Spoke) bool { return s.Name == name })
		switch {
		case i >= 0 && known[i].IsHub:
			return fault.New(fault.Usage, "leave it out: the hub is proven without being named as a spoke",
				"checking the fleet: spoke %q is the hub itself", name)
		case i < 0:
			return fault.New(fault.Usage, "name one of: "+enumerate(names), "checking the fleet: no spoke is called %q", name)
		}
	}
	return nil
}

// Loses is what becomes of a spoke that a cutover leaves out.
const Loses = "it loses its workloads when Zot goes"

// Unnamed returns the error for spokes that nobody gives a way to, with the lines to add and with what becomes of one that
// is left out; nil where there is none.
func Unnamed(code fault.Code, becomes string, missing []Spoke) error {
	if len(missing) == 0 {
		return nil
	}
	var lines []string
	for _, s := range missing {
		lines = append(lines, "--spoke name="+s.Name+",kubeconfig=<file>")
	}
	text := "add " + strings.Join(lines, " ")
	if slices.ContainsFunc(missing, func(s Spoke) bool { return s.Kubeconfig != SecretKey{} }) {
		text += ", take their kubeconfigs from the hub with --spokes-from-values"
	}
	text += ", or leave one out knowingly with --without-spoke " + missing[0].Name + ": " + becomes
	return fault.New(code, text, "checking the fleet: no kubeconfig was given of what the installation has as a spoke: %s", enumerate(namesOf(missing)))
}

// Missing returns the dedicated spokes that a run was neither given nor told to leave out.
func Missing(known []Spoke, named Named) []Spoke {
	var missing []Spoke
	for _, s := range known {
		if !s.IsHub && !slices.Contains(named.Spokes, s.Name) && !slices.Contains(named.Without, s.Name) {
			missing = append(missing, s)
		}
	}
	return missing
}

// Sources returns the URL at which each cluster of a run reads from the source, by the cluster's name. The hub's is
// hue's own, or, when it is its own spoke, what that spoke's entry says.
func Sources(values mural.Values, known []Spoke, named Named) (map[string]string, error) {
	at, err := values.Hue.Address()
	if err != nil {
		return nil, err
	}
	all := map[string]string{named.Hub: at.URL()}
	for _, s := range known {
		switch {
		case s.Source == "":
		case s.IsHub:
			all[named.Hub] = s.Source
		default:
			all[s.Name] = s.Source
		}
	}
	return all, nil
}

func namesOf(spokes []Spoke) []string {
	names := make([]string, len(spokes))
	for i, s := range spokes {
		names[i] = s.Name
	}
	return names
}

// enumerate writes names as a person reads them.
func enumerate(names []string) string {
	if len(names) == 0 {
		return "none: the installation has no spoke but the hub"
	}
	return strings.Join(names, ", ")
}
