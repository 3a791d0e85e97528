package preflight

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// toBe returns the hub's source-controllers as the run leaves them: an upgrade gives that of the release the arguments and the
// image that the values say, also where they were changed by hand since.
func (l *looker) toBe(live []controller) []controller {
	if !l.Switches || l.World.Chart == nil {
		return live
	}
	manifests, err := l.facts.objects()
	if err != nil {
		return live // lint has said why
	}
	var deployments []appsv1.Deployment
	for _, m := range manifests {
		var d appsv1.Deployment
		if m.Object.GetKind() != "Deployment" || runtime.DefaultUnstructuredConverter.FromUnstructured(m.Object.Object, &d) != nil {
			continue
		}
		if d.Namespace == "" {
			d.Namespace = l.World.Target.Release.Namespace
		}
		deployments = append(deployments, d)
	}
	rendered := controllersIn(l.World.Hub.Name, deployments)
	all := slices.Clone(live)
	for i, c := range all {
		if at := slices.IndexFunc(rendered, func(r controller) bool { return r.String() == c.String() }); at >= 0 {
			all[i] = rendered[at]
			all[i].closes = slices.Contains(c.gates, objectLevel) && !slices.Contains(rendered[at].gates, objectLevel)
		}
	}
	return all
}
