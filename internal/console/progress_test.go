package console_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/palette-ecr/palette-ecr/internal/console"
)

// clock is the time since the start, before every line.
var clock = regexp.MustCompile(`(?m)^ +\d+:\d\d `)

func lines(out string) []string {
	return strings.Split(strings.TrimSuffix(clock.ReplaceAllString(out, ""), "\n"), "\n")
}

// TestPlainProgress: in a log there are whole lines, without anything that moves or colours.
func TestPlainProgress(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := console.NewProgress(&out, false, false)
	p.Stage("copy")
	p.Say("reading %s", "oci://zot:5000")
	p.Say("%s", "100% done")
	assert.Equal(t, []string{"copy", "  reading oci://zot:5000", "  100% done"}, lines(out.String()))
	for line := range strings.Lines(out.String()) {
		assert.Regexp(t, `^ {2}0:0\d  ?`, line)
	}
}

// TestPlainCount: a thousand steps are not a thousand lines, but the first and the last are there.
func TestPlainCount(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := console.NewProgress(&out, false, false)
	for i := range 1000 {
		p.Count("manifests", i+1, 1000)
	}
	assert.Equal(t, []string{"  1 of 1000 manifests", "  1000 of 1000 manifests"}, lines(out.String()))

	out.Reset()
	p.Count("blobs", 1, 3)
	p.Count("blobs", 3, 3)
	got := lines(out.String())
	assert.Equal(t, "  3 of 3 blobs", got[len(got)-1], "the last is written also right after another count")
}

func TestColours(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := console.NewProgress(&out, true, true)
	p.Stage("copy")
	assert.Contains(t, out.String(), "\x1b[1mcopy\x1b[")

	out.Reset()
	p = console.NewProgress(&out, true, false)
	p.Stage("copy")
	p.Say("reading")
	assert.NotContains(t, out.String(), "\x1b[")
}

// TestMovingCount: on a terminal the bar goes when it is done or something else is said, and a plain line stays.
func TestMovingCount(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := console.NewProgress(&out, true, false)
	p.Count("manifests", 1, 2)
	assert.Contains(t, out.String(), "manifests")
	assert.NotContains(t, out.String(), "1 of 2", "the bar is not a line")
	p.Count("manifests", 2, 2)
	assert.Contains(t, out.String(), "2 of 2 manifests\n")
	p.Count("blobs", 1, 2)
	p.Say("something")
	assert.True(t, strings.HasSuffix(out.String(), "   something\n"))
}

// TestProgressOfMany is for the race detector, and for lines that stay whole.
func TestProgressOfMany(t *testing.T) {
	t.Parallel()
	for _, tty := range []bool{false, true} {
		var out bytes.Buffer
		p := console.NewProgress(&out, tty, false)
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				for n := range 50 {
					p.Stage(fmt.Sprintf("stage-%d", i))
					p.Say("say-%d", n)
					p.Count("things", n+1, 50)
				}
			})
		}
		all.Wait()
		if tty {
			continue
		}
		for _, line := range lines(out.String()) {
			assert.Regexp(t, `^(stage-\d|  say-\d+|  \d+ of 50 things)$`, line)
		}
	}
}

// TestTimeLeft is shown with a count until that is complete.
func TestTimeLeft(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := console.NewProgress(&out, false, false)
	p.Left("ECR's quotas make it at least 3m20s more")
	p.Count("manifests", 1, 2)
	p.Count("manifests", 2, 2)
	assert.Contains(t, out.String(), "1 of 2 manifests; ECR's quotas make it at least 3m20s more\n")
	assert.Contains(t, out.String(), "2 of 2 manifests\n")
}
