module github.com/palette-ecr/palette-ecr/scripts/release

go 1.26.1
