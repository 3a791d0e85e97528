// Command stub stands in for what the engine generates beside the module.
package main

import "github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"

var dag *dagger.Client

func main() {}
