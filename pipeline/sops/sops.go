// Package sops opens values that SOPS encrypted, and closes them again after an edit, with the user's own sops program
// and keys: so values that were not touched keep their ciphertexts, comments stay, and the MAC is SOPS's own. Plain
// text is in memory only: neither on disk nor in a command line (`sops edit` would write it to a file).
package sops

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// Opener decrypts a file.
type Opener func(*values.File) (*values.File, error)

// Find returns what decrypts files with the sops on PATH; nil when there is none.
func Find(ctx context.Context) Opener {
	path, err := exec.LookPath("sops")
	if err != nil {
		return nil
	}
	return Program{ctx, path}.Open
}

// Program is a sops program, version 3.11 or later.
type Program struct {
	ctx  context.Context
	path string
}

// Open decrypts a file. What is written of an edit of the result is encrypted again.
func (p Program) Open(f *values.File) (*values.File, error) {
	dir, remove, err := scratch(f.Data())
	if err != nil {
		return nil, err
	}
	defer remove()
	plain, err := p.decrypt(f.Name(), dir)
	if err != nil {
		return nil, err
	}
	return f.Opened(plain, func(before, after []byte) ([]byte, error) { return p.seal(f, before, after) })
}

// seal makes an edit of the decrypted text in the encrypted file, value by value, and reads the result again.
func (p Program) seal(f *values.File, before, after []byte) ([]byte, error) {
	doing := func(code fault.Code, remedy, format string, args ...any) error {
		return fault.New(code, remedy, "encrypting %q with sops: "+format, append([]any{f.Name()}, args...)...)
	}
	steps, wanted, err := compare(before, after)
	if err != nil {
		return nil, doing(fault.Usage, "decrypt it (sops decrypt), render that, and encrypt the result (sops encrypt)", "%w", err)
	}
	file, remove, err := scratch(f.Data())
	if err != nil {
		return nil, err
	}
	defer remove()
	for _, s := range steps {
		args := []string{"unset", "--input-type", "yaml", "--output-type", "yaml", file, s.index}
		if s.value != nil {
			args = []string{"set", "--input-type", "yaml", "--output-type", "yaml", "--value-stdin", file, s.index}
		}
		if _, err := p.run(bytes.NewReader(s.value), args...); p.ctx.Err() != nil {
			return nil, fmt.Errorf("encrypting %q with sops: %w", f.Name(), err)
		} else if err != nil {
			return nil, doing(fault.Failed, "run `sops set` on a copy of it to see more; sops 3.11 or later is needed", "setting %s: %w", s.index, err)
		}
	}
	sealed, err := os.ReadFile(file)
	if err != nil {
		return nil, doing(fault.Failed, "try again", "%w", err)
	}
	plain, err := p.decrypt(f.Name(), file)
	if err != nil {
		return nil, err
	}
	if _, is, err := documents(plain); err != nil || !reflect.DeepEqual(is, wanted) {
		return nil, doing(fault.Failed, "nothing was written; decrypt it, render that, and encrypt the result", "the result has other values than the wanted ones")
	}
	return sealed, nil
}

// decrypt returns the plain text of an encrypted file; the name is for messages.
func (p Program) decrypt(name, file string) ([]byte, error) {
	plain, err := p.run(nil, "decrypt", "--input-type", "yaml", "--output-type", "yaml", file)
	if err == nil {
		return plain, nil
	}
	if p.ctx.Err() != nil {
		return nil, fmt.Errorf("decrypting %q with sops: %w", name, err)
	}
	code, remedy := fault.Failed, "check that `sops decrypt` can read it here: its keys must be at hand (SOPS_AGE_KEY_FILE, gpg, or access to the KMS)"
	// "message authentication failed": a key was at hand, and a ciphertext, or the MAC's, is not what it made
	if text := err.Error(); strings.Contains(text, "MAC mismatch") || strings.Contains(text, "message authentication failed") {
		code, remedy = fault.Usage, "take the file as it was before it was edited without sops, from Git for example"
	}
	return nil, fault.New(code, remedy, "decrypting %q with sops: %w", name, err)
}

// run runs sops, and returns what it prints.
func (p Program) run(stdin *bytes.Reader, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(p.ctx, p.path, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = time.Second // what sops has started, such as gpg's pinentry, may hold its output open
	if stdin != nil {
		cmd.Stdin = stdin
	}
	err := cmd.Run()
	if err == nil {
		return out.Bytes(), nil
	}
	if p.ctx.Err() != nil { // it was killed for that
		return nil, p.ctx.Err()
	}
	if said := said(errs.String()); said != "" {
		err = errors.New(said)
	}
	return nil, err
}

// said is what a failed sops has to say in a line: its first one, and the causes that it lists below.
func said(text string) string {
	var parts []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		cause := strings.HasPrefix(line, "- |") || strings.HasPrefix(line, "| ")
		if line != "" && (len(parts) == 0 || cause && len(parts) < 3) {
			parts = append(parts, strings.TrimSpace(strings.TrimLeft(line, "-| ")))
		}
	}
	return strings.Join(parts, ": ")
}

// scratch puts an encrypted text into a file of its own, which sops may change.
func scratch(encrypted []byte) (file string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "palette-ecr-sops-")
	if err != nil {
		return "", nil, fault.New(fault.Failed, "check TMPDIR", "copying the encrypted file for sops: %w", err)
	}
	remove = func() { _ = os.RemoveAll(dir) }
	file = filepath.Join(dir, "values.yaml")
	if err := os.WriteFile(file, encrypted, 0o600); err != nil {
		remove()
		return "", nil, fault.New(fault.Failed, "check TMPDIR", "copying the encrypted file for sops: %w", err)
	}
	return file, remove, nil
}
