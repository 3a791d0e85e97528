package ecr

import (
	"errors"
	"fmt"

	"github.com/aws/smithy-go"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// Cause is why a registry, or the way to it, said no.
type Cause string

const (
	Denied         Cause = "denied"             // not allowed to do this
	Missing        Cause = "no such repository" // ECR does not make one at a push
	NoCredentials  Cause = "no credentials"     // nobody is logged in to AWS here
	BadCredentials Cause = "bad credentials"    // expired, unknown, or wrongly signed
	Unreachable    Cause = "unreachable"        // name, network, proxy
	Untrusted      Cause = "untrusted"          // the certificate is of an authority that isn't known here
	Throttled      Cause = "throttled"          // still, after every repetition
	Broken         Cause = "broken"             // the registry itself failed (5xx), after every repetition
	Immutable      Cause = "immutable tag"      // the tag is taken and can't be moved
	Unknown        Cause = ""
)

// Error is a refusal, without what must not be shown: a URL's query can hold a signature. Unwrap gives
// the original, which is for errors.Is and errors.As and not to be printed.
type Error struct {
	Cause    Cause
	Action   string // when denied: for example ecr:BatchGetImage
	Resource string // when denied and known: an ARN, or *
	Err      error

	text string
}

func (e *Error) Error() string { return e.text }

// Unwrap returns the original error.
func (e *Error) Unwrap() error { return e.Err }

var errNoToken = errors.New("ECR gave no authorization token")

// NoRepository is the error for a repository that isn't there. Its remedy is the command that makes it.
func NoRepository(r registry.Repository) error {
	e := &Error{Cause: Missing, text: fmt.Sprintf("repository %q does not exist in %s", r.Name, where(r.Registry))}
	return fault.New(fault.Failed, remedy(e, r), "%w", e)
}

// Explain turns an error of the AWS SDK, of oras-go or of the network into a *fault.Error around an *Error:
// what the registry said, and what to try next. Faults and the end of a context come back as they are.
func Explain(err error, r registry.Repository) error {
	var known *fault.Error
	if err == nil || errors.As(err, &known) || ended(err) {
		return err
	}
	e := classify(err, r)
	return fault.New(fault.Failed, remedy(e, r), "%w", e)
}

// explain is Explain with what was being done before it.
func (c *Client) explain(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	e := Explain(err, c.Repository)
	return fault.New(fault.CodeOf(e), fault.RemedyOf(e), "%s: %w", fmt.Sprintf(format, args...), e)
}

func isNoRepository(err error) bool {
	var refused smithy.APIError
	return errors.As(err, &refused) && refused.ErrorCode() == "RepositoryNotFoundException"
}

func where(r registry.Registry) string {
	if r.Kind == registry.Private {
		return "account " + r.AccountID + ", region " + r.Region
	}
	return r.Endpoint()
}
