// Package display shows the results of tools to people: as tables that fit a terminal, and their main list as CSV. It works from the
// structured result, JSON, by a small description of what each tool's result has (see [layouts]); what a description does not know, and
// results that have none, are shown all the same, by their fields' own names.
//
// Everything that is shown is cleaned once more: no control character of a result reaches a terminal, whoever wrote the result. Columns are
// those of a terminal, so that wide characters take two and combining ones none. The package knows neither MCP nor the command line.
package display
