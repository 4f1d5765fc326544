package questions

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"make-audit-mcp/internal/makesim"
)

// ServerName is which MCP server the tools are of.
type ServerName string

// The servers.
const (
	Ours    ServerName = "make-audit-mcp"
	Wrapper ServerName = "OpenAPI wrapper"
)

// Server is how an MCP server is started.
type Server struct {
	Name    ServerName
	Command []string
	Env     []string
}

// OurServer starts make-audit-mcp from a binary.
func OurServer(binary string, m *Make) Server {
	return Server{Ours, []string{binary, "--api-url", m.URL, "--requests-per-minute", "unlimited", "stdio"},
		[]string{"MAKE_API_KEY=" + makesim.DemoToken}}
}

// WrapperServer starts the OpenAPI wrapper that is installed in a folder.
func WrapperServer(folder, specification string, m *Make) Server {
	return Server{Wrapper, []string{folder + "/node_modules/.bin/openapi-mcp-server", "--transport", "stdio", "--openapi-spec", specification,
		"--api-base-url", m.URL, "--headers", "Authorization:Token " + makesim.DemoToken}, nil}
}

// Session is an MCP session over streams. It is written here so that what models read is counted as the server wrote it.
type Session struct {
	in   io.WriteCloser
	out  *bufio.Reader
	end  func()
	next int
	// Instructions are the server's own words on how to use it.
	Instructions string
	Tools        []Tool
}

// Start starts a server. Nothing of the environment reaches it but where programs and caches are.
func (s Server) Start(ctx context.Context) (*Session, error) {
	command := exec.CommandContext(ctx, s.Command[0], s.Command[1:]...) //nolint:gosec // whoever runs the evaluation says what to start
	command.Env = s.Env
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "SYSTEMROOT"} {
		if value, ok := os.LookupEnv(name); ok {
			command.Env = append(command.Env, name+"="+value)
		}
	}
	in, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Name, err)
	}
	return Connect(in, out, func() {
		const patience = 5 * time.Second
		kill := time.AfterFunc(patience, func() { _ = command.Process.Kill() }) // it should have ended with its input
		_ = command.Wait()                                                      // how it ends is its own business
		kill.Stop()
	})
}

// Connect opens a session over streams; end is called when it is closed.
func Connect(in io.WriteCloser, out io.Reader, end func()) (*Session, error) {
	s := &Session{in: in, out: bufio.NewReader(out), end: end}
	var hello struct {
		Instructions string `json:"instructions"`
	}
	err := s.request("initialize", map[string]any{"protocolVersion": "2025-06-18", "capabilities": map[string]any{},
		"clientInfo": map[string]string{"name": "evaluation", "version": "1"}}, &hello)
	if err == nil {
		s.Instructions = hello.Instructions
		err = s.send(map[string]any{"jsonrpc": "2.0", "method": "notifications/initialized"})
	}
	var list struct {
		Tools []struct {
			Name        string          `json:"name"`
			Description string          `json:"description"`
			InputSchema json.RawMessage `json:"inputSchema"`
		} `json:"tools"`
	}
	if err == nil {
		err = s.request("tools/list", map[string]any{}, &list)
	}
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("MCP server: %w", err)
	}
	for _, t := range list.Tools {
		s.Tools = append(s.Tools, Tool(t))
	}
	return s, nil
}

// Close ends the session.
func (s *Session) Close() {
	_ = s.in.Close() // what ends needs no more input
	s.end()
}

// Call calls a tool. What the server refuses is a result as well; an error means that the session is over.
func (s *Session) Call(call Call) (Result, error) {
	var returned struct {
		Content []struct {
			Type string `json:"type"`
			Text string `json:"text"`
		} `json:"content"`
		IsError bool `json:"isError"`
	}
	err := s.request("tools/call", map[string]any{"name": call.Tool, "arguments": call.Arguments}, &returned)
	if refused := (*refusal)(nil); errors.As(err, &refused) {
		return Result{call.ID, refused.Message, true}, nil
	}
	if err != nil {
		return Result{}, err
	}
	var texts []string
	for _, block := range returned.Content {
		if block.Type == "text" {
			texts = append(texts, block.Text)
		}
	}
	return Result{call.ID, strings.Join(texts, "\n"), returned.IsError}, nil
}

// refusal is an error of JSON-RPC.
type refusal struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (r *refusal) Error() string { return fmt.Sprintf("%s (%d)", r.Message, r.Code) }

func (s *Session) send(message any) error {
	encoded, err := json.Marshal(message)
	if err != nil {
		return err
	}
	_, err = s.in.Write(append(encoded, '\n'))
	return err
}

// request sends a request and reads until its answer; one is under way at a time.
func (s *Session) request(method string, params, result any) error {
	s.next++
	if err := s.send(map[string]any{"jsonrpc": "2.0", "id": s.next, "method": method, "params": params}); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	for {
		line, err := s.out.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("%s: the server ended: %w", method, err)
		}
		var message struct {
			ID     *int            `json:"id"`
			Method string          `json:"method"`
			Result json.RawMessage `json:"result"`
			Error  *refusal        `json:"error"`
		}
		if json.Unmarshal(line, &message) != nil || message.ID == nil || *message.ID != s.next || message.Method != "" {
			continue // a notification, a request of the server's, or no message
		}
		if message.Error != nil {
			return fmt.Errorf("%s: %w", method, message.Error)
		}
		return json.Unmarshal(message.Result, result)
	}
}
