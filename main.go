// Command palette-ecr moves a PaletteAI installation from Zot to Amazon ECR and proves that nothing was lost.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/palette-ecr/palette-ecr/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, os.Args[1:], cli.OS())
	stop()
	os.Exit(code)
}
