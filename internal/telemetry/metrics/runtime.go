package metrics

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// writeRuntime writes what the Go runtime tells, without stopping it.
//
// Source: https://pkg.go.dev/runtime/metrics
func writeRuntime(p *page) {
	const gauge, counter = "gauge", "counter"
	table := []struct {
		name, kind, help string
		of               []string // their sum
	}{
		{"go_gc_gogc_percent", gauge, "Heap size target percentage (GOGC).", []string{"/gc/gogc:percent"}},
		{"go_gc_gomemlimit_bytes", gauge, "Go runtime memory limit (GOMEMLIMIT).", []string{"/gc/gomemlimit:bytes"}},
		{"go_goroutines", gauge, "Number of goroutines that currently exist.", []string{"/sched/goroutines:goroutines"}},
		{"go_memstats_alloc_bytes", gauge, "Number of bytes allocated in heap and currently in use.",
			[]string{"/memory/classes/heap/objects:bytes"}},
		{"go_memstats_alloc_bytes_total", counter, "Total number of bytes allocated in heap until now, even if released already.",
			[]string{"/gc/heap/allocs:bytes"}},
		{"go_memstats_buck_hash_sys_bytes", gauge, "Number of bytes used by the profiling bucket hash table.",
			[]string{"/memory/classes/profiling/buckets:bytes"}},
		{"go_memstats_frees_total", counter, "Total number of heap objects frees.",
			[]string{"/gc/heap/frees:objects", "/gc/heap/tiny/allocs:objects"}},
		{"go_memstats_gc_sys_bytes", gauge, "Number of bytes used for garbage collection system metadata.",
			[]string{"/memory/classes/metadata/other:bytes"}},
		{"go_memstats_heap_alloc_bytes", gauge, "Number of heap bytes allocated and currently in use, same as go_memstats_alloc_bytes.",
			[]string{"/memory/classes/heap/objects:bytes"}},
		{"go_memstats_heap_idle_bytes", gauge, "Number of heap bytes waiting to be used.",
			[]string{"/memory/classes/heap/released:bytes", "/memory/classes/heap/free:bytes"}},
		{"go_memstats_heap_inuse_bytes", gauge, "Number of heap bytes that are in use.",
			[]string{"/memory/classes/heap/objects:bytes", "/memory/classes/heap/unused:bytes"}},
		{"go_memstats_heap_objects", gauge, "Number of currently allocated objects.", []string{"/gc/heap/objects:objects"}},
		{"go_memstats_heap_released_bytes", gauge, "Number of heap bytes released to OS.", []string{"/memory/classes/heap/released:bytes"}},
		{"go_memstats_heap_sys_bytes", gauge, "Number of heap bytes obtained from system.",
			[]string{"/memory/classes/heap/objects:bytes", "/memory/classes/heap/unused:bytes", "/memory/classes/heap/released:bytes",
				"/memory/classes/heap/free:bytes"}},
		{"go_memstats_mallocs_total", counter, "Total number of heap objects allocated, both live and gc-ed.",
			[]string{"/gc/heap/allocs:objects", "/gc/heap/tiny/allocs:objects"}},
		{"go_memstats_mcache_inuse_bytes", gauge, "Number of bytes in use by mcache structures.",
			[]string{"/memory/classes/metadata/mcache/inuse:bytes"}},
		{"go_memstats_mcache_sys_bytes", gauge, "Number of bytes used for mcache structures obtained from system.",
			[]string{"/memory/classes/metadata/mcache/inuse:bytes", "/memory/classes/metadata/mcache/free:bytes"}},
		{"go_memstats_mspan_inuse_bytes", gauge, "Number of bytes in use by mspan structures.",
			[]string{"/memory/classes/metadata/mspan/inuse:bytes"}},
		{"go_memstats_mspan_sys_bytes", gauge, "Number of bytes used for mspan structures obtained from system.",
			[]string{"/memory/classes/metadata/mspan/inuse:bytes", "/memory/classes/metadata/mspan/free:bytes"}},
		{"go_memstats_next_gc_bytes", gauge, "Number of heap bytes when next garbage collection will take place.",
			[]string{"/gc/heap/goal:bytes"}},
		{"go_memstats_other_sys_bytes", gauge, "Number of bytes used for other system allocations.",
			[]string{"/memory/classes/other:bytes"}},
		{"go_memstats_stack_inuse_bytes", gauge, "Number of bytes obtained from system for stack allocator in non-CGO environments.",
			[]string{"/memory/classes/heap/stacks:bytes"}},
		{"go_memstats_stack_sys_bytes", gauge, "Number of bytes obtained from system for stack allocator.",
			[]string{"/memory/classes/heap/stacks:bytes", "/memory/classes/os-stacks:bytes"}},
		{"go_memstats_sys_bytes", gauge, "Number of bytes obtained from system.", []string{"/memory/classes/total:bytes"}},
		{"go_sched_gomaxprocs_threads", gauge, "Number of threads that can execute Go code simultaneously (GOMAXPROCS).",
			[]string{"/sched/gomaxprocs:threads"}},
		{"go_threads", gauge, "Number of OS threads that currently exist.", []string{"/sched/threads/total:threads"}},
	}
	var samples []metrics.Sample
	for _, row := range table {
		for _, name := range row.of {
			samples = append(samples, metrics.Sample{Name: name})
		}
	}
	metrics.Read(samples)
	for _, row := range table {
		var sum uint64
		known := true
		for _, sample := range samples[:len(row.of)] {
			// Another version of Go may lack it.
			if known = known && sample.Value.Kind() == metrics.KindUint64; known {
				sum += sample.Value.Uint64()
			}
		}
		samples = samples[len(row.of):]
		if known {
			p.single(row.name, row.kind, row.help, float64(sum))
		}
	}
	writeCollections(p)
	p.family("go_info", gauge, "Information about the Go environment.")
	p.sample("go_info", []label{{"version", runtime.Version()}}, "1")
}

// writeCollections writes how long garbage collections have stopped the program.
func writeCollections(p *page) {
	const name = "go_gc_duration_seconds"
	quantiles := []string{"0", "0.25", "0.5", "0.75", "1"}
	stats := debug.GCStats{PauseQuantiles: make([]time.Duration, len(quantiles))}
	debug.ReadGCStats(&stats)
	p.family(name, "summary", "A summary of the wall-time pause (stop-the-world) duration in garbage collection cycles.")
	for i, quantile := range quantiles {
		p.sample(name, []label{{"quantile", quantile}}, number(stats.PauseQuantiles[i].Seconds()))
	}
	p.sample(name+"_sum", nil, number(stats.PauseTotal.Seconds()))
	p.sample(name+"_count", nil, number(float64(stats.NumGC)))
	p.single("go_memstats_last_gc_time_seconds", "gauge", "Number of seconds since 1970 of last garbage collection.",
		max(0, float64(stats.LastGC.UnixNano())/1e9))
}
