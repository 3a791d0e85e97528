// Package dagger stands in for the API that the engine generates: the same names, of the SDK.
package dagger

import "dagger.io/dagger"

type (
	Client                        = dagger.Client
	Container                     = dagger.Container
	ContainerWithExecOpts         = dagger.ContainerWithExecOpts
	ContainerWithMountedCacheOpts = dagger.ContainerWithMountedCacheOpts
	ContainerWithExposedPortOpts  = dagger.ContainerWithExposedPortOpts
	ContainerAsServiceOpts        = dagger.ContainerAsServiceOpts
	DirectoryFilterOpts           = dagger.DirectoryFilterOpts
	Directory                     = dagger.Directory
	File                          = dagger.File
	Secret                        = dagger.Secret
	Service                       = dagger.Service
	Socket                        = dagger.Socket
	Changeset                     = dagger.Changeset
)

const (
	ReturnTypeAny          = dagger.ReturnTypeAny
	CacheSharingModeLocked = dagger.CacheSharingModeLocked
)
