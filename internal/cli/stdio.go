package cli

import "make-audit-mcp/internal/transport"

// stdioCommand serves MCP on the standard streams.
type stdioCommand struct {
	backgroundSync
}

// Run serves until standard input ends or the process is stopped.
func (c *stdioCommand) Run(r *runtime) error {
	if isTerminal(r.streams.In) {
		r.logger.Warn("this speaks MCP to a program, not to a person; try: make-audit-mcp --help")
	}
	if err := r.startTelemetry(false); err != nil {
		return err
	}
	defer r.stopTelemetry()
	service, operator, err := r.operatorService(c.creates())
	if err != nil {
		r.logger.ErrorContext(r.ctx, "not connected to Make: every tool call will say so", "error", explain(err))
	}
	defer operator.close()
	defer c.start(r, operator)()
	stdio := &transport.Stdio{Server: r.mcpServer(service), In: r.streams.In, Out: r.streams.Out, Logger: r.logger, Telemetry: r.telemetry}
	return stdio.Run(r.ctx)
}
