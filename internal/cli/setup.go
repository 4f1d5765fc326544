package cli

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"make-audit-mcp/internal/plaintext"
	"make-audit-mcp/internal/setup"
)

// setupCommand writes the configuration of clients.
type setupCommand struct {
	Write   bool
	Undo    bool
	Print   bool
	Project bool
	Name    string
	Replace bool
	SaveKey bool
	NoCheck bool
}

// newSetupCommand makes the command.
func newSetupCommand(line *commandLine) *cobra.Command {
	var c setupCommand
	command := &cobra.Command{
		Use:         "setup [CLIENT ...]",
		Annotations: map[string]string{"CLIENT": "claude-desktop, claude-code, cursor, vscode, codex, gemini, windsurf, jetbrains or goose; none: list them, and which are on this machine."},
		Short:       "Show or write the configuration of an MCP client: Claude, Cursor, VS Code, Codex and others.",
		Long: `Shows what would be written, and writes nothing without --write. Nothing else in the file changes, and an entry that is there is never overwritten. Settings come from the flags and variables that every command has: MAKE_ZONE and the others that are set go into the entry.

The key never does: VS Code asks for it and goose has a keyring; Claude Code, Cursor, Codex and Windsurf take it from MAKE_API_KEY where they are started; Claude Desktop, Gemini CLI and JetBrains need a file with it (--save-key, or --api-key-file), and every client uses a file that is given.

  make-audit-mcp setup                                       clients on this machine
  make-audit-mcp setup claude-code --demo                    what would be written
  make-audit-mcp setup claude-code --demo --write            try it without an account
  make-audit-mcp setup cursor codex --zone eu1.make.com --write
  make-audit-mcp setup claude-desktop --zone eu1.make.com --save-key --write
  make-audit-mcp setup vscode --project --zone eu1.make.com --print
  make-audit-mcp setup --undo                                take it all out again

Exit code 0 if it was shown or done, 1 if it could not be, 2 if the flags or settings cannot be used.`,
		ValidArgsFunction: clientNames,
		RunE:              line.run(c.Run),
	}
	flags := flagsOf(command)
	flags.toggle(&c.Write, "write").help("Write it, after a check of the key; what the file held is kept beside it.")
	flags.toggle(&c.Undo, "undo").
		help("Take out what setup wrote: for these clients, or for all; under --name, or under any.")
	flags.toggle(&c.Print, "print").help("Print the entry alone, to be pasted.")
	flags.toggle(&c.Project, "project").help("The configuration of the project in this folder, instead of yours.")
	flags.text(&c.Name, "name", "NAME").help("What the client calls the server; default: make-audit.")
	flags.toggle(&c.Replace, "replace").help("Let an entry of that name go that is another, or was changed.")
	flags.toggle(&c.SaveKey, "save-key").
		help("Keep the key in a file that only you can read, and give clients its path; the key is MAKE_API_KEY, or is asked for.")
	flags.toggle(&c.NoCheck, "no-check").help("Write without a check of the key.")
	return command
}

// clientNames completes the names of clients.
func clientNames(*cobra.Command, []string, string) (names []string, _ cobra.ShellCompDirective) {
	for _, client := range setup.Clients() {
		names = append(names, client.Name+"\t"+client.Title)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// Run shows, writes, prints or undoes.
func (c *setupCommand) Run(r *runtime) error {
	if c.Write && c.Undo || c.Write && c.Print || c.Undo && c.Print {
		return &usageError{"--write, --undo and --print cannot be used together: give one of them"}
	}
	machine, err := setup.Here()
	if err != nil {
		return err
	}
	if err := setup.CheckName(c.name()); err != nil {
		return usage(err)
	}
	var clients []setup.Client
	for _, name := range r.words {
		client, err := setup.Find(name)
		if err != nil {
			return usage(err)
		}
		if _, err := client.File(machine, c.Project); err != nil {
			return usage(err)
		}
		if !slices.ContainsFunc(clients, func(other setup.Client) bool { return other.Name == name }) {
			clients = append(clients, client)
		}
	}
	s := &setupRun{setupCommand: c, runtime: r, machine: machine, clients: clients, colour: terminalColour(r.streams.Out)}
	switch {
	case c.Undo:
		return s.undo()
	case len(clients) == 0 && (c.Write || c.Print || c.Project || c.SaveKey):
		return &SettingError{Problem: "setup is not told which client it is for",
			Next: "name one, e.g. make-audit-mcp setup claude-code; make-audit-mcp setup lists them"}
	case len(clients) == 0:
		return s.list()
	}
	return s.set()
}

// name is what clients call the server.
func (c *setupCommand) name() string { return cmp.Or(c.Name, "make-audit") }

// usage makes an error one of those whose cure is another argument.
func usage(err error) error {
	if refusal, ok := errors.AsType[*setup.Refusal](err); ok {
		return &SettingError{Problem: refusal.Problem, Next: refusal.Next}
	}
	return err
}

// setupRun is one run of the command.
type setupRun struct {
	*setupCommand
	*runtime

	machine setup.Machine
	clients []setup.Client
	colour  bool
	newKey  string // what --save-key will save
}

func (s *setupRun) say(format string, values ...any) {
	_, _ = fmt.Fprintf(s.streams.Out, format+"\n", values...)
}

// list tells which clients there are.
func (s *setupRun) list() error {
	s.say("Clients that setup can write the configuration of:\n")
	var found string
	for _, client := range setup.Clients() {
		state := "not found"
		if client.IsFound(s.machine) {
			state = "found"
			found = cmp.Or(found, client.Name)
		}
		file, err := client.File(s.machine, false)
		if err != nil {
			return err
		}
		s.say("  %-15s %-16s %-10s %s", client.Name, client.Title, state, file)
	}
	s.say("\nNext: make-audit-mcp setup %s --demo shows what would be written; --write writes it.", cmp.Or(found, "claude-code"))
	return nil
}

// set shows what would be written, or writes it.
func (s *setupRun) set() error {
	server, err := s.server()
	if err != nil {
		return err
	}
	if s.Print {
		return s.print(server)
	}
	var changes []*setup.Change
	for _, client := range s.clients {
		change, err := setup.Plan(s.machine, client, s.serverOf(server, client), setup.Options{Project: s.Project, Replace: s.Replace})
		if err != nil {
			return s.refused(err)
		}
		changes = append(changes, change)
	}
	if s.Write {
		if err := s.prove(server); err != nil {
			return err
		}
		if s.newKey != "" {
			if err := s.machine.SaveKey(s.newKey, s.Replace); err != nil {
				return err
			}
		}
	}
	for _, change := range changes {
		if err := s.apply(change, s.serverOf(server, change.Client)); err != nil {
			return err
		}
	}
	if !s.Write {
		s.say("Nothing was written. To write it, add --write.")
	}
	return nil
}

// refused shows the difference that an error is about.
func (s *setupRun) refused(err error) error {
	if refusal, ok := errors.AsType[*setup.Refusal](err); ok && refusal.Difference != "" {
		s.show(refusal.Difference)
	}
	return err
}

func (s *setupRun) print(server setup.Server) error {
	if len(s.clients) > 1 {
		return &SettingError{Problem: "--print prints the entry of one client", Next: "name one, e.g. make-audit-mcp setup vscode --print"}
	}
	snippet, err := setup.Snippet(s.clients[0], s.serverOf(server, s.clients[0]))
	if err != nil {
		return err
	}
	_, err = io.WriteString(s.streams.Out, snippet)
	return err
}

// apply shows a change, and makes it if it is to be written.
func (s *setupRun) apply(change *setup.Change, server setup.Server) error {
	client := change.Client
	if change.IsDone() {
		s.say("%s: %s already has it.\n", client.Title, change.File)
		return nil
	}
	verb := map[bool]string{true: "writing", false: "would write"}[s.Write]
	kind := map[bool]string{true: ", a new file", false: ""}[change.IsNew]
	s.say("%s: %s %s%s\n", client.Title, verb, change.File, kind)
	s.show(change.Difference())
	s.say("")
	if s.Write {
		backup, err := change.Write(s.machine, server.KeyFile)
		if err != nil {
			return err
		}
		if backup != "" {
			s.say("  what it held: %s", backup)
		}
		s.say("  undo: make-audit-mcp setup %s --undo%s", client.Name, s.nameFlag())
	}
	s.say("  key: %s", client.Secret(server))
	s.say("  then: %s\n", client.Start)
	return nil
}

func (s *setupRun) nameFlag() string {
	if s.Name == "" {
		return ""
	}
	return " --name " + s.Name
}

// show prints a difference, coloured for people.
func (s *setupRun) show(difference string) {
	for line := range strings.Lines(difference) {
		line = strings.TrimSuffix(line, "\n")
		colour := map[byte]string{'+': "32", '-': "31", '@': "36"}[line[0]]
		if s.colour && colour != "" {
			line = "\x1b[" + colour + "m" + line + "\x1b[0m"
		}
		s.say("%s", line)
	}
}

// server is what clients are told, without the key.
func (s *setupRun) server() (setup.Server, error) {
	path, err := os.Executable()
	if err != nil {
		return setup.Server{}, err
	}
	command, arguments, err := s.machine.Command(path)
	if err != nil {
		return setup.Server{}, err
	}
	server := setup.Server{Name: s.name(), Command: command, Arguments: append(arguments, "stdio"), Demo: s.settings.Demo}
	if command != path && len(arguments) > 0 && !s.Print {
		s.say("This program lies in a folder that npx or its like empties, so clients are told to start it with npx.\n")
	}
	if server.Demo {
		server.Arguments = append(arguments, "--demo", "stdio")
		return server, nil
	}
	if _, err := s.settings.baseURL(); err != nil {
		return setup.Server{}, err
	}
	server.Environment = s.variables()
	server.KeyFile = s.settings.APIKeyFile
	if s.SaveKey {
		server.KeyFile = s.machine.KeyFile()
	}
	return server, nil
}

// serverOf is the server as one client is told: one that can have the key from a file alone gets the file that setup made earlier.
func (s *setupRun) serverOf(server setup.Server, client setup.Client) setup.Server {
	if _, err := os.Stat(s.machine.KeyFile()); err == nil && server.KeyFile == "" && client.NeedsKeyFile() {
		server.KeyFile = s.machine.KeyFile()
	}
	return server
}

// variables are the settings that a server is started with later: those that are set now, but for the key and how to log.
func (s *setupRun) variables() (set []setup.Variable) {
	s.flags.VisitAll(func(f *pflag.Flag) {
		name, value := variableOf(f), f.Value.String()
		if name != "" && name != "MAKE_API_KEY_FILE" && !strings.HasPrefix(name, "MAKE_AUDIT_LOG_") && value != f.DefValue {
			set = append(set, setup.Variable{Name: name, Value: value})
		}
	})
	return set
}

// prove checks each key that the clients will use, before anything is written.
func (s *setupRun) prove(server setup.Server) error {
	if s.SaveKey && !server.Demo {
		key, err := s.askForKey()
		if err != nil {
			return err
		}
		s.newKey = key
	}
	if s.NoCheck || server.Demo {
		return nil
	}
	checked := map[string]bool{}
	for _, client := range s.clients {
		file := s.serverOf(server, client).KeyFile
		if checked[file] {
			continue
		}
		checked[file] = true
		if err := s.check(file); err != nil {
			return err
		}
	}
	return nil
}

// check checks the key of a file, or of the environment where there is none.
func (s *setupRun) check(file string) error {
	with := *s.runtime
	with.settings.APIKeyFile = file
	switch {
	case s.newKey != "":
		with.settings.key = s.newKey
	case file != "":
		text, err := s.settings.readSecret(file)
		if err != nil {
			return err
		}
		with.settings.key = strings.TrimSpace(string(text))
	case os.Getenv(environmentKey) == "":
		return &SettingError{Problem: "there is no key to check: MAKE_API_KEY is not set",
			Next: "set it for this command, or add --no-check; or let setup keep the key in a file: --save-key"}
	}
	var said bytes.Buffer
	with.streams.Out = &said
	if err := (&checkCommand{}).Run(&with); err != nil {
		_, _ = s.streams.Out.Write(said.Bytes())
		if failure, ok := errors.AsType[*exitError](err); ok {
			err = &exitError{code: failure.code, message: "nothing was written: " + failure.message + "; correct that, or add --no-check"}
		}
		return err
	}
	s.say("The key was checked: it can read an audit log.\n")
	return nil
}

// askForKey is the key of the environment, or what the person types, or what is piped in.
func (s *setupRun) askForKey() (string, error) {
	if key := os.Getenv(environmentKey); key != "" {
		return key, nil
	}
	key, err := s.typed()
	key = strings.TrimSpace(key)
	if err == nil && (key == "" || strings.ContainsAny(key, " \t\r\n")) {
		err = errors.New("it is empty, or more than one word")
	}
	if err != nil {
		return "", &SettingError{Problem: "there is no API key to save: " + err.Error(),
			Next: "set MAKE_API_KEY for this command, type the key when asked, or pipe it in: make-audit-mcp setup … --save-key < FILE"}
	}
	return key, nil
}

// typed reads from a terminal without echo, and all of anything else.
func (s *setupRun) typed() (string, error) {
	if file, ok := s.streams.In.(*os.File); ok && isTerminal(file) {
		_, _ = fmt.Fprint(s.streams.Err, "API key of Make (it is not shown): ")
		key, err := term.ReadPassword(int(file.Fd()))
		_, _ = fmt.Fprintln(s.streams.Err)
		return string(key), err
	}
	const longest = 4096
	text, err := io.ReadAll(io.LimitReader(plaintext.NewReader(s.streams.In), longest))
	return string(text), err
}

// undo takes out what setup wrote.
func (s *setupRun) undo() error {
	entries, err := s.machine.Written(s.Name, s.clients)
	if err != nil {
		return err
	}
	taken := 0
	for _, entry := range entries {
		if project, err := entry.Client.File(s.machine, true); s.Project && (err != nil || project != entry.File) {
			continue
		}
		undone, err := entry.Undo(s.machine, s.Replace)
		if err != nil {
			return s.refused(err)
		}
		taken++
		s.say("%s: %s\n", undone.Client.Title, undone.File)
		s.show(undone.Difference)
		if undone.Note != "" {
			s.say("  note: %s", undone.Note)
		}
		s.say("")
	}
	note, err := s.machine.DropKey() // of a setup that got no further
	if err != nil {
		return err
	}
	if note != "" {
		s.say("note: %s", note)
	}
	if taken == 0 {
		s.say("Setup wrote no such server, so nothing is taken out.")
	}
	return nil
}
