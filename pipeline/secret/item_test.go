package secret_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/palette-ecr/palette-ecr/pipeline/secret"
)

// TestItem: a login in a list whose key says nothing, and a password that is one argument with its -p.
func TestItem(t *testing.T) {
	t.Parallel()
	for _, list := range []string{
		"bob:Hunter2hunter2", "bob:hunter-2!x", "robot-1:dXNlcjpw/YX7z+w==", "bob@x.example:Aa345678", "-pHunter2hunter2",
		"-uroot -psecret", "-psecret -u root", "--user=root -psecret", "-p -x:y -uroot -psecret",
	} {
		items := strings.Fields(list)
		last := len(items) - 1
		if items[0][:2] == "-p" && len(items) > 1 && items[0] != "-p" {
			last = 0
		}
		assert.True(t, secret.Item(items, last), list)
	}
	for _, item := range []string{
		"nginx:1.25.3-Alpine", "minio:RELEASE.2024-01-16T16-07-38Z-cpuv1", "zot:latest", "chart:1.2.3+build5Xy", "zot:5000", "8080:80", "team:platform-1a", "app:frontend2",
		"s3:GetObject", "ec2:DescribeVpcs", "system:node", "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8", "sha256:0a1b2c3d4e5f", "arn:aws:iam::123456789012:role/Foo1bar",
		"2026-11-27T22:26:49Z", "/data:/Data1x", "port:$PORT123", "port:${PORT1a}", "x:{{ .Values.A1b }}", "Name:*Aa1aaaaa", "a:", ":Hunter2hunter2", "oci://Zot1:5000/Abc1",
		"-p8080", "-p127.0.0.1:80:80", "-path", "-p", "-port=80", "-profile", "",
	} {
		assert.False(t, secret.Item([]string{"x", item, "y"}, 1), item)
	}
	for _, list := range [][]string{{"-u", "1000", "-p8080"}, {"-u1000", "-p80:80"}, {"-uroot", "-path=/x"}} {
		assert.False(t, secret.Item(list, len(list)-1), "%q", list)
	}
}
