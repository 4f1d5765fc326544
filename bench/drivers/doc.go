// Package drivers compares SQLite drivers without cgo as the archive uses them; see README.md for what was measured. It has nothing but
// benchmarks.
package drivers
