package lease

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Process identifies one process of one machine, so that a run that was killed needn't be waited for by
// the next one on the same machine.
type Process struct {
	Machine string `json:"machine,omitempty"` // this boot of this machine, and the namespace that PIDs are from
	PID     int    `json:"pid,omitempty"`
	Started string `json:"started,omitempty"` // in clock ticks since boot: PIDs are used again
}

// proc is where the kernel lists processes. It is Linux's; elsewhere only time shows that a holder is dead.
const proc = "/proc"

// thisProcess is empty where it can't be identified.
func thisProcess() Process {
	boot, err := os.ReadFile(proc + "/sys/kernel/random/boot_id")
	if err != nil {
		return Process{}
	}
	space, err := os.Readlink(proc + "/self/ns/pid")
	if err != nil {
		return Process{}
	}
	host, _ := os.Hostname()
	pid := os.Getpid()
	started, alive := startOf(pid)
	if !alive {
		return Process{}
	}
	return Process{Machine: strings.Join([]string{strings.TrimSpace(string(boot)), space, host}, "/"), PID: pid, Started: started}
}

// Ended reports whether it is known that the process has ended. False is for one of another machine too.
func (p Process) Ended() bool {
	here := thisProcess()
	if p.PID == 0 || p.Machine == "" || p.Machine != here.Machine {
		return false
	}
	started, alive := startOf(p.PID)
	return !alive || started != p.Started
}

// startOf returns when a process began. What can't be read counts as alive, with a start that nothing equals only if
// the process is gone.
func startOf(pid int) (started string, alive bool) {
	data, err := os.ReadFile(fmt.Sprintf("%s/%s/stat", proc, strconv.Itoa(pid)))
	if os.IsNotExist(err) {
		return "", false
	}
	// pid (name) state ppid …: the name may hold spaces and parentheses; the start is the 22nd field.
	at := strings.LastIndexByte(string(data), ')')
	if at < 0 {
		return "", true
	}
	fields := strings.Fields(string(data)[at+1:])
	if len(fields) < 20 {
		return "", true
	}
	if fields[0] == "Z" || fields[0] == "X" {
		return fields[19], false // dead, and not waited for yet
	}
	return fields[19], true
}
