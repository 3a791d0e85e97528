package main

// Images and mirrors
type Images struct {
	// +private
	Golang string
	// +private
	Run string
	// +private
	Docker string
	// +private
	Zot string
	// +private
	GoProxy string
}

func defaultImages() *Images {
	return &Images{Golang: golangImage, Docker: dockerImage, Zot: zotImage}
}

// Replaces images by others, for mirrors and closed networks; an empty one stays as it is
//
// +cache="session"
func (m *PaletteEcr) WithImages(
	// Image with Go, that the tool is built in.
	//
	// +optional
	golang string,
	// Image that the stages run in. One with the AWS command line serves kubeconfigs that call it.
	//
	// +optional
	run string,
	// Image with a Docker engine and its client, for rehearsals.
	//
	// +optional
	docker string,
	// Image of Zot, for the service of that name.
	//
	// +optional
	zot string,
	// Where Go modules come from, as GOPROXY says it.
	//
	// +optional
	goProxy string,
) *PaletteEcr {
	images := *m.Images
	for _, image := range []struct {
		to    *string
		value string
	}{
		{&images.Golang, golang}, {&images.Run, run}, {&images.Docker, docker}, {&images.Zot, zot}, {&images.GoProxy, goProxy},
	} {
		if image.value != "" {
			*image.to = image.value
		}
	}
	next := *m
	next.Images = &images
	return &next
}
