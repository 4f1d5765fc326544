//go:build !unix

package sqlite

import "io/fs"

// names counts the hard links of a file; 0 if it cannot be told.
func names(fs.FileInfo) uint64 { return 0 }
