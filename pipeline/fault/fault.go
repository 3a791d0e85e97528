// Package fault holds the one error type that people see: what was being done, to what, why it
// failed, and what to try next, with the exit code that says the same to a script.
package fault

import (
	"context"
	"errors"
	"fmt"
)

// Code is a process exit code. The numbers are part of the interface: see docs/proofs.md.
type Code int

const (
	Done     Code = 0  // everything asked for was done
	Failed   Code = 1  // something went wrong
	Pending  Code = 2  // changes are pending (render --check, plan, drift)
	Refused  Code = 3  // a gate refused to go on, nothing was touched by the stage that it guards
	Unproven Code = 4  // nothing is known to be wrong, but a proof could not be obtained
	Usage    Code = 64 // wrong use: flags, files, addresses (sysexits.h EX_USAGE)
)

// String returns the name of the code that docs/proofs.md has for it.
func (c Code) String() string {
	switch c {
	case Done:
		return "done"
	case Failed:
		return "failed"
	case Pending:
		return "changes pending"
	case Refused:
		return "refused"
	case Unproven:
		return "unproven"
	case Usage:
		return "wrong use"
	}
	return fmt.Sprintf("exit code %d", int(c))
}

// Error is an error with a remedy and an exit code. Its text says what was being done, to what, and why
// it failed (gerund first: `copying "x" to "y": ...`); Remedy is one sentence that says what to try next.
type Error struct {
	Err    error
	Remedy string
	Code   Code
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause, for errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }

// New returns an Error. The format takes %w.
func New(code Code, remedy, format string, args ...any) *Error {
	return &Error{Err: fmt.Errorf(format, args...), Remedy: remedy, Code: code}
}

// CodeOf returns the exit code of err: Done for nil, that of the outermost Error, and Failed otherwise.
func CodeOf(err error) Code {
	if err == nil {
		return Done
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Failed
}

// RemedyOf returns what to try next: the remedy of the outermost Error that has one, or "".
func RemedyOf(err error) string {
	for err != nil {
		var e *Error
		if !errors.As(err, &e) {
			break
		}
		if e.Remedy != "" {
			return e.Remedy
		}
		err = e.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "try again with a longer --timeout"
	}
	return ""
}
