package pipeline

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// freezing is a spoke whose API server answers so many questions, then takes each and never answers it.
func freezing(t *testing.T, answers int64) *cluster.Cluster {
	t.Helper()
	a := &apiServers{asked: map[string]map[string]int{"edge-1": {}}, together: make(chan struct{})}
	close(a.together) // it need not be asked together with others
	serve, end := a.serve("edge-1"), make(chan struct{})
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) <= answers {
			serve(w, r)
			return
		}
		select {
		case <-r.Context().Done():
		case <-end:
		}
	}))
	t.Cleanup(func() { close(end); server.Close() })
	c, err := cluster.From("edge-1", &rest.Config{Host: server.URL, Timeout: time.Second})
	require.NoError(t, err)
	return c
}

// TestASpokeThatFreezes in the middle of anything: what is known of it is nothing, which is no reason for a rollback.
// Discovery itself, which takes no context, must end too.
func TestASpokeThatFreezes(t *testing.T) {
	for name, answers := range map[string]int64{"before it says which APIs it has": 0, "once it has said which APIs it has": 3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := switchedOver(t, all("hub", "edge-1")) // nobody handles requests to reconcile here
			s.Timeout, s.PushWait = 3*time.Second, time.Second
			s.Spokes = []*cluster.Cluster{freezing(t, answers)}
			undone := false

			within := func(do func(context.Context) error) error {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				err := do(ctx)
				require.NoError(t, ctx.Err(), "nobody waits for it for ever")
				return err
			}
			err := within(func(ctx context.Context) error { _, err := references(ctx, s.World, s.State); return err })
			assert.Equal(t, fault.Unproven, fault.CodeOf(err), "in copy: %v", err)
			require.ErrorContains(t, err, `listing what cluster "edge-1" uses`)
			assert.Contains(t, fault.RemedyOf(err), "get ocirepositories --all-namespaces")
			deploying := s.Live.Merged
			s.Live.Merged = onZotAt(s)
			require.NoError(t, within(func(ctx context.Context) error { return probeSpokes(ctx, s.World, s.State) }), "it is proven after the switch")
			err = within(func(ctx context.Context) error { return prepareSpokes(ctx, s.World) })
			require.ErrorContains(t, err, `"edge-1"`)
			s.Live.Merged = deploying

			validating := stage(validating, Validate, s.given.deployed)
			validating = undoneBy(validating, func(context.Context, *world.World, *state.State, Validation) (Entry, error) {
				undone = true
				return Entry{}, nil
			})
			r := &runner{stages: []Stage{validating}, progress: s.Progress, now: time.Now, report: &report.Report{StartedAt: time.Now()}, world: s.World, state: s.State}
			err = within(func(ctx context.Context) error { _, err := r.run(ctx); return err })
			assert.Equal(t, fault.Unproven, fault.CodeOf(err), err)
			require.ErrorContains(t, err, "edge-1")
			assert.False(t, undone)

			err = within(func(ctx context.Context) error { return awaitFromSource(ctx, s.World, s.State, "edge-1") })
			assert.Equal(t, fault.Unproven, fault.CodeOf(err), err)
			require.ErrorContains(t, err, "edge-1")
			assert.Contains(t, fault.RemedyOf(err), "`palette-ecr rollback --leave-spoke edge-1`")
		})
	}
}

// TestWhatASpokeUsesIsUnknown when validate has the closure to prove again, as in a run that begins there: that is no failure
// that a rollback could mend.
func TestWhatASpokeUsesIsUnknown(t *testing.T) {
	t.Parallel()
	s, _ := switchedOver(t, []report.Proof{held(report.ProofRendered, "")})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	s.Spokes = []*cluster.Cluster{freezing(t, 0)}
	_, err := Validate(ctx, s.World, s.State, s.deployment(t))
	assert.Equal(t, fault.Unproven, fault.CodeOf(err), err)
	require.ErrorContains(t, err, "edge-1")
}
