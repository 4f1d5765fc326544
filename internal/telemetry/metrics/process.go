package metrics

import "time"

// writeProcess writes what the system tells of this process; what it does not tell is left out.
//
// Source: https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
func writeProcess(p *page, startedAt time.Time) {
	numbers := processNumbers()
	numbers["process_start_time_seconds"] = float64(startedAt.UnixNano()) / 1e9
	for _, row := range []struct{ name, kind, help string }{
		{"process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds."},
		{"process_max_fds", "gauge", "Maximum number of open file descriptors."},
		{"process_open_fds", "gauge", "Number of open file descriptors."},
		{"process_resident_memory_bytes", "gauge", "Resident memory size in bytes."},
		{"process_start_time_seconds", "gauge", "Start time of the process since unix epoch in seconds."},
		{"process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes."},
		{"process_virtual_memory_max_bytes", "gauge", "Maximum amount of virtual memory available in bytes."},
	} {
		if value, known := numbers[row.name]; known {
			p.single(row.name, row.kind, row.help, value)
		}
	}
}
