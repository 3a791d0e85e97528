// Package dagger stands in for the API that the engine generates: the same names, of the SDK.
package dagger

import "dagger.io/dagger"

type (
	Client                            = dagger.Client
	Container                         = dagger.Container
	ContainerOpts                     = dagger.ContainerOpts
	ContainerAsServiceOpts            = dagger.ContainerAsServiceOpts
	ContainerPublishOpts              = dagger.ContainerPublishOpts
	ContainerWithDirectoryOpts        = dagger.ContainerWithDirectoryOpts
	ContainerWithExecOpts             = dagger.ContainerWithExecOpts
	ContainerWithMountedFileOpts      = dagger.ContainerWithMountedFileOpts
	ContainerWithExposedPortOpts      = dagger.ContainerWithExposedPortOpts
	ContainerWithFileOpts             = dagger.ContainerWithFileOpts
	ContainerWithMountedCacheOpts     = dagger.ContainerWithMountedCacheOpts
	ContainerWithMountedDirectoryOpts = dagger.ContainerWithMountedDirectoryOpts
	ContainerWithMountedSecretOpts    = dagger.ContainerWithMountedSecretOpts
	ContainerWithNewFileOpts          = dagger.ContainerWithNewFileOpts
	DirectoryFilterOpts               = dagger.DirectoryFilterOpts
	DirectoryWithFileOpts             = dagger.DirectoryWithFileOpts
	DirectoryWithNewDirectoryOpts     = dagger.DirectoryWithNewDirectoryOpts
	Directory                         = dagger.Directory
	File                              = dagger.File
	Platform                          = dagger.Platform
	Secret                            = dagger.Secret
	Service                           = dagger.Service
	Socket                            = dagger.Socket
	Changeset                         = dagger.Changeset
)

const (
	ReturnTypeAny          = dagger.ReturnTypeAny
	CacheSharingModeLocked = dagger.CacheSharingModeLocked
)
