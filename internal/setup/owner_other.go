//go:build !unix

package setup

import "io/fs"

// give does nothing: who may use a file goes by the folder that it is in.
func give(string, fs.FileInfo) error { return nil }
