package cluster_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

func kubeconfig(server string) string {
	return `apiVersion: v1
kind: Config
current-context: hub
clusters: [{name: c, cluster: {server: "` + server + `"}}]
users: [{name: u, user: {token: bearer-marker}}]
contexts:
- {name: hub, context: {cluster: c, user: u}}
- {name: spoke-1, context: {cluster: c, user: u}}
- {name: broken, context: {cluster: gone, user: u}}
`
}

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestConnectSaysWhatIsWrongWithTheFile(t *testing.T) {
	good := write(t, kubeconfig("https://127.0.0.1:1"))
	tests := map[string]struct {
		target       target.Cluster
		text, remedy string
	}{
		"missing":         {target.Cluster{Kubeconfig: "no/such/file"}, `reading kubeconfig "no/such/file"`, "--kubeconfig"},
		"a directory":     {target.Cluster{Kubeconfig: t.TempDir()}, "is a directory", "kubectl config view"},
		"malformed":       {target.Cluster{Kubeconfig: write(t, "apiVersion: v1\nclusters: {")}, `": yaml: line 2: `, "kubectl config view"},
		"an alias":        {target.Cluster{Kubeconfig: write(t, "apiVersion: v1\nkind: Config\nusers: [{name: a, user: {password: *hunter2}}]\n")}, `": an alias has no anchor of its name before it; text that begins with '*' needs quotes`, "kubectl config view"},
		"another file":    {target.Cluster{Kubeconfig: write(t, "no kubeconfig")}, `: it has no apiVersion and kind, as a kubeconfig has`, "kubectl config view"},
		"empty":           {target.Cluster{Kubeconfig: write(t, "")}, "it has no context", "--kubeconfig"},
		"unknown context": {target.Cluster{Kubeconfig: good, Context: "prod"}, `it has no context "prod"`, "one of: broken, hub, spoke-1"},
		"none current":    {target.Cluster{Kubeconfig: write(t, "apiVersion: v1\nkind: Config\ncontexts: [{name: hub, context: {cluster: c, user: u}}]\n")}, "no context is current", "one of: hub"},
		"broken context":  {target.Cluster{Kubeconfig: good, Context: "broken"}, `names cluster "gone"`, "correct the context"},
		"bad certificate": {target.Cluster{Kubeconfig: write(t, "apiVersion: v1\nkind: Config\ncurrent-context: hub\nclusters: [{name: c, cluster: {server: 'https://x', certificate-authority: no-such.pem}}]\ncontexts: [{name: hub, context: {cluster: c}}]\n")}, "no-such.pem", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := cluster.Connect(test.target)
			require.ErrorContains(t, err, test.text)
			assert.Equal(t, fault.Usage, fault.CodeOf(err))
			assert.Contains(t, fault.RemedyOf(err), test.remedy)
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
}

// Seen: "it has no context" of a file that is not there.
func TestAKubeconfigThatIsMissingIsNamed(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "no-such-file")
	t.Setenv("KUBECONFIG", missing)
	_, err := cluster.Connect(target.Cluster{})
	require.EqualError(t, err, fmt.Sprintf("reading kubeconfig %q: there is no such file", missing))
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	assert.Contains(t, fault.RemedyOf(err), "pass --kubeconfig or --eks-cluster, or set KUBECONFIG")
}

func TestConnectNamesTheCluster(t *testing.T) {
	path := write(t, kubeconfig("https://127.0.0.1:1"))
	c, err := cluster.Connect(target.Cluster{Kubeconfig: path})
	require.NoError(t, err)
	assert.Equal(t, "hub", c.Name)
	c, err = cluster.Connect(target.Cluster{Kubeconfig: path, Context: "spoke-1", Name: "berlin"})
	require.NoError(t, err)
	assert.Equal(t, "berlin", c.Name)
	assert.Equal(t, "https://127.0.0.1:1", c.Host)

	home := filepath.Dir(path)
	t.Setenv("HOME", home)
	_, err = cluster.Connect(target.Cluster{Kubeconfig: "~/kubeconfig"})
	require.NoError(t, err, "a ~ in a file is nobody's to expand but ours")
}

// A kubeconfig may call a command for credentials, as those of EKS call aws: one that is missing, or fails, is named in one line.
func TestPingWithoutTheCommandOfTheKubeconfig(t *testing.T) {
	for command, want := range map[string][2]string{
		"no-such-command": {"getting credentials: no-such-command not found", "install no-such-command"},
		"false":           {"getting credentials: false failed with exit code 1", "see what `false` says"},
	} {
		config := fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: c
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: %q}}}]
`, command)
		c, err := cluster.Connect(target.Cluster{Kubeconfig: write(t, config)})
		require.NoError(t, err)
		err = c.Ping(t.Context())
		require.ErrorContains(t, err, want[0])
		assert.NotContains(t, err.Error(), "\n")
		assert.Contains(t, fault.RemedyOf(err), want[1])
	}
}

func TestPing(t *testing.T) {
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"gitVersion": "v1.34.4"}`))
	}))
	defer server.Close()
	connect := func(address string) *cluster.Cluster {
		c, err := cluster.Connect(target.Cluster{Kubeconfig: write(t, kubeconfig(address))})
		require.NoError(t, err)
		return c
	}
	c := connect(server.URL)
	require.NoError(t, c.Ping(t.Context()))
	version, err := c.Version(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "v1.34.4", version)

	for code, text := range map[int]string{http.StatusUnauthorized: "the credentials are not accepted", http.StatusForbidden: "may not even ask", http.StatusInternalServerError: "reaching cluster"} {
		status = code
		err := c.Ping(t.Context())
		require.ErrorContains(t, err, text)
		require.ErrorContains(t, err, server.URL)
		assert.NotEmpty(t, fault.RemedyOf(err))
		assert.NotContains(t, err.Error(), "bearer-marker")
	}
	err = connect("https://127.0.0.1:1").Ping(t.Context())
	require.ErrorContains(t, err, "https://127.0.0.1:1")
	assert.Equal(t, fault.Failed, fault.CodeOf(err))

	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer silent.Close()
	short, cancel := context.WithTimeout(t.Context(), 1)
	defer cancel()
	require.ErrorContains(t, connect(silent.URL).Ping(short), "no answer within 5s")
}
