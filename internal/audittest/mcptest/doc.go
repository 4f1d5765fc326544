// Package mcptest is for tests only: MCP clients of servers in this process, which check what holds of every result. It knows no tool,
// resource or prompt, so that the tests of each can use it.
package mcptest
