//go:build !linux && !darwin && !windows

package sqlite

// networkFileSystem is not asked of other systems.
func networkFileSystem(string) string { return "" }
