package main

// What the module pulls and says of itself, all of it here. A test compares it with fixtures/images/images.yaml, with
// dagger.json and with every other place that names a version. Each image can be replaced with with-images.
const (
	golangImage = "docker.io/library/golang:1.26.1@sha256:cd78d88e00afadbedd272f977d375a6247455f3a4b1178f8ae8bbcb201743a8a"
	dockerImage = "docker.io/library/docker:28.5.2-dind@sha256:2a232a42256f70d78e3cc5d2b5d6b3276710a0de0596c145f627ecfae90282ac"
	zotImage    = "ghcr.io/project-zot/zot:v2.1.20@sha256:542e25be4d32e7879c0cfad93492a93c81b1e059cbd2d30d485d4bd567318234"

	// toolImage is palette-ecr's own image, with its digest, once this version is published. While it is empty the tool
	// is built from source.
	toolImage = ""
	// moduleVersion is what the tool calls itself in reports when it was built from source.
	moduleVersion = "v0.2.0-dev"
)
