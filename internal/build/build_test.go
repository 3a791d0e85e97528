package build

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestOf(t *testing.T) {
	t.Parallel()
	here := runtime.GOOS + "/" + runtime.GOARCH
	vcs := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123abc"}, {Key: "vcs.time", Value: "2026-11-26T08:00:00Z"}, {Key: "vcs.modified", Value: "true"}}
	for name, test := range map[string]struct {
		info    debug.BuildInfo
		want    Info
		release string
	}{
		"installed by version": {
			debug.BuildInfo{GoVersion: "go1.26.1", Main: debug.Module{Version: "v1.2.3"}},
			Info{Version: "v1.2.3", Go: "go1.26.1", Platform: here},
			"",
		},
		"built in a clone": {
			debug.BuildInfo{GoVersion: "go1.26.1", Main: debug.Module{Version: "(devel)"}, Settings: vcs},
			Info{Version: "0123abc", Commit: "0123abc", CommitTime: "2026-11-26T08:00:00Z", Modified: true, Go: "go1.26.1", Platform: here},
			"",
		},
		"built for another system": {
			debug.BuildInfo{GoVersion: "go1.26.1", Settings: []debug.BuildSetting{{Key: "GOOS", Value: "plan9"}, {Key: "GOARCH", Value: "arm"}}},
			Info{Version: "devel", Go: "go1.26.1", Platform: "plan9/arm"},
			"",
		},
		"nothing is known": {debug.BuildInfo{}, Info{Version: "devel", Go: runtime.Version(), Platform: here}, ""},
		"a release": {
			debug.BuildInfo{GoVersion: "go1.26.1", Main: debug.Module{Version: "(devel)"}, Settings: vcs},
			Info{Version: "v1.0.0", Commit: "0123abc", CommitTime: "2026-11-26T08:00:00Z", Modified: true, Go: "go1.26.1", Platform: here},
			"v1.0.0",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, of(&test.info, test.release))
		})
	}
}
