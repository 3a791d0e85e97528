package console

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Streams is what a command reads and writes, injected so that tests see all of it.
type Streams struct {
	In     io.Reader
	Out    io.Writer // the result
	Err    io.Writer // progress and errors
	Getenv func(string) string
	InTTY  bool // whether In, Out and Err are terminals
	OutTTY bool
	ErrTTY bool
}

// OS returns the process's own streams.
func OS() Streams {
	return Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv,
		InTTY:  term.IsTerminal(int(os.Stdin.Fd())),
		OutTTY: term.IsTerminal(int(os.Stdout.Fd())),
		ErrTTY: term.IsTerminal(int(os.Stderr.Fd())),
	}
}

// width returns the number of columns of the terminal that Out is, or 0.
func (s Streams) width() int {
	out, ok := s.Out.(*os.File)
	if !ok || !s.OutTTY {
		return 0
	}
	columns, _, err := term.GetSize(int(out.Fd()))
	if err != nil {
		return 0
	}
	return columns
}
