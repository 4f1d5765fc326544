// Package transport carries MCP messages between clients and the server, with the guards that mcp-go leaves out. MCPGO.md lists what of
// mcp-go it replaces, and why.
//
// It promises that
//   - every request gets exactly one answer, with its id as the client wrote it; a cancelled request gets none;
//   - what a handler notifies the client of by [Notify] is written before its result;
//   - the text of a panic never reaches the client.
//
// Over stdio ([Stdio]) requests are answered also when stdin ends right after them, and lines are whole, and bounded when they are read.
//
// Over HTTP ([HTTP]) sessions and streams exist for the caller that opened them only, and what is held for a caller is bounded.
package transport
