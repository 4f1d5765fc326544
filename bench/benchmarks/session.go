package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
)

// call is what a client asks a tool.
type call struct {
	Name      string         `json:"name"`
	Arguments map[string]any `json:"arguments"`
}

// server is one of those that are measured: how it is started and asked.
type server struct {
	command     string
	environment []string // beside ours
	// stdio are the arguments with which it serves over standard input and output, http those with which it does at an address.
	stdio []string
	http  func(host, port string) []string
	// list asks for a page.
	list func(q question) call
}

// session is a client that is connected.
type session struct {
	client  *client.Client
	process *os.Process // of stdio
	last    atomic.Int64
}

// start starts the server and connects to it over stdio.
func (s *server) start(ctx context.Context) (*session, error) {
	var process *exec.Cmd
	stdio := transport.NewStdioWithOptions(s.command, nil, s.stdio, transport.WithCommandFunc(
		func(ctx context.Context, command string, _, arguments []string) (*exec.Cmd, error) {
			process = exec.CommandContext(ctx, command, arguments...)
			process.Env = append(os.Environ(), s.environment...)
			return process, nil
		}))
	connected, err := connect(ctx, stdio)
	if err != nil {
		return nil, fmt.Errorf("%s over stdio: %w", s.command, err)
	}
	connected.process = process.Process
	return connected, nil
}

func connect(ctx context.Context, over transport.Interface) (*session, error) {
	s := &session{client: client.NewClient(over)}
	if err := s.client.Start(ctx); err != nil {
		return nil, err
	}
	var hello mcp.InitializeRequest
	hello.Params.ProtocolVersion = "2025-06-18" // both know it
	hello.Params.ClientInfo = mcp.Implementation{Name: "benchmarks", Version: "1"}
	if _, err := s.client.Initialize(ctx, hello); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// close ends the session, and of stdio the process: what is measured is over, so that neither needs to take leave.
func (s *session) close() {
	if s.process != nil {
		_ = s.process.Kill()
	}
	_ = s.client.Close()
}

// request returns a result as it was served.
func (s *session) request(ctx context.Context, method string, params any) (json.RawMessage, error) {
	const firstOfOurs = 1_000_000 // apart from the client's own
	answered, err := s.client.GetTransport().SendRequest(ctx, transport.JSONRPCRequest{
		JSONRPC: mcp.JSONRPC_VERSION, ID: mcp.NewRequestId(firstOfOurs + s.last.Add(1)), Method: method, Params: params})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	if answered.Error != nil {
		return nil, fmt.Errorf("%s: %s", method, answered.Error.Message)
	}
	return answered.Result, nil
}

// ask calls a tool and returns the text of its result.
func (s *session) ask(ctx context.Context, asked call) (string, error) {
	raw, err := s.request(ctx, "tools/call", asked)
	if err != nil {
		return "", err
	}
	var result struct {
		IsError bool
		Content []struct{ Text string }
	}
	if err := json.Unmarshal(raw, &result); err != nil {
		return "", err
	}
	text := ""
	for _, content := range result.Content {
		text += content.Text
	}
	if result.IsError {
		return "", fmt.Errorf("%s: %.300s", asked.Name, text)
	}
	return text, nil
}

// listener is a server that serves over HTTP.
type listener struct {
	base    string
	process *exec.Cmd
}

func (s *server) listen(ctx context.Context) (*listener, error) {
	host, port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	l := &listener{base: "http://" + net.JoinHostPort(host, port), process: exec.CommandContext(ctx, s.command, s.http(host, port)...)}
	l.process.Env = append(os.Environ(), s.environment...)
	if err := l.process.Start(); err != nil {
		return nil, err
	}
	const patience = 20 * time.Second
	for began := time.Now(); time.Since(began) < patience; time.Sleep(20 * time.Millisecond) {
		connection, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(host, port))
		if err == nil {
			return l, connection.Close()
		}
	}
	l.stop()
	return nil, fmt.Errorf("%s did not listen at port %s within %s", s.command, port, patience)
}

func (l *listener) stop() {
	_ = l.process.Process.Kill()
	_ = l.process.Wait() // it was killed
}

func freePort(ctx context.Context) (host, port string, err error) {
	found, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	host, port, err = net.SplitHostPort(found.Addr().String())
	if err != nil {
		return "", "", err
	}
	return host, port, found.Close()
}

// streamable connects over streamable HTTP, with connections of its own.
func (l *listener) streamable(ctx context.Context) (*session, error) {
	return l.streamableBy(ctx, &http.Transport{})
}

// streamableElsewhere connects to the wrapper's.
func (l *listener) streamableElsewhere(ctx context.Context) (*session, error) {
	return l.streamableBy(ctx, &elsewhere{session: ctx, waiting: map[string]chan []byte{}})
}

func (l *listener) streamableBy(ctx context.Context, connections http.RoundTripper) (*session, error) {
	over, err := transport.NewStreamableHTTP(l.base+"/mcp", transport.WithHTTPBasicClient(&http.Client{Transport: connections}))
	if err != nil {
		return nil, err
	}
	return connect(ctx, over)
}

// sse connects over HTTP+SSE.
func (l *listener) sse(ctx context.Context) (*session, error) {
	over, err := transport.NewSSE(l.base + "/sse")
	if err != nil {
		return nil, err
	}
	return connect(ctx, over)
}

// ours is the product, asked for a log at an upstream with further flags.
func ours(binary string, u *upstream, flags ...string) *server {
	flags = append(flags, "--api-url", u.URL, "--requests-per-minute", "unlimited")
	const noLimit = "1000000"
	return &server{
		command:     binary,
		environment: []string{"MAKE_API_KEY=" + u.Token},
		stdio:       append([]string{"stdio"}, flags...),
		http: func(host, port string) []string {
			return append([]string{"http", "--address", net.JoinHostPort(host, port), "--rate-limit", noLimit,
				"--total-rate-limit", noLimit}, flags...)
		},
		list: func(q question) call {
			return call{"list_audit_logs", map[string]any{"from": strconv.Itoa(listedDays) + "d", "actor": []string{q.person},
				"event": []string{q.event}, "limit": pageSize}}
		},
	}
}

// wrapperPackage is where npm puts it.
const wrapperPackage = "node_modules/@ivotoby/openapi-mcp-server"

// wrapper is what ours is measured against.
func wrapper(folder string, u *upstream) *server {
	flags := func(more ...string) []string {
		return append([]string{filepath.Join(folder, wrapperPackage, "bin/mcp-server.js"), "--openapi-spec", "bench/wrapper/openapi.json",
			"--api-base-url", u.URL, "--headers", "Authorization:Token " + u.Token}, more...)
	}
	return &server{
		command: "node", // npx would take longer to start
		stdio:   flags("--transport", "stdio"),
		http: func(host, port string) []string {
			return flags("--transport", "http", "--host", host, "--port", port)
		},
		list: func(q question) call {
			return wrapperPage(map[string]any{"author[]": []string{q.person}, "event[]": []string{q.event},
				"dateFrom": firstListedDay(), "pg[limit]": pageSize})
		},
	}
}
