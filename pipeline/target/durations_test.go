package target

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDurations(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]bool{ // as interval, as timeout
		"5m": {true, true}, "1h": {true, false}, "1.5h": {true, false}, "1m30s": {true, true}, "500ms": {true, true},
		"300": {false, false}, "-5m": {false, false}, "5M": {false, false}, "5 m": {false, false}, ".5m": {false, false},
		"10000000000h": {false, false}, "99999999999999999999s": {false, false}, // what the pattern lets pass, and nobody can read
	} {
		assert.Equal(t, want, [2]bool{IsInterval(text), IsTimeout(text)}, text)
	}
	assert.NoError(t, CheckDurations("", ""))
	assert.ErrorContains(t, CheckDurations("10000000000h", ""), "is not a duration that Flux takes")
}
