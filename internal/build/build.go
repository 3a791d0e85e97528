// Package build holds what a binary knows of how it was built.
package build

import (
	"cmp"
	"runtime"
	"runtime/debug"
)

// release is the version that whoever builds a release gives: -ldflags "-X github.com/palette-ecr/palette-ecr/internal/build.release=v1.0.0".
var release string

// Info says which source a binary was built from, and how.
type Info struct {
	Version    string `json:"version"`              // of the release or module; without one the commit, or "devel"
	Commit     string `json:"commit,omitempty"`     // as the version control system names it
	CommitTime string `json:"commitTime,omitempty"` // RFC 3339
	Modified   bool   `json:"modified"`             // the source differed from the commit
	Go         string `json:"go"`
	Platform   string `json:"platform"`
}

// Read returns what the toolchain recorded in this binary.
func Read() Info {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return of(info, release)
}

// Version returns the version of this binary.
func Version() string { return Read().Version }

func of(info *debug.BuildInfo, release string) Info {
	settings := make(map[string]string, len(info.Settings))
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	version := info.Main.Version
	if version == "(devel)" {
		version = ""
	}
	return Info{
		Version:    cmp.Or(release, version, settings["vcs.revision"], "devel"),
		Commit:     settings["vcs.revision"],
		CommitTime: settings["vcs.time"],
		Modified:   settings["vcs.modified"] == "true",
		Go:         cmp.Or(info.GoVersion, runtime.Version()),
		Platform:   cmp.Or(settings["GOOS"], runtime.GOOS) + "/" + cmp.Or(settings["GOARCH"], runtime.GOARCH),
	}
}
