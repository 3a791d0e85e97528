package report

import (
	"path/filepath"
	"strconv"
	"strings"
)

// String is the place as a person or an editor reads it: file:line:column, or the object and its cluster.
func (p Place) String() string {
	if p.File != "" {
		s := p.File
		if p.Line > 0 {
			s += ":" + strconv.Itoa(p.Line)
			if p.Column > 0 {
				s += ":" + strconv.Itoa(p.Column)
			}
		}
		return s
	}
	switch {
	case p.Cluster != "" && p.Object != "":
		return p.Object + " in cluster " + p.Cluster
	case p.Cluster != "":
		return "cluster " + p.Cluster
	}
	return p.Object
}

// standardInput reports whether the place is in what was piped in: no file of that name exists for a CI
// system to show.
func (p Place) standardInput() bool {
	return p.File == "-" || strings.HasPrefix(p.File, "<")
}

// inFile reports whether the place is in a file that a CI system can find.
func (p Place) inFile() bool { return p.File != "" && !p.standardInput() }

// repositoryPath returns the file's path as CI systems want it: with slashes, and relative to o.Root when the
// file lies below it. Relative paths are relative to o.Dir. A file outside the root keeps its absolute path.
func (o Options) repositoryPath(file string) string {
	path := file
	if o.Root != "" {
		if !filepath.IsAbs(path) && o.Dir != "" {
			path = filepath.Join(o.Dir, path)
		}
		if filepath.IsAbs(path) {
			if rel, err := filepath.Rel(o.Root, path); err == nil && filepath.IsLocal(rel) {
				path = rel
			}
		}
	}
	return filepath.ToSlash(filepath.Clean(path))
}
