package main

import "strconv"

// flags are flags of palette-ecr. Those without a value are left out.
type flags []struct{ name, value string }

func (f flags) args() []string {
	var args []string
	for _, flag := range f {
		if flag.value != "" {
			args = append(args, "--"+flag.name+"="+flag.value)
		}
	}
	return args
}

// switches are flags of palette-ecr that are on or left out.
type switches []struct {
	name string
	on   bool
}

func (s switches) args() []string {
	var args []string
	for _, flag := range s {
		if flag.on {
			args = append(args, "--"+flag.name)
		}
	}
	return args
}

// each gives a flag of palette-ecr once for each value.
func each(name string, values []string) []string {
	args := make([]string, 0, len(values))
	for _, value := range values {
		args = append(args, "--"+name+"="+value)
	}
	return args
}

// number is the value of a flag that takes one; none is left out.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
