package ecr

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"

	"github.com/aws/smithy-go"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/transient"
)

// notAuthorized is how every AWS service names what was refused.
var notAuthorized = regexp.MustCompile(`(?i)not authorized to perform:? ([a-z0-9-]+:[A-Za-z]+)(?: on resource: (\S+))?`)

func ended(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// classify finds out what err is. The order matters: a failed API call can hold a network error, and the
// credentials for it an API call of their own.
func classify(err error, r registry.Repository) *Error {
	var (
		refused  smithy.APIError
		answered *errcode.ErrorResponse
		asked    *url.Error
	)
	switch {
	case errors.As(err, &refused):
		return fromAPI(err, refused)
	case errors.As(err, &answered):
		return fromRegistry(err, answered, r)
	case strings.Contains(err.Error(), "shared config profile"):
		return &Error{Cause: NoCredentials, Err: err, text: err.Error()}
	case noCredentials(err):
		return &Error{Cause: NoCredentials, Err: err, text: "no AWS credentials were found"}
	case errors.As(err, &asked):
		return fromNetwork(err, asked.Err, fmt.Sprintf("%s %q: ", strings.ToUpper(asked.Op), plainURL(asked.URL)))
	}
	return fromNetwork(err, err, "")
}

func fromAPI(err error, refused smithy.APIError) *Error {
	e := &Error{Err: err, text: refused.ErrorCode() + ": " + refused.ErrorMessage()}
	var call *smithy.OperationError
	if errors.As(err, &call) {
		e.text = call.Service() + " " + call.Operation() + ": " + e.text
	}
	e.Action, e.Resource = refusedAction(refused.ErrorMessage())
	switch code := refused.ErrorCode(); {
	case strings.HasPrefix(code, "AccessDenied"), code == "UnauthorizedOperation", code == "AuthorizationError":
		e.Cause = Denied
		if e.Action == "" && call != nil {
			e.Action = serviceOf(call.Service()) + ":" + call.Operation()
		}
	case code == "RepositoryNotFoundException":
		e.Cause = Missing
	case code == "ImageTagAlreadyExistsException":
		e.Cause = Immutable
	case strings.HasPrefix(code, "Throttling"), strings.HasPrefix(code, "TooManyRequests"), code == "RequestLimitExceeded":
		e.Cause = Throttled
	case strings.HasPrefix(code, "ExpiredToken"), code == "RequestExpired", code == "UnrecognizedClientException", code == "InvalidClientTokenId",
		code == "SignatureDoesNotMatch", code == "InvalidSignatureException", code == "IncompleteSignature",
		code == "MissingAuthenticationToken", code == "InvalidIdentityToken", code == "IDPRejectedClaim":
		e.Cause = BadCredentials
	case code == "ServerException", code == "ServiceUnavailable", code == "InternalFailure", refused.ErrorFault() == smithy.FaultServer:
		e.Cause = Broken
	}
	return e
}

func fromRegistry(err error, answered *errcode.ErrorResponse, r registry.Repository) *Error {
	said := http.StatusText(answered.StatusCode)
	var codes, messages []string
	for _, each := range answered.Errors {
		codes = append(codes, each.Code)
		messages = append(messages, strings.TrimSuffix(each.Code+": "+each.Message, ": "))
	}
	if len(messages) > 0 {
		said = strings.Join(messages, "; ")
	}
	e := &Error{Err: err, text: fmt.Sprintf("%s %q: %d %s", answered.Method, plainURL(answered.URL.String()), answered.StatusCode, said)}
	has := func(code string) bool { return strings.Contains(strings.Join(codes, " "), code) }
	switch {
	case has(errcode.ErrorCodeNameUnknown):
		e.Cause = Missing
	case has("TAG_INVALID") && strings.Contains(said, "immutable"), has("ImageTagAlreadyExists"):
		e.Cause = Immutable
	case answered.StatusCode == http.StatusTooManyRequests, has("TOOMANYREQUESTS"):
		e.Cause = Throttled
	case answered.StatusCode == http.StatusUnauthorized, strings.Contains(strings.ToLower(said), "token has expired"):
		e.Cause = BadCredentials
	case answered.StatusCode == http.StatusForbidden, has(errcode.ErrorCodeDenied):
		e.Cause = Denied
		if e.Action, e.Resource = refusedAction(said); e.Action == "" {
			e.Action, e.Resource = Action(r.Registry.Kind, answered.Method, answered.URL.Path), r.ARN()
			if e.Action != "" {
				e.text += " (it needs " + e.Action + ")"
			}
		}
	case answered.StatusCode >= http.StatusInternalServerError:
		e.Cause = Broken
	}
	return e
}

func fromNetwork(err, inner error, before string) *Error {
	e := &Error{Err: err, text: before + inner.Error()}
	var (
		name      *net.DNSError
		operation *net.OpError
	)
	switch {
	case errors.Is(err, auth.ErrBasicCredentialNotFound):
		e.Cause = BadCredentials
	case untrusted(err):
		e.Cause = Untrusted
	case errors.As(err, &name), errors.As(err, &operation), transient.Connection(err):
		e.Cause = Unreachable
	}
	return e
}

// untrusted reports whether the other side's certificate was not accepted.
func untrusted(err error) bool {
	var (
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   *tls.CertificateVerificationError
	)
	return errors.As(err, &authority) || errors.As(err, &hostname) || errors.As(err, &invalid)
}

// hopeless reports whether there is no use in trying the same again.
func hopeless(err error) bool {
	var name *net.DNSError
	return untrusted(err) || errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &name) && name.IsNotFound
}

// noCredentials reports whether the SDK's chain came to its end, which is the instance metadata service.
func noCredentials(err error) bool {
	text := err.Error()
	for _, sign := range []string{"no EC2 IMDS role found", "ec2imds", "static credentials are empty"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

func refusedAction(text string) (action, resource string) {
	if m := notAuthorized.FindStringSubmatch(text); m != nil {
		return m[1], m[2]
	}
	return "", ""
}

// plainURL is a URL without what can be a secret: user, query and fragment.
func plainURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "the registry"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}
