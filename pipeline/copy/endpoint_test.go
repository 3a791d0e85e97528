package copy

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refusing is a client through which nothing may go.
type refusing struct{ t *testing.T }

func (r refusing) Do(req *http.Request) (*http.Response, error) {
	r.t.Errorf("%s went through", req.Method)
	return nil, http.ErrAbortHandler
}

func TestNothingIsWrittenThroughAReadOnlyMeter(t *testing.T) {
	m := &meter{inner: refusing{t}, readOnly: true}
	for _, method := range []string{http.MethodPut, http.MethodPost, http.MethodPatch, http.MethodDelete} {
		req, err := http.NewRequest(method, "http://zot/v2/x/manifests/y", nil)
		require.NoError(t, err)
		_, err = m.Do(req)
		require.ErrorContains(t, err, method+" to a repository that is only read")
	}
	assert.Zero(t, m.requests().Total())
}
