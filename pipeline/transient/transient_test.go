package transient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/palette-ecr/palette-ecr/pipeline/transient"
)

func TestError(t *testing.T) {
	t.Parallel()
	answer := func(status int) error {
		return fmt.Errorf("reading: %w", &errcode.ErrorResponse{Method: http.MethodGet, URL: &url.URL{Host: "zot:5000"}, StatusCode: status})
	}
	resource := schema.GroupResource{Resource: "ocirepositories"}
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"nil":                   {nil, false},
		"throttled":             {answer(http.StatusTooManyRequests), true},
		"request timeout":       {answer(http.StatusRequestTimeout), true},
		"server error":          {answer(http.StatusInternalServerError), true},
		"gateway":               {answer(http.StatusBadGateway), true},
		"no such API":           {answer(http.StatusNotImplemented), false},
		"refused":               {answer(http.StatusForbidden), false},
		"unknown":               {answer(http.StatusNotFound), false},
		"reset":                 {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, true},
		"refused connection":    {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, true},
		"cut":                   {fmt.Errorf("reading: %w", io.ErrUnexpectedEOF), true},
		"own context cancelled": {fmt.Errorf("reading: %w", context.Canceled), false},
		"own deadline":          {context.DeadlineExceeded, false},
		"API server restarts":   {apierrors.NewServiceUnavailable("upgrade"), true},
		"API server overloaded": {apierrors.NewTooManyRequests("slow down", 1), true},
		"forbidden":             {apierrors.NewForbidden(resource, "a", errors.New("no")), false},
		"conflict":              {apierrors.NewConflict(resource, "a", errors.New("modified")), false},
		"closed while idle":     {fmt.Errorf("reading: %w", errors.New("http: server closed idle connection")), true},
		"anything else":         {errors.New("no"), false},
	} {
		assert.Equal(t, test.want, transient.Error(test.err), name)
	}
}

// TestConnectionClosedBeforeItServed is a server that goes down between a connection and its first request: whichever
// side sees it first, net/http's error is worth a retry.
func TestConnectionClosedBeforeItServed(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			connection.Close()
		}
	}()
	client := http.Client{Transport: &http.Transport{}}
	for range 200 {
		_, err := client.Get("http://" + listener.Addr().String())
		require.Error(t, err)
		assert.True(t, transient.Error(err), "%v", err)
	}
}
