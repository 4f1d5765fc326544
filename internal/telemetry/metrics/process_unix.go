//go:build linux || darwin

package metrics

import (
	"fmt"
	"os"
	"syscall"
)

// processNumbers asks the system, on Linux also /proc.
func processNumbers() map[string]float64 {
	numbers := map[string]float64{}
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) == nil {
		numbers["process_cpu_seconds_total"] = float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
	}
	for name, resource := range map[string]int{
		"process_max_fds": syscall.RLIMIT_NOFILE, "process_virtual_memory_max_bytes": syscall.RLIMIT_AS,
	} {
		var limit syscall.Rlimit
		if syscall.Getrlimit(resource, &limit) == nil {
			numbers[name] = float64(limit.Cur)
		}
	}
	if open, err := openFiles(); err == nil {
		numbers["process_open_fds"] = float64(open)
	}
	// Source: https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		var size, resident float64
		if _, err := fmt.Sscan(string(text), &size, &resident); err == nil {
			numbers["process_virtual_memory_bytes"] = size * float64(os.Getpagesize())
			numbers["process_resident_memory_bytes"] = resident * float64(os.Getpagesize())
		}
	}
	return numbers
}

// openFiles counts them, without the folder that lists them.
func openFiles() (int, error) {
	folder, err := os.Open("/dev/fd") // on Linux a link into /proc
	if err != nil {
		return 0, err
	}
	defer func() { _ = folder.Close() }()
	names, err := folder.Readdirnames(-1) // it asks nothing of the files, some of which cannot be asked
	return len(names) - 1, err
}
