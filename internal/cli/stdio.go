package cli

import "make-audit-mcp/internal/transport"

// stdioCommand serves MCP on the standard streams.
type stdioCommand struct{}

// Run serves until standard input ends or the process is told to stop.
func (*stdioCommand) Run(r *runtime) error {
	if isTerminal(r.streams.In) {
		r.logger.Warn("this speaks MCP to a program, not to a person; try: make-audit-mcp --help")
	}
	served, err := r.mcpServer()
	if err != nil {
		r.logger.ErrorContext(r.ctx, "not connected to Make: every tool call will say so", "error", explain(err))
	}
	stdio := &transport.Stdio{Server: served, In: r.streams.In, Out: r.streams.Out, Logger: r.logger}
	return stdio.Run(r.ctx)
}
