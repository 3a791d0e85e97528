package main

import "slices"

// Decides what a cutover refuses until somebody decided it
//
// +cache="session"
func (t *Target) WithDecisions(
	// Objects that were broken before, by name or as cluster/kind/namespace/name: nothing is proven of them.
	//
	// +optional
	acceptBroken []string,
	// Keep values that only the live release has, set with helm upgrade --set for example.
	//
	// +optional
	keepLive bool,
	// Or give them up; without either they are a refusal.
	//
	// +optional
	discardLive bool,
	// Deploy charts that are older than the live ones.
	//
	// +optional
	allowDowngrade bool,
	// Repair a release that a killed helm has left pending, where nothing shows that somebody is at work on it.
	//
	// +optional
	recover bool,
) *Target {
	return t.choose(slices.Concat(
		each("accept-broken", acceptBroken),
		switches{{"keep-live", keepLive}, {"discard-live", discardLive}, {"allow-downgrade", allowDowngrade}, {"recover", recover}}.args(),
	)...)
}

// Says what is copied and how fast; the workloads' repository and ECR's default quotas when it isn't said
//
// +cache="session"
func (t *Target) WithCopying(
	// Copy every repository that Zot has, not that of the workloads alone.
	//
	// +optional
	allRepositories bool,
	// Repositories of Zot that stay there knowingly, and go with it.
	//
	// +optional
	leave []string,
	// Make repositories that ECR lacks, with the settings of config.
	//
	// +optional
	createRepository bool,
	// Requests a second that this account may make of an API call of ECR, where it isn't the default: PutImage=50.
	//
	// +optional
	quota []string,
	// Copy from a Job beside Zot, so that no artifact goes through this machine.
	//
	// +optional
	inCluster bool,
	// With in-cluster: image of palette-ecr, of this version, that the cluster can pull.
	//
	// +optional
	image string,
	// With in-cluster: pods that copy side by side; one when empty.
	//
	// +optional
	shards int,
	// With in-cluster: whose AWS identity the pods have; that of hue when empty.
	//
	// +optional
	serviceAccount string,
) *Target {
	return t.choose(slices.Concat(
		each("leave", leave), each("quota", quota),
		flags{{"image", image}, {"shards", number(shards)}, {"service-account", serviceAccount}}.args(),
		switches{{"all-repositories", allRepositories}, {"create-repository", createRepository}, {"in-cluster", inCluster}}.args(),
	)...)
}

// Proves everything again, every minute, before run turns Zot off; stages that are called one by one do not soak
//
// +cache="session"
func (t *Target) WithSoak(
	// How long, for example 30m.
	length string,
	// How many looks may fail before it ends; the last one must hold.
	//
	// +optional
	failures int,
) *Target {
	return t.choose(flags{{"soak", length}, {"soak-failures", number(failures)}}.args()...)
}

// Leaves a spoke out: its workloads are not proven, and are lost when Zot goes
//
// +cache="session"
func (t *Target) WithoutSpoke(
	// Name of the spoke, as fleetConfig has it.
	name string,
) *Target {
	return t.always("--without-spoke=" + name)
}
