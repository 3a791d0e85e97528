package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestIsTransient(t *testing.T) {
	t.Parallel()
	pods := schema.GroupResource{Resource: "pods"}
	for name, err := range map[string]error{
		"throttled":       apierrors.NewTooManyRequests("slow down", 1),
		"restarting":      apierrors.NewServiceUnavailable("etcd is not there"),
		"etcd":            apierrors.NewInternalError(errors.New("etcdserver: leader changed")),
		"server timeout":  apierrors.NewServerTimeout(pods, "get", 1),
		"refused":         &url.Error{Op: "Get", URL: "https://hub", Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}},
		"reset":           fmt.Errorf("reading pods: %w", syscall.ECONNRESET),
		"cut":             &url.Error{Op: "Get", URL: "https://hub", Err: io.ErrUnexpectedEOF},
		"EOF":             &url.Error{Op: "Get", URL: "https://hub", Err: io.EOF},
		"no route":        &net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH},
		"network timeout": &net.OpError{Op: "dial", Err: timeout{}},
	} {
		assert.True(t, IsTransient(err), name)
	}
	for name, err := range map[string]error{
		"none":      nil,
		"forbidden": apierrors.NewForbidden(pods, "a", errors.New("no")),
		"not found": apierrors.NewNotFound(pods, "a"),
		"conflict":  apierrors.NewConflict(pods, "a", errors.New("changed")),
		"expired":   apierrors.NewUnauthorized("token expired"),
		"cancelled": context.Canceled,
		"deadline":  fmt.Errorf("waiting: %w", context.DeadlineExceeded),
		"other":     errors.New("x509: certificate signed by unknown authority"),
	} {
		assert.False(t, IsTransient(err), name)
	}
}

type timeout struct{}

func (timeout) Error() string   { return "i/o timeout" }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }
