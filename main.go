// Command make-audit-mcp lets an AI agent ask security questions of a Make.com organization's audit log, over the Model Context Protocol.
package main

import (
	"os"

	"make-audit-mcp/internal/cli"
)

// version is set by release builds (-ldflags "-X main.version=…").
var version string

func main() {
	os.Exit(cli.Main(os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, version))
}
