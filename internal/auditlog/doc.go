// Package auditlog is the vocabulary of Make's audit log as the rest of the program speaks it: entries, queries, windows, coverage, the
// catalog of names, and [Reader], the one interface that entries are read through.
//
// It promises that
//   - text written by others ([Text]) keeps its raw form in memory, for matching and export, and is cleaned whenever it is printed or
//     marshalled;
//   - a [Window] is exact: from inclusive, to exclusive, with its time zone;
//   - a [Report] never claims more than was read.
//
// It knows neither HTTP nor MCP.
package auditlog
