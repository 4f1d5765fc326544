package metrics

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// processNumbers asks Windows, which limits no process' handles or memory by itself.
func processNumbers() map[string]float64 {
	numbers := map[string]float64{}
	process := windows.CurrentProcess()
	var created, exited, kernel, user windows.Filetime
	if windows.GetProcessTimes(process, &created, &exited, &kernel, &user) == nil {
		numbers["process_cpu_seconds_total"] = seconds(kernel) + seconds(user)
	}
	kernel32 := windows.NewLazySystemDLL("kernel32.dll")
	var handles uint32
	if call := kernel32.NewProc("GetProcessHandleCount"); call.Find() == nil {
		if ok, _, _ := call.Call(uintptr(process), uintptr(unsafe.Pointer(&handles))); ok != 0 {
			numbers["process_open_fds"] = float64(handles)
		}
	}
	// Source: https://learn.microsoft.com/en-us/windows/win32/api/psapi/ns-psapi-process_memory_counters_ex
	var memory struct {
		size, pageFaults                                         uint32
		peakWorkingSet, workingSet                               uintptr
		peakPagedPool, pagedPool, peakNonPagedPool, nonPagedPool uintptr
		pagefileUsage, peakPagefileUsage, privateUsage           uintptr
	}
	memory.size = uint32(unsafe.Sizeof(memory))
	if call := kernel32.NewProc("K32GetProcessMemoryInfo"); call.Find() == nil {
		if ok, _, _ := call.Call(uintptr(process), uintptr(unsafe.Pointer(&memory)), uintptr(memory.size)); ok != 0 {
			numbers["process_resident_memory_bytes"] = float64(memory.workingSet)
			numbers["process_virtual_memory_bytes"] = float64(memory.privateUsage)
		}
	}
	return numbers
}

// seconds is a duration that Windows gives as a time, in units of 100 nanoseconds.
func seconds(duration windows.Filetime) float64 {
	return float64(uint64(duration.HighDateTime)<<32|uint64(duration.LowDateTime)) / 1e7
}
