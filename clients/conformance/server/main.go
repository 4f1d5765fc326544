// Command server is what the MCP conformance suite (@modelcontextprotocol/conformance) is run against: every fixture that the suite asks of
// a server, behind the HTTP transport that make-audit-mcp has. It knows nothing of audit logs and is no part of a release.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"make-audit-mcp/internal/transport"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves until ctx ends. The one line it prints is the URL of the server.
func run(ctx context.Context, args []string, out, errOut io.Writer) error {
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	flags.SetOutput(errOut)
	address := flags.String("address", "127.0.0.1:0", "where to listen; port 0 for any that is free")
	if err := flags.Parse(args); err != nil {
		return err
	}

	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", *address)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	if _, err := fmt.Fprintf(out, "http://%s/mcp\n", listener.Addr()); err != nil {
		return fmt.Errorf("printing the address: %w", err)
	}
	served := &transport.HTTP{
		Server: newServer(),
		Limits: transport.Limits{PerCaller: unlimited, Overall: unlimited}, // the suite is one fast caller
		Logger: slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	return served.Serve(ctx, listener, nil)
}

// unlimited is beyond what the suite can do.
const unlimited = 1e6

func newServer() *server.MCPServer {
	s := server.NewMCPServer("make-audit-mcp-conformance", "1.0.0",
		server.WithInstructions("Fixtures for the MCP conformance suite."),
		server.WithToolCapabilities(true),
		server.WithResourceCapabilities(true, true),
		server.WithPromptCapabilities(true),
		server.WithCompletions(),
		server.WithPromptCompletionProvider(completions{}),
		server.WithResourceCompletionProvider(completions{}),
		server.WithLogging(),
		server.WithElicitation(),
		server.WithRoots(),
		server.WithCacheHints(time.Minute.Milliseconds(), mcp.CacheScopePublic),
	)
	s.EnableSampling()
	addTools(s)
	addElicitation(s)
	addInputRequired(s)
	addResources(s)
	addPrompts(s)
	return s
}
