// Package cli is the command line: commands, flags, environment and wiring.
//
// Exit codes: 0 success, 1 the command failed (for call: the tool answered with an error), 2 a flag, an argument, a variable of the
// environment or a file that they name cannot be used, 3 detect found what --fail-on asks for.
// Results go to standard output, everything else to standard error.
package cli

import (
	"cmp"
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

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

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

const description = `Ask an AI agent about your Make.com audit log: who did what, when, to which scenario, connection, webhook or key.

The API key comes from the environment, never from a flag: MAKE_API_KEY, or MAKE_API_KEY_FILE for a file that holds it. MAKE_ZONE says where: the host you sign in to, e.g. eu1.make.com.

Without an account, --demo answers from a simulated organization:

  make-audit-mcp --demo call count_audit_logs --event '*_deleted' --group-by actor --from 30d
  make-audit-mcp --demo check`

// Main runs the command line and returns the exit code. SIGINT and SIGTERM stop a command cleanly; another one, a second later, ends the
// process at once.
func Main(arguments []string, streams Streams, version string) (code int) {
	if os.Getenv("GOGC") == "" {
		saveMemory()
	}
	cobra.MousetrapHelpText = "" // Windows may start a server from a shortcut, too
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// Then the next has its usual effect, and not before: within the second it is the same one, since a terminal signals the binary and
	// what started it, which passes it on.
	context.AfterFunc(ctx, func() { time.AfterFunc(time.Second, stop) })
	return Run(ctx, arguments, streams, version)
}

// Run is Main without signals: ctx ends the command.
func Run(ctx context.Context, arguments []string, streams Streams, version string) (code int) {
	forgetWhatIsNotSet()
	line := newCommandLine(streams, versionOr(version))
	if len(arguments) > 0 && strings.HasPrefix(arguments[0], cobra.ShellCompRequestCmd) {
		offerChoices(line.root)
	} else if err := line.checkValues(arguments); err != nil {
		return conclude(streams.Err, err)
	}
	line.root.SetArgs(append([]string{}, arguments...)) // nil would be the process's
	err := line.root.ExecuteContext(ctx)
	if errors.Is(err, errVersion) {
		_, err = fmt.Fprintf(streams.Out, "%s\n%s\n", line.version, tz.InUse())
	}
	return conclude(streams.Err, cmp.Or(err, line.unwritten))
}

// errVersion ends the reading of flags at --version.
var errVersion = errors.New("the version is asked for")

// commandLine is the whole command line, once.
type commandLine struct {
	root     *cobra.Command
	commands []*cobra.Command // cobra sorts them by name
	settings Settings
	streams  Streams
	version  string
	// unwritten says why help could not be printed: cobra's function for it returns nothing.
	unwritten error
}

// Commands returns the command line and its commands, in the order in which people are told of them, for pages: [Arguments] and [Flags] say
// what each takes.
func Commands() (root *cobra.Command, commands []*cobra.Command) {
	line := newCommandLine(Streams{}, "")
	return line.root, line.commands
}

func newCommandLine(streams Streams, version string) *commandLine {
	line := &commandLine{streams: streams, version: version}
	stdio := newStdioCommand(line)
	line.commands = []*cobra.Command{
		stdio, newHTTPCommand(line), newCallCommand(line), newPromptCommand(line), newSyncCommand(line), newVerifyCommand(line),
		newArchiveCommand(line), newExportCommand(line), newDetectCommand(line), newReportCommand(line), newCheckCommand(line),
		newSetupCommand(line), newCompletionCommand(line),
	}
	line.root = &cobra.Command{
		Use: "make-audit-mcp", Long: description, Args: checkWords, SilenceErrors: true, SilenceUsage: true,
		RunE: func(*cobra.Command, []string) error {
			if err := stdio.ParseFlags(nil); err != nil { // has it know those of every command
				return err
			}
			return stdio.RunE(stdio, nil)
		},
	}
	for _, command := range line.commands {
		command.Args = checkWords
		line.root.AddCommand(command)
	}
	line.root.CompletionOptions.DisableDefaultCmd = true
	line.root.SetOut(streams.Out)
	line.root.SetErr(streams.Err)
	line.root.SetFlagErrorFunc(explainFlag)
	line.root.SetUsageFunc(line.help)
	line.root.SetHelpFunc(func(command *cobra.Command, _ []string) { line.unwritten = line.help(command) })

	flags := flagSet{line.root.PersistentFlags()}
	flags.SortFlags = false
	flags.BoolP("help", "h", false, "Show help, of the command that is given.")
	line.settings.declare(flags)
	flags.BoolFunc("version", "Print the version, and which release of the tz database is in use, and exit.",
		func(string) error { return errVersion })
	return line
}

// checkValues is [checkValues] of the whole command line, but for commands that read their words themselves.
func (l *commandLine) checkValues(arguments []string) error {
	command, _, err := l.root.Find(arguments)
	if err != nil || command.DisableFlagParsing {
		return nil //nolint:nilerr // cobra says it when it comes to it
	}
	command.InheritedFlags() // has the command know them
	return checkValues(command.Flags(), arguments)
}

// run makes a command's function that cobra calls, of what the command does.
func (l *commandLine) run(do func(*runtime) error) func(*cobra.Command, []string) error {
	return func(command *cobra.Command, words []string) error {
		if err := readEnvironment(command.Flags()); err != nil {
			return err
		}
		if l.settings.LogLevel == "" {
			l.settings.LogLevel = "warn"
			if command.Name() == "http" {
				l.settings.LogLevel = "info" // the line per call is an operator's record
			}
		}
		return do(&runtime{
			ctx: l.root.Context(), words: words, flags: l.root.PersistentFlags(), settings: l.settings, streams: l.streams,
			version: l.version, logger: l.settings.logger(l.streams.Err),
		})
	}
}

// conclude says what ended a command, and returns its exit code.
func conclude(to io.Writer, err error) (code int) {
	if err == nil {
		return exitOK
	}
	if mistake, ok := errors.AsType[*usageError](err); ok {
		_, _ = fmt.Fprintf(to, "make-audit-mcp: %s\nTry: make-audit-mcp --help\n", mistake.problem)
		return exitUsage
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
	ctx context.Context //nolint:containedctx // commands are handed one value
	// words are the command's arguments; flags are those of every command.
	words    []string
	flags    *pflag.FlagSet
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
