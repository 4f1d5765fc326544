// Package audittest is for tests only: Make, simulated over real HTTP on loopback, with the demo's world or a little one, and services
// that read it with a made-up clock. MCP stays out of it, so that what memory a package's work takes can be measured in its tests.
package audittest
