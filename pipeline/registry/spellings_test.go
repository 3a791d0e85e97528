package registry_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

func spellings() registry.Spellings {
	var s registry.Spellings
	s.AddURL("oci://zot.mural-system.svc.cluster.local:5000/mural-workloads")
	s.AddURL("oci://10.0.0.7:30500/mural-workloads") // a spoke's own address
	s.AddHost("10.96.12.34")
	s.AddHost("[fd00::7]:30500")
	s.AddHost("zot.example.com")
	s.AddShared("palette.example.com")
	return s
}

func TestNames(t *testing.T) {
	t.Parallel()
	s := spellings()
	for _, address := range []string{
		"oci://zot.mural-system.svc.cluster.local:5000/mural-workloads", "oci://zot.mural-system.svc.cluster.local/other",
		"oci://zot.mural-system.svc:5000/charts", "zot.mural-system:5000/app:1", "oci://zot/app", "http://zot:5000", "zot:5000/app",
		"oci://ZOT.mural-system.svc.corp.example:5000/a", "oci://10.0.0.7:30500/x", "10.96.12.34:5000/a@sha256:00", "https://10.96.12.34",
		"oci://[fd00::7]:30500/a", "oci://zot.example.com/a", "https://user:secret@zot.example.com:443/a", "oci://palette.example.com/mural",
		"zot.mural-system.svc.cluster.local.:5000/a",
	} {
		assert.True(t, s.Names(address), address)
	}
	for _, address := range []string{
		"", "oci://", "zot/app", "zot", "oci://zot.other/app", "oci://zot.mural-systems/app", "oci://zot-cache.mural-system.svc:5000/a",
		"oci://10.0.0.7/x", "oci://10.0.0.7:30501/x", "oci://10.96.12.3:5000/a", "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/zot",
		"oci://notzot.example.com/a", "ghcr.io/project-zot/zot:v2", "oci://example.com/zot.example.com",
	} {
		assert.False(t, s.Names(address), address)
	}
	assert.False(t, registry.Spellings{}.Names("oci://zot:5000"))
	assert.True(t, registry.Spellings{}.Empty())
}

func TestFind(t *testing.T) {
	t.Parallel()
	s := spellings()
	for text, want := range map[string]string{
		`{"auths":{"zot.mural-system:5000":{}}}`:              "zot.mural-system:5000",
		"registry=zot:5000":                                   "zot:5000",
		"see http://zot/v2/":                                  "zot",
		"a: 1\nurl: oci://10.0.0.7:30500/x\n":                 "10.0.0.7:30500",
		"oci://palette.example.com/charts":                    "palette.example.com",
		"image: 10.96.12.34:5000/app":                         "10.96.12.34:5000",
		"ZOT.MURAL-SYSTEM.SVC":                                "zot.mural-system.svc",
		"https://robot:word@zot.example.com/v2/ is the other": "zot.example.com",
	} {
		got, ok := s.Find(text)
		assert.True(t, ok, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "zot: true", "zot.enabled", "mural/zot/values", "https://palette.example.com/ai", "domain: palette.example.com", "x10.96.12.34x", "zot.example.comet"} {
		got, ok := s.Find(text)
		assert.False(t, ok, "%s: %s", text, got)
	}
}

func FuzzSpellings(f *testing.F) {
	f.Add("oci://zot.mural-system.svc:5000/a")
	f.Add("[fd00::7]:30500")
	f.Add("://@/:")
	s := spellings()
	f.Fuzz(func(t *testing.T, text string) {
		s.Names(text)
		if host, ok := s.Find(text); ok && !s.Names("oci://"+host) {
			t.Errorf("found %q in %q, which is not at the registry", host, text)
		}
	})
}
