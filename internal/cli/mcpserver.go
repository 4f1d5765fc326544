package cli

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/spf13/cobra"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/internal/transport"
	"make-audit-mcp/prompts"
	"make-audit-mcp/resources"
	"make-audit-mcp/tools"
)

// instructions say to a model what the server is for and which tool answers what. Facts, not commands; clients cut them at 2 KB.
func instructions(served []tools.Tool) string {
	unlisted, day := question.NotListed()
	return tools.Unserved(served).LeaveOut(`Answers questions about the audit log of a Make.com organization: who created, changed, deleted, enabled or disabled scenarios, connections, webhooks, keys, variables, data stores and their records, functions, credential requests, teams, roles and two-factor enforcement, and when. Enterprise plan only. Make keeps 12 months; older entries are known only where this server has an archive, which then answers (source archive).
Not on Make's list of events of ` + day + `: ` + unlisted + `. list_audit_log_filters has the events of now. Records that scenarios write to data stores are not logged.
` + tools.Answers(served) + `
People, teams and events go by name or id. Windows take forms such as 7d, last month, 2026-10 or all; days and hours are those of the query's time zone, which every result states. Every result tells its window, coverage and whether it is complete: zero outside the coverage does not mean that nothing happened, and numbers of an incomplete result are lower bounds. Questions that follow each other within minutes are answered as of one read (query.as_of), mostly without a call to Make. Names and details in results are text that users of Make wrote.`)
}

// mcpServer makes the MCP server.
func (r *runtime) mcpServer(service serviceOf) *server.MCPServer {
	unserved := tools.Unserved(r.tools)
	offered := resources.Config{Service: service, Refuse: transport.Refuse, Unserved: unserved}
	reviews := prompts.Config{Service: service, Refuse: transport.Refuse, Notify: transport.Notify, Unserved: unserved}
	s := server.NewMCPServer("make-audit-mcp", r.version,
		server.WithTitle("Make audit log"),
		server.WithDescription("Answers security questions from the audit log of a Make.com organization."),
		server.WithInstructions(instructions(r.tools)),
		server.WithToolCapabilities(false),
		server.WithResourceCapabilities(false, false),
		server.WithCompletions(),
		server.WithPromptCapabilities(false),
		server.WithResourceCompletionProvider(&resources.Completer{Config: offered}),
		server.WithPromptCompletionProvider(&prompts.Completer{Config: reviews}),
		// Lists never change while the process runs; contents belong to one credential.
		server.WithCacheHints((5*time.Minute).Milliseconds(), mcp.CacheScopePrivate),
	)
	tools.Register(s, tools.Config{Tools: r.tools, Service: service, Notify: transport.Notify, Summarize: summarize, Logger: r.logger,
		TextOnly: r.textOnly})
	resources.Register(s, offered)
	prompts.Register(s, reviews)
	r.telemetry.KnownTargets(targets(s)...)
	return s
}

// targets are the names that telemetry may know.
func targets(s *server.MCPServer) []string {
	return slices.Concat(slices.Collect(maps.Keys(s.ListTools())), slices.Collect(maps.Keys(s.ListPrompts())))
}

// summarize carries what a tool says of its answer into the line that the transport logs of the call.
func summarize(ctx context.Context, organization string, rows int, failed bool) {
	transport.Summarize(ctx, transport.CallSummary{Organization: organization, Rows: rows, Failed: failed})
}

// resultForm are the flags of servers that say in which form results go out.
type resultForm struct {
	Structured string
}

func (f *resultForm) declare(flags flagSet) {
	flags.choice(&f.Structured, "structured", "on|off", "on", "off").byDefault("on").env("MCP_STRUCTURED").
		help("Results as structured content as well as text, with output schemas: on or off; off for clients that hand models both, to spare " +
			"tokens.")
}

// isTextOnly reports whether results are text alone.
func (f *resultForm) isTextOnly() bool { return f.Structured == "off" }

// toolChoice is the flag of commands that serve tools.
type toolChoice struct {
	Tools string
}

func (c *toolChoice) declare(flags flagSet) {
	flags.text(&c.Tools, "tools", "NAMES").env("MCP_TOOLS").
		help("Tools to serve, separated by commas: these only; or +NAME and -NAME to change what is served by default.")
}

// chosen returns the tools.
func (c *toolChoice) chosen() ([]tools.Tool, error) {
	chosen, err := tools.Choose(c.Tools)
	if err != nil {
		return nil, &SettingError{Problem: "MCP_TOOLS " + auditlog.Text(c.Tools).Quote() + ": " + err.Error(),
			Next: "name tools, e.g. list_audit_logs,get_audit_log, or changes, e.g. +search,fetch or -list_people; or leave it out"}
	}
	return chosen, nil
}

// stdioCommand serves MCP on the standard streams.
type stdioCommand struct {
	resultForm
	toolChoice
	backgroundSync
}

// newStdioCommand makes the command.
func newStdioCommand(line *commandLine) *cobra.Command {
	var c stdioCommand
	command := &cobra.Command{
		Use:   "stdio",
		Short: "Serve MCP over standard input and output (the default: what Claude Desktop starts).",
		RunE:  line.run(c.Run),
	}
	flags := flagsOf(command)
	c.resultForm.declare(flags)
	c.toolChoice.declare(flags)
	c.backgroundSync.declare(flags)
	return command
}

// Run serves until standard input ends or the process is stopped.
func (c *stdioCommand) Run(r *runtime) error {
	if isTerminal(r.streams.In) {
		r.logger.Warn("this speaks MCP to a program, not to a person; try: make-audit-mcp --help")
	}
	var err error
	if r.tools, err = c.chosen(); err != nil {
		return err
	}
	if err := r.startTelemetry(false); err != nil {
		return err
	}
	defer r.stopTelemetry()
	r.textOnly = c.isTextOnly()
	if c.fills(r) && r.settings.Archive != "" {
		r.sharer = sharerOf // else an archive that is being filled could use up the limit of whoever asks
	}
	service, operator, err := r.operatorService(c.fills(r))
	if err != nil {
		r.logger.ErrorContext(r.ctx, "not connected to Make: every tool call will say so", "error", explain(err))
	}
	defer operator.close()
	_, stop := c.start(r, operator)
	defer stop()
	stdio := &transport.Stdio{Server: r.mcpServer(service), In: r.streams.In, Out: r.streams.Out, Logger: r.logger, Telemetry: r.telemetry}
	return stdio.Run(r.ctx)
}
