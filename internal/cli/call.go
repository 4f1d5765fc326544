package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/client"
	clienttransport "github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/spf13/cobra"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/plaintext"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/internal/transport"
	"make-audit-mcp/tools"
)

// maxCallInput bounds the arguments read from a file or standard input.
const maxCallInput = 8 << 20

// callCommand calls one tool over a whole MCP session, on pipes instead of standard streams.
type callCommand struct {
	Tool      string
	Arguments string
	toolChoice
}

// newCallCommand makes the command.
func newCallCommand(line *commandLine) *cobra.Command {
	var c callCommand
	command := &cobra.Command{
		Use: "call TOOL [ARGUMENTS]",
		Annotations: map[string]string{
			"TOOL":      "Name of the tool, e.g. list_audit_logs.",
			"ARGUMENTS": "The arguments as JSON, @FILE to read them from a file, or - for standard input.",
		},
		Short: "Call one tool as an MCP client would, and print its result as JSON.",
		Long: `Examples:
  make-audit-mcp --demo call list_organizations
  make-audit-mcp --demo call list_audit_logs '{"event":["*_deleted"],"from":"last week"}'
  make-audit-mcp --demo call list_audit_log_filters '{"kind":"events","search":"webhook"}'
  echo '{"from":"24h"}' | make-audit-mcp --demo call list_audit_logs -

The result goes to standard output; a tool's error goes to standard error, with exit code 1.`,
		ValidArgsFunction: toolNames,
		RunE:              line.run(c.Run),
	}
	c.toolChoice.declare(flagsOf(command))
	return command
}

// Run calls the tool and prints its result.
func (c *callCommand) Run(r *runtime) error {
	c.Tool = r.words[0]
	if len(r.words) > 1 {
		c.Arguments = r.words[1]
	}
	arguments, err := c.arguments(r.streams.In)
	if err != nil {
		return err
	}
	if r.tools, err = c.chosen(); err != nil {
		return err
	}
	session, err := r.openSession()
	if err != nil {
		return err
	}
	defer session.close()
	if err := session.checkTool(r.ctx, c.Tool); err != nil {
		return err
	}
	request := mcp.CallToolRequest{}
	request.Params.Name = c.Tool
	request.Params.Arguments = arguments
	request.Params.Meta = &mcp.Meta{ProgressToken: "call"}
	result, err := session.client.CallTool(r.ctx, request)
	session.progress.end()
	switch {
	case r.ctx.Err() != nil:
		return &exitError{code: exitFailed, message: "interrupted"}
	case err != nil:
		return err
	}
	return printResult(r.streams, result)
}

// arguments reads the JSON from where the command line says.
func (c *callCommand) arguments(stdin io.Reader) (json.RawMessage, error) {
	text := []byte(c.Arguments)
	var err error
	switch {
	case c.Arguments == "":
		return json.RawMessage("{}"), nil
	case c.Arguments == "-":
		text, err = io.ReadAll(io.LimitReader(plaintext.NewReader(stdin), maxCallInput+1))
	case strings.HasPrefix(c.Arguments, "@"):
		text, err = plaintext.ReadFile(homePath(c.Arguments[1:]))
	}
	if err != nil {
		return nil, &exitError{code: exitUsage, message: "cannot read the arguments: " + err.Error()}
	}
	if len(text) > maxCallInput {
		return nil, &exitError{code: exitUsage, message: fmt.Sprintf("the arguments are larger than %d bytes", maxCallInput)}
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, &exitError{code: exitUsage, message: fmt.Sprintf("the arguments are no JSON object (%v); example: '{\"from\":\"7d\"}'",
			err)}
	}
	return json.RawMessage(bytes.TrimSpace(text)), nil
}

// session is an MCP client connected to our own server over pipes, the very path that a client of the stdio command takes.
type session struct {
	client   *client.Client
	progress *progressLine
	close    func()
}

func (r *runtime) openSession() (*session, error) {
	service, operator, err := r.operatorService(false)
	if err != nil {
		return nil, err
	}
	toServer, fromClient := io.Pipe()
	toClient, fromServer := io.Pipe()
	ctx, stop := context.WithCancel(r.ctx)
	stdio := &transport.Stdio{Server: r.mcpServer(service), In: toServer, Out: fromServer, Logger: r.logger}
	var server sync.WaitGroup
	server.Go(func() {
		// The client notices a server that ended too early by the closed pipe.
		_ = fromServer.CloseWithError(stdio.Run(ctx))
		operator.close()
	})
	s := &session{
		client:   client.NewClient(clienttransport.NewIO(toClient, fromClient, io.NopCloser(strings.NewReader("")))),
		progress: newProgressLine(r.streams.Err),
	}
	s.close = func() {
		_ = s.client.Close()
		stop()
		server.Wait()
	}
	s.showProgress()
	hello := mcp.InitializeRequest{}
	hello.Params.ProtocolVersion = mcp.LATEST_PROTOCOL_VERSION
	hello.Params.ClientInfo = mcp.Implementation{Name: "make-audit-mcp call", Version: r.version}
	err = s.client.Start(r.ctx)
	if err == nil {
		_, err = s.client.Initialize(r.ctx, hello)
	}
	if err != nil {
		s.close()
		return nil, fmt.Errorf("starting the session: %w", err)
	}
	return s, nil
}

// checkTool refuses a tool that does not exist, with the nearest names.
func (s *session) checkTool(ctx context.Context, name string) error {
	listed, err := s.client.ListTools(ctx, mcp.ListToolsRequest{})
	if err != nil {
		return fmt.Errorf("listing the tools: %w", err)
	}
	names := make([]string, 0, len(listed.Tools))
	for _, tool := range listed.Tools {
		if tool.Name == name {
			return nil
		}
		names = append(names, tool.Name)
	}
	isKnown := slices.ContainsFunc(tools.All(), func(tool tools.Tool) bool { return tool.Name == name })
	if isKnown {
		return &exitError{code: exitUsage, message: "the tool " + name + " is not served: add --tools=+" + name}
	}
	hint := "tools: "
	if nearest := question.Nearest(name, names, 1); len(nearest) > 0 {
		hint = "did you mean " + nearest[0] + "? Tools: "
	}
	return &exitError{code: exitUsage, message: "there is no tool " + auditlog.Text(name).Quote() + "; " + hint + strings.Join(names, ", ")}
}

// showProgress shows how a call goes that takes more than a second.
func (s *session) showProgress() {
	begun := time.Now()
	s.client.OnNotification(func(notification mcp.JSONRPCNotification) {
		message, ok := notification.Params.AdditionalFields["message"].(string)
		if notification.Method != "notifications/progress" || !ok {
			return
		}
		if time.Since(begun) >= time.Second || strings.HasPrefix(message, "waiting") {
			s.progress.show(message, true)
		}
	})
}

// printResult prints the structured result as JSON, indented for a person, and a tool's error as text.
func printResult(streams Streams, result *mcp.CallToolResult) error {
	texts := make([]string, 0, len(result.Content))
	for _, content := range result.Content {
		if text, ok := content.(mcp.TextContent); ok {
			texts = append(texts, text.Text)
		}
	}
	text := strings.Join(texts, "\n")
	// The text block is the structured content, in the order of its fields.
	structured := []byte(text)
	if result.IsError {
		structured = nil
		if result.StructuredContent != nil {
			structured, _ = json.Marshal(result.StructuredContent) // it came as JSON
		}
	}
	if structured != nil {
		var out bytes.Buffer
		if err := json.Indent(&out, structured, "", "  "); err != nil {
			return errors.New("internal error: the tool's result is no JSON")
		}
		out.WriteByte('\n')
		if _, err := out.WriteTo(streams.Out); err != nil {
			return fmt.Errorf("writing the result: %w", err)
		}
	}
	if result.IsError {
		return &exitError{code: exitFailed, message: text}
	}
	return nil
}
