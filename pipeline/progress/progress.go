// Package progress lets the library say what it is doing without knowing of a terminal.
package progress

// Reporter hears what is going on. The CLI draws it on standard error; tests record it.
// Implementations are safe for concurrent use. No secret may be passed to it.
type Reporter interface {
	// Stage opens a stage of the pipeline.
	Stage(name string)
	// Say reports one thing that happened or begins, as a short sentence without a full stop.
	Say(format string, args ...any)
	// Count reports how far something long is: done of total things called what ("manifests").
	Count(what string, done, total int)
	// Left says how long what is counted takes still, as a short phrase; "" when that is not known.
	Left(text string)
}

// Discard hears nothing.
var Discard Reporter = discard{}

type discard struct{}

func (discard) Stage(string)           {}
func (discard) Say(string, ...any)     {}
func (discard) Count(string, int, int) {}
func (discard) Left(string)            {}
