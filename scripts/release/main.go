// Command release makes, of the binaries in a folder, what a version is published as, and publishes its image.
//
//	release describe FOLDER VERSION AUTHORITIES
//	release push FOLDER VERSION ADDRESS
//
// describe writes into the folder a bill of materials for each binary, the image of those for Linux, and SHA256SUMS of it
// all. The same binaries give the same files: no time and no serial number is in them. AUTHORITIES is a file of the
// certificates that the image believes.
//
// push sends that image to a registry, as the user in REGISTRY_USERNAME with the password in REGISTRY_PASSWORD, and prints
// its reference with its digest.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	switch {
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(64)
	case err != nil:
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage: release describe FOLDER VERSION AUTHORITIES | release push FOLDER VERSION ADDRESS")

func run(ctx context.Context, args []string) error {
	if len(args) != 4 {
		return errUsage
	}
	folder, version, last := args[1], args[2], args[3]
	switch args[0] {
	case "describe":
		return describe(folder, version, last)
	case "push":
		reference, err := push(ctx, filepath.Join(folder, imageName), version, last, os.Getenv("REGISTRY_USERNAME"), os.Getenv("REGISTRY_PASSWORD"))
		if err != nil {
			return err
		}
		fmt.Println(reference)
		return nil
	}
	return errUsage
}

// describe writes beside the binaries of a folder what describes them, and the image of them.
func describe(folder, version, authorities string) error {
	binaries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range binaries {
		binary := filepath.Join(folder, entry.Name())
		bill, err := billOf(binary)
		if err != nil {
			return fmt.Errorf("describing %q: %w", binary, err)
		}
		if err := write(binary+".cdx.json", bill); err != nil {
			return err
		}
	}
	if err := pack(folder, version, authorities); err != nil {
		return fmt.Errorf("making the image of the binaries in %q: %w", folder, err)
	}
	return sums(folder)
}
