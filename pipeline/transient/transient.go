// Package transient is the one place that judges whether an error may pass by itself, so that what failed is worth a
// retry: a connection that broke, a server that is overloaded or restarts. A refusal is never transient.
package transient

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

// Error reports whether err, of a registry, of a Kubernetes API server or of the network, is worth a retry.
func Error(err error) bool {
	var answered *errcode.ErrorResponse
	if errors.As(err, &answered) {
		return Status(answered.StatusCode)
	}
	return Connection(err) || Kubernetes(err)
}

// Status reports whether a registry that answered with an HTTP status may answer otherwise when it is asked again.
// 501 is an answer for good: it is how a registry says that it lacks an API.
func Status(code int) bool {
	switch code {
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	}
	return code >= http.StatusInternalServerError && code != http.StatusNotImplemented
}

// Connection reports whether err is a connection that broke or timed out. The end of the caller's own context is
// not.
func Connection(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	for _, broken := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.EPIPE, net.ErrClosed} {
		if errors.Is(err, broken) {
			return true
		}
	}
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout() || closedIdle(err)
}

// NotSent reports whether err is of a connection that never came about: the other end knows nothing of the request.
func NotSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial" && Connection(err)
}

// closedIdle reports whether the server closed a connection before anything was written to it, as one does that goes
// down. net/http asks again by itself only when the connection had served before, and its error has no type.
func closedIdle(err error) bool {
	return err != nil && strings.Contains(err.Error(), "http: server closed idle connection")
}

// Kubernetes reports whether err is of an API server that is gone for a moment, as in an upgrade of the control
// plane.
func Kubernetes(err error) bool {
	return utilnet.IsHTTP2ConnectionLost(err) || utilnet.IsProbableEOF(err) || utilnet.IsConnectionRefused(err) || utilnet.IsConnectionReset(err) ||
		apierrors.IsServiceUnavailable(err) || apierrors.IsServerTimeout(err) || apierrors.IsTooManyRequests(err) ||
		apierrors.IsInternalError(err) || apierrors.IsTimeout(err)
}
