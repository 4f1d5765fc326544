package cli

import (
	goruntime "runtime"
	"runtime/debug"
)

// saveMemory has the garbage collector spend a little time on memory: the server sits on people's laptops, and keeps up to some hundred
// thousand entries for the next question. That holds from the collector's first run on, since until then there is only what the start
// leaves, and collecting it in the midst of the start takes a tenth of it.
func saveMemory() {
	const percent = 50
	collected := new(*int) // nothing refers to it; that it holds a pointer keeps it apart from what shares a block
	goruntime.AddCleanup(collected, func(percent int) { debug.SetGCPercent(percent) }, percent)
}
