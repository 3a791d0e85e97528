#!/bin/sh
# The whole cutover on a kind cluster, with no AWS
dagger -m github.com/palette-ecr/palette-ecr call rehearse summary
