// Package mural is the one place that knows the shape of the values of PaletteAI's chart mural: where hue's, a
// spoke's, Flux's and Zot's settings stand, and what their keys are called. It exists because render, lint, the
// stages and the rollback all look there, and a key that one of them spells differently is a setting that it
// doesn't see.
package mural

import (
	"slices"
	"strings"
)

// Keys of the values, from the top level down.
const (
	Hue              = "hue"
	FleetConfig      = "fleetConfig"
	Flux             = "flux2"
	SourceController = "sourceController"
	Zot              = "zot"

	OCIRegistry    = "ociRegistry" // of hue, and of each entry of fleetConfig.spokes
	Spokes         = "spokes"
	ServiceAccount = "serviceAccount"
	Annotations    = "annotations"
	Create         = "create"
	Automount      = "automount"
	Enabled        = "enabled"
	Name           = "name"
	Kubeconfig     = "kubeconfig"
	Klusterlet     = "klusterlet"
)

// Keys of an ociRegistry.
const (
	Endpoint   = "endpoint"
	Repository = "repository"
	Insecure   = "insecure"
	Interval   = "interval"
	Timeout    = "timeout"
	Provider   = "provider"
	BasicAuth  = "basicAuth"
	Username   = "username" // of basicAuth
	Password   = "password"

	CertSecretName      = "certSecretName"
	ProxySecretName     = "proxySecretName"
	BasicAuthSecretName = "basicAuthSecretName"
)

// RoleAnnotation is what the EKS pod identity webhook looks for on a ServiceAccount.
const RoleAnnotation = "eks.amazonaws.com/role-arn"

// RegistryKeys are the keys of an ociRegistry, in the order in which the vendor's guide writes them.
func RegistryKeys() []string {
	return append(SettingKeys(), BasicAuth, CertSecretName, ProxySecretName, BasicAuthSecretName)
}

// SettingKeys are those keys of an ociRegistry that every registry has.
func SettingKeys() []string {
	return []string{Enabled, Endpoint, Repository, Insecure, Interval, Timeout, Provider}
}

// Dotted returns a path as people write it: hue.ociRegistry.
func Dotted(path ...string) string { return strings.Join(path, ".") }

// CredentialKeys are those keys of an ociRegistry that make Flux send stored credentials to the registry.
func CredentialKeys() []string { return []string{BasicAuth, BasicAuthSecretName} }

// TransportKeys are those keys of an ociRegistry that say how the registry is reached: Zot's authority and proxy are
// not ECR's.
func TransportKeys() []string { return []string{CertSecretName, ProxySecretName} }

// Essential keys of a spoke's entry, without which the chart's templates fail.
func Essential() []string { return []string{Kubeconfig, Klusterlet} }

// HueRegistry is the path of hue's registry settings.
func HueRegistry() []string { return []string{Hue, OCIRegistry} }

// SpokeList is the path of the list of spokes.
func SpokeList() []string { return []string{FleetConfig, Spokes} }

// ZotEnabled is the path of the switch that turns Zot off.
func ZotEnabled() []string { return []string{Zot, Enabled} }

// HueAccount and FluxAccount are the paths of the ServiceAccounts that need an AWS identity.
func HueAccount() []string { return []string{Hue, ServiceAccount} }

// FluxAccount is the path of source-controller's ServiceAccount.
func FluxAccount() []string { return []string{Flux, SourceController, ServiceAccount} }

// Sections are the top-level keys that hold registry settings.
func Sections() []string { return []string{Hue, FleetConfig, Flux, Zot} }

// Words are all the keys of the registry settings, and of where they stand.
func Words() []string {
	return slices.Concat(RegistryKeys(), Sections(), Essential(), []string{
		OCIRegistry, Spokes, SourceController, ServiceAccount, Annotations, Create, Automount, Name, Username, Password, RoleAnnotation,
	})
}

// Known reports whether a word is a key of the registry settings, or of where they stand.
func Known(key string) bool { return slices.Contains(Words(), key) }
