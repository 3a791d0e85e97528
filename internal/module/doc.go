// Package module holds no code: only tests of the Dagger module and of the CI jobs that call it, which need no Dagger
// engine. The module is a Go module of its own, so tests beside it would not run with the others.
package module
