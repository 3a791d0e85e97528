#!/bin/sh
# What would change in your values, which are deploy/values.yaml in your repository
dagger -m github.com/palette-ecr/palette-ecr call --values deploy/values.yaml --endpoint oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette --role-arn arn:aws:iam::123456789012:role/palette-ecr render diff
