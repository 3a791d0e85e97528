package pipeline

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestServiceOf(t *testing.T) {
	type service struct {
		name, namespace string
		port            int
		ok              bool
	}
	for host, want := range map[string]service{
		"zot.mural-system.svc.cluster.local:5000":      {"zot", "mural-system", 5000, true},
		"zot.mural-system.svc:5000":                    {"zot", "mural-system", 5000, true},
		"zot.mural-system.svc.corp.example:80":         {"zot", "mural-system", 80, true},
		"zot.mural-system.svc.cluster.local":           {"zot", "mural-system", 443, true},
		"zot:5000":                                     {},
		"zot.mural-system:5000":                        {},
		"registry.example.com:5000":                    {},
		"svc.example.com":                              {},
		"10.0.0.7:5000":                                {},
		"[fd00::7]:5000":                               {},
		"123456789012.dkr.ecr.us-east-1.amazonaws.com": {},
	} {
		var got service
		got.name, got.namespace, got.port, got.ok = serviceOf(host, false)
		assert.Equal(t, want, got, host)
	}
	_, _, _, ok := serviceOf("zot.mural-system.svc:http", false)
	assert.False(t, ok, "a port is a number")
	_, _, port, _ := serviceOf("zot.mural-system.svc", true)
	assert.Equal(t, 80, port, "insecure is HTTP without TLS")
}
