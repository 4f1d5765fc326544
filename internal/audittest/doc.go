// Package audittest is for tests only: Make, simulated over real HTTP on loopback; services that read it with a made-up clock; and MCP
// clients of servers in this process, which check what holds of every result. It knows no tool, resource or prompt, so that the tests of
// each can use it.
package audittest
