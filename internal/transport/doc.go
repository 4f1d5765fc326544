// Package transport carries MCP messages between clients and the server, with
// the guards that mcp-go leaves out.
//
// Over stdio ([Stdio]) it promises that
//   - every request gets exactly one answer, with its id as the client wrote it,
//     also when stdin ends right after it; a cancelled request gets none;
//   - what a handler notifies the client of is written before its result;
//   - lines are whole, and bounded when they are read;
//   - the text of a panic never reaches the client.
package transport
