package report

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/atomicfile"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// Output is one place where a report goes.
type Output struct {
	Format string
	File   string // path; "" is the stream that is given to WriteAll
}

// ParseOutputs reads -o flags: FORMAT for standard output, or FORMAT=FILE. When nothing else is asked for on
// standard output, text goes there. An unknown format, a missing file name, two formats on standard
// output or two in one file are faults with code Usage.
func ParseOutputs(specs []string) ([]Output, error) {
	var outputs []Output
	taken := make(map[string]string) // file: format
	for _, spec := range specs {
		format, file, named := strings.Cut(spec, "=")
		if _, err := lookup(format); err != nil {
			return nil, err
		}
		if named && strings.TrimSpace(file) == "" {
			return nil, fault.New(fault.Usage, "write "+format+"=FILE, or "+format+" alone for standard output",
				"reading the output %q: no file is named", spec)
		}
		if file == "-" {
			file = ""
		}
		where := file
		if where != "" {
			where = filepath.Clean(where)
		}
		if other, ok := taken[where]; ok {
			return nil, conflict(spec, other, file)
		}
		taken[where] = format
		outputs = append(outputs, Output{Format: format, File: file})
	}
	if _, ok := taken[""]; !ok {
		outputs = append(outputs, Output{Format: "text"})
	}
	return outputs, nil
}

func conflict(spec, other, file string) error {
	if file == "" {
		return fault.New(fault.Usage, "give all but one of them a file, as in json=report.json",
			"reading the output %q: standard output already carries %s", spec, other)
	}
	return fault.New(fault.Usage, "give each format its own file",
		"reading the output %q: %q already carries %s", spec, file, other)
}

// WriteAll writes the report to every output: files whole or not at all and never with colours, the rest to
// stdout. One output that fails does not keep the others from being written.
func WriteAll(outputs []Output, stdout io.Writer, r *Report, o Options) error {
	var failed []error
	for _, out := range outputs {
		if out.File == "" {
			failed = append(failed, Write(stdout, out.Format, r, o))
			continue
		}
		plain := o
		plain.Paint, plain.Width = nil, 0
		err := atomicfile.Write(out.File, func(w io.Writer) error { return Write(w, out.Format, r, plain) })
		if err != nil {
			failed = append(failed, fmt.Errorf("writing %q: %w", out.File, err))
		}
	}
	return errors.Join(failed...)
}
