// Package tools serves the questions as MCP tools, one file a tool.
//
// Every tool is read-only. Arguments are checked here, with words that a model can act on; a result's structured content holds everything,
// its text block the same JSON. Whatever goes wrong is a tool error whose text names the next step: no Go error, and no panic's text,
// reaches the client.
package tools
