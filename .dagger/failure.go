package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Exit codes of palette-ecr that the module itself deals with.
const (
	refused = 3  // a gate refused
	usage   = 64 // wrong use
)

// failure is an error that ends `dagger call` with the command's own words and exit code: the form in which the engine
// itself says that a command failed. What the command printed isn't repeated: it is in the report.
func failure(args []string, code int, message string) error {
	return &gqlerror.Error{Message: message, Extensions: map[string]any{
		"_type": "EXEC_ERROR", "cmd": args, "exitCode": code, "stdout": "", "stderr": "",
	}}
}

// wrongUse is the error for arguments that the module can't work with.
func wrongUse(what, try string) error {
	return failure([]string{"palette-ecr"}, usage, message(what, try))
}

// message is an error and what to try next, in the words of Dagger's functions.
func message(what, try string) string {
	if try == "" {
		return inFunctions(what)
	}
	return inFunctions(what) + "\ntry:   " + inFunctions(try)
}

// outcome is what the module needs of a report's JSON form.
type outcome struct {
	ExitCode int    `json:"exitCode"`
	Error    string `json:"error"`
	Remedy   string `json:"remedy"`
}

// readOutcome returns the exit code of a report and why the command failed.
func readOutcome(data string) (code int, why string, err error) {
	var o outcome
	if err := json.Unmarshal([]byte(data), &o); err != nil {
		return 0, "", fmt.Errorf("reading %s: %w", reportName, err)
	}
	if o.ExitCode == 0 {
		return 0, "", nil
	}
	if o.Error == "" {
		o.Error = fmt.Sprintf("it ended with exit code %d", o.ExitCode)
	}
	return o.ExitCode, message(o.Error, o.Remedy), nil
}

// fromStderr returns the exit code and the error of a command that ended before it had a report: that is the last thing
// it printed. Where the engine could not start it, a wrong tool was given.
func fromStderr(code int, said string) (int, string) {
	if notStarted.MatchString(said) {
		return usage, message("starting palette-ecr: what was given with tool is not a palette-ecr that runs here ("+strings.TrimSpace(said)+")",
			"give one for Linux and for this engine's architecture: tool --binary with what `binary export` writes, or tool --image with that of a release")
	}
	if at := strings.LastIndex("\n"+said, "\nerror: "); at >= 0 {
		said = said[at:]
	}
	what, try, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(said), "error: "), "\ntry:")
	return code, message(what, strings.TrimSpace(try))
}

// notStarted is how the engine reports a command that it can't start.
var notStarted = regexp.MustCompile(`^\s*(fork/exec \S*/palette-ecr: .*|exec: "palette-ecr": .*)\s*$`)

// unreadable makes of a Secret that the engine can't read wrong use; other errors stay as they are.
func unreadable(err error) error {
	found := secretError.FindStringSubmatch(err.Error())
	if found == nil {
		return err
	}
	return wrongUse("reading a Secret: "+found[1], "name a variable that is set after env://, or a file that is there after file://; what has neither is taken for a variable")
}

// secretError is how the engine reports a Secret that it can't read.
var secretError = regexp.MustCompile(`((?:secret env var not found|failed to read secret|failed to run secret|failed to lookup secret)[^\[\n]*)`)
