// Package cli is the command line: commands, flags, environment and wiring.
//
// Exit codes: 0 success, 1 the command failed (for call: the tool answered with an error), 2 a flag, an argument, a variable of the
// environment or a file that they name cannot be used, 3 detect found what --fail-on asks for.
// Results go to standard output, everything else to standard error.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/telemetry"
	"make-audit-mcp/internal/tz"
	"make-audit-mcp/tools"
)

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// Streams are the program's standard streams.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// commands is the whole command line.
type commands struct {
	Settings

	Version kong.VersionFlag `help:"Print the version, and which release of the tz database is in use, and exit."`

	Stdio  stdioCommand  `cmd:"" default:"1" help:"Serve MCP over standard input and output (the default: what Claude Desktop starts)."`
	HTTP   httpCommand   `cmd:"" name:"http" help:"Serve MCP over the network: streamable HTTP, and SSE for older clients."`
	Call   callCommand   `cmd:"" help:"Call one tool as an MCP client would, and print its result as JSON."`
	Sync   syncCommand   `cmd:"" help:"Fill the archive: a local copy of the log that outlives what Make keeps."`
	Verify verifyCommand `cmd:"" help:"Prove that nothing in the archive was changed, and list its gaps."`
	Export exportCommand `cmd:"" help:"Write entries for other programs: NDJSON, CSV, OCSF or ECS."`
	Detect detectCommand `cmd:"" help:"Find what stands out of the log, with the reason and the entries behind it."`
	Report reportCommand `cmd:"" help:"Write the evidence pack of a period for auditors: one HTML file that needs nothing else."`
	Check  checkCommand  `cmd:"" help:"Tell what the API key can see, what is missing and how to get it."`
	Setup  setupCommand  `cmd:"" help:"Show or write the configuration of an MCP client: Claude, Cursor, VS Code, Codex and others."`

	Completion completionCommand `cmd:"" help:"Print a script that lets your shell complete commands, flags and names of tools."`
}

const description = `Ask an AI agent about your Make.com audit log: who did what, when, to which scenario, connection, webhook or key.

The API key comes from the environment, never from a flag: MAKE_API_KEY, or MAKE_API_KEY_FILE for a file that holds it. MAKE_ZONE says where: the host you sign in to, e.g. eu1.make.com.

Without an account, --demo answers from a simulated organization:

  make-audit-mcp --demo call count_audit_logs '{"event":["*_deleted"],"group_by":["actor"],"from":"30d"}'
  make-audit-mcp --demo check`

// helpText is what --help says of a flag.
func helpText(value *kong.Value) string {
	described := *value
	described.Help = Described(value)
	return kong.DefaultHelpValueFormatter(&described)
}

// Described returns what a flag is for: its default as well, where the text does not say it.
func Described(value *kong.Value) string {
	if value.Default == "" || strings.Contains(value.Help, "default") {
		return value.Help
	}
	return strings.TrimSuffix(value.Help, ".") + "; default: " + value.Default + "."
}

// exitSignal carries an exit out of kong, which would end the process itself.
type exitSignal int

// Main runs the command line and returns the exit code. SIGINT and SIGTERM stop a command cleanly; another one, a second later, ends the
// process at once.
func Main(arguments []string, streams Streams, version string) (code int) {
	if os.Getenv("GOGC") == "" {
		// A little time for memory: the server sits on people's laptops, and keeps up to some hundred thousand entries for the next
		// question.
		debug.SetGCPercent(50)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// Then the next has its usual effect, and not before: within the second it is the same one, since a terminal signals the binary and
	// what started it, which passes it on.
	context.AfterFunc(ctx, func() { time.AfterFunc(time.Second, stop) })
	return Run(ctx, arguments, streams, version)
}

// Run is Main without signals: ctx ends the command.
func Run(ctx context.Context, arguments []string, streams Streams, version string) (code int) {
	defer func() {
		if r := recover(); r != nil {
			exit, ok := r.(exitSignal)
			if !ok {
				panic(r)
			}
			code = int(exit)
		}
	}()
	forgetWhatIsNotSet()
	version = versionOr(version)
	var line commands
	parser, err := newParser(&line, streams, version)
	if err != nil {
		_, _ = fmt.Fprintln(streams.Err, "make-audit-mcp: internal error:", err)
		return exitFailed
	}
	parsed, err := parser.Parse(arguments)
	if err != nil {
		_, _ = fmt.Fprintf(streams.Err, "make-audit-mcp: %v\nTry: make-audit-mcp --help\n", err)
		return exitUsage
	}
	if line.LogLevel == "" {
		line.LogLevel = "warn"
		if parsed.Command() == "http" {
			line.LogLevel = "info" // the line per call is an operator's record
		}
	}
	return conclude(streams.Err, parsed.Run(&runtime{
		ctx: ctx, settings: line.Settings, streams: streams, version: version, logger: line.logger(streams.Err),
	}))
}

func newParser(line *commands, streams Streams, version string) (*kong.Kong, error) {
	return kong.New(line,
		kong.Name("make-audit-mcp"),
		kong.Description(description),
		kong.Writers(streams.Out, streams.Err),
		kong.Exit(func(code int) { panic(exitSignal(code)) }),
		kong.Vars{"version": version + "\n" + tz.InUse().String()},
		kong.NamedMapper("path", pathMapper{}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.ValueFormatter(helpText),
	)
}

// Model returns the commands and their flags, for pages that tell of them. What is said of a flag is [Described].
func Model() (*kong.Application, error) {
	parser, err := newParser(&commands{}, Streams{}, "")
	if err != nil {
		return nil, fmt.Errorf("describing the command line: %w", err)
	}
	return parser.Model, nil
}

// conclude says what ended a command, and returns its exit code.
func conclude(to io.Writer, err error) (code int) {
	if err == nil {
		return exitOK
	}
	if failure, ok := errors.AsType[*exitError](err); ok {
		_, _ = fmt.Fprintln(to, "make-audit-mcp: "+failure.message)
		return failure.code
	}
	_, _ = fmt.Fprintln(to, "make-audit-mcp: "+explain(err))
	_, isSetting := errors.AsType[*SettingError](err)
	_, isCheckpoint := errors.AsType[*archive.PositionError](err)
	if isSetting || isCheckpoint || answer.IsCallersMistake(err) {
		return exitUsage
	}
	return exitFailed
}

// exitError ends the command with a message and a code.
type exitError struct {
	code    int
	message string
}

func (e *exitError) Error() string { return e.message }

// runtime is what a command runs with.
type runtime struct {
	ctx      context.Context //nolint:containedctx // kong hands commands one value
	settings Settings
	streams  Streams
	version  string
	logger   *slog.Logger
	// keepRaw has entries carry what Make sent, for exports.
	keepRaw bool
	// sharer names whom a call to Make is made for, where several callers share its limit; nil where there is one.
	sharer func(context.Context) string
	// tools are those that are served.
	tools []tools.Tool
	// textOnly serves tools without output schemas and structured content.
	textOnly bool
	// telemetry is nil where nobody reads it.
	telemetry *telemetry.Telemetry
}

// versionOr is the version that the build was given, else the module's.
func versionOr(version string) string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return strings.TrimPrefix(info.Main.Version, "v")
	}
	return "dev"
}

// explain puts an error into words, as the tools do.
func explain(err error) string { return answer.Explain(err) }
