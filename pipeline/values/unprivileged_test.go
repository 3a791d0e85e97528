//go:build linux

package values_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// unprivileged names the folder for the part of these tests that runs as nobody, in a process of its own:
// root may read and write everything.
const unprivileged = "PALETTE_ECR_TEST_UNPRIVILEGED"

func TestWithoutPermission(t *testing.T) {
	if dir := os.Getenv(unprivileged); dir != "" {
		checkWithoutPermission(t, dir)
		return
	}
	dir, err := os.MkdirTemp("/tmp", "palette-ecr-values-")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	source := []byte("fleetConfig: {spokes: []}\n")
	for name, mode := range map[string]os.FileMode{"secret.yaml": 0o000, "read-only.yaml": 0o444} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, source, 0o600))
		require.NoError(t, os.Chmod(path, mode))
	}
	if os.Geteuid() != 0 {
		checkWithoutPermission(t, dir)
		return
	}
	require.NoError(t, os.Chmod(dir, 0o755))
	self := filepath.Join(dir, "values.test")
	binary, err := os.ReadFile(os.Args[0])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(self, binary, 0o755))
	cmd := exec.Command(self, "-test.run", "^TestWithoutPermission$", "-test.v")
	cmd.Env = append(os.Environ(), unprivileged+"="+dir)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "--- PASS: TestWithoutPermission")
}

func checkWithoutPermission(t *testing.T, dir string) {
	_, err := values.Read(filepath.Join(dir, "secret.yaml"))
	require.ErrorContains(t, err, "permission denied")
	assert.Equal(t, "check who may read the file", fault.RemedyOf(err))
	assert.Equal(t, fault.Usage, fault.CodeOf(err))

	path := filepath.Join(dir, "read-only.yaml")
	f, err := values.Read(path)
	require.NoError(t, err)
	s := values.Settings{Destination: endpoint(t, "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette"), Repository: "mural-workloads"}
	r, err := f.Render(s)
	require.NoError(t, err)
	err = r.WriteInPlace(path)
	require.ErrorContains(t, err, "permission denied")
	assert.Equal(t, fault.Failed, fault.CodeOf(err))
	now, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "fleetConfig: {spokes: []}\n", string(now))
}

func TestWriteInPlaceKeepsTheOwner(t *testing.T) {
	path, r := rendered(t, 0o640)
	uid, gid := os.Geteuid(), os.Getegid()
	if uid == 0 { // only root can give a file away
		uid, gid = 65534, 65533
		require.NoError(t, os.Chown(path, uid, gid))
	}
	require.NoError(t, r.WriteInPlace(path))
	info, err := os.Stat(path)
	require.NoError(t, err)
	owner := info.Sys().(*syscall.Stat_t)
	assert.Equal(t, []int{uid, gid}, []int{int(owner.Uid), int(owner.Gid)})
	assert.Equal(t, os.FileMode(0o640), info.Mode().Perm())
}
