package setup

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Client is a program that uses MCP servers, and how its configuration says so.
type Client struct {
	// Name is what it is called on the command line, Title what its makers call it.
	Name, Title string
	// Source is where its configuration is documented.
	Source string
	// Start says how the server is used once it is written.
	Start string

	format  format
	user    func(Machine) string // its file
	project string               // the file in a project's folder; empty where it has none
	command string               // what it is started by; empty where that is no command
	// key is how an entry refers to a variable of the environment; a client that has no such way needs a file.
	key string
	// secret says where the key comes from, where there is no file.
	secret string
	// expands says that what follows a $ in an entry is taken for a variable.
	expands bool
	entry   func(server Server, key string) []addition
}

// Clients are those that setup knows, in the order in which they are listed. What is said of Claude Code, Codex and Gemini CLI is held to
// their own tools, and of VS Code to its own schema (clients/setup). The others have neither where a check could get it: they are held to
// what is documented, and to the schemas that another project keeps.
func Clients() []Client {
	return []Client{
		{
			Name: "claude-desktop", Title: "Claude Desktop",
			Source: "https://modelcontextprotocol.io/docs/develop/connect-local-servers",
			Start: "quit Claude Desktop wholly and start it again; its tools are under + > Connectors. Its bundle (.mcpb) keeps the key in the " +
				"system's keychain instead",
			format: jsonFormat{}, entry: plainEntry,
			user: func(m Machine) string {
				return filepath.Join(m.applications(), "Claude", "claude_desktop_config.json")
			},
		},
		{
			Name: "claude-code", Title: "Claude Code",
			Source: "https://code.claude.com/docs/en/mcp",
			Start:  "start claude again; claude mcp list and /mcp show it",
			format: jsonFormat{}, entry: typedEntry, command: "claude", project: ".mcp.json", expands: true,
			key: "${" + keyVariable + "}", secret: fromEnvironment,
			user: func(m Machine) string { return filepath.Join(m.or("CLAUDE_CONFIG_DIR"), ".claude.json") },
		},
		{
			Name: "cursor", Title: "Cursor",
			Source: "https://cursor.com/docs/context/mcp",
			Start:  "start Cursor again; Settings > MCP shows it",
			format: jsonFormat{}, entry: typedEntry, command: "cursor", project: ".cursor/mcp.json", expands: true,
			key: "${env:" + keyVariable + "}", secret: fromEnvironment,
			user: func(m Machine) string { return filepath.Join(m.Home, ".cursor", "mcp.json") },
		},
		{
			Name: "vscode", Title: "VS Code",
			Source: "https://code.visualstudio.com/docs/copilot/reference/mcp-configuration",
			Start:  "run the command MCP: List Servers, choose it, Start Server",
			format: jsonFormat{}, entry: vscodeEntry, command: "code", project: ".vscode/mcp.json", expands: true,
			key: "${input:%s-key}", secret: "VS Code asks for it when the server starts for the first time, and keeps it in its secret store",
			user: func(m Machine) string { return filepath.Join(m.applications(), "Code", "User", "mcp.json") },
		},
		{
			Name: "codex", Title: "Codex",
			Source: "https://developers.openai.com/codex/mcp/",
			Start:  "start codex again; codex mcp list and /mcp show it",
			format: tomlFormat{}, entry: codexEntry, command: "codex", project: ".codex/config.toml",
			key: keyVariable, secret: fromEnvironment,
			user: func(m Machine) string { return filepath.Join(m.or("CODEX_HOME", ".codex"), "config.toml") },
		},
		{
			Name: "gemini", Title: "Gemini CLI",
			Source: "https://geminicli.com/docs/tools/mcp-server/",
			Start:  "start gemini again, in a folder that it trusts; gemini mcp list and /mcp show it",
			format: jsonFormat{}, entry: plainEntry, command: "gemini", project: ".gemini/settings.json", expands: true,
			// It takes $NAME too, but when it next writes its settings it writes the variable's value there
			// (https://github.com/google-gemini/gemini-cli/issues/6214).
			user: func(m Machine) string { return filepath.Join(m.Home, ".gemini", "settings.json") },
		},
		{
			Name: "windsurf", Title: "Windsurf",
			Source: "https://docs.windsurf.com/windsurf/cascade/mcp",
			Start:  "press refresh in Cascade's MCP panel, or start Windsurf again",
			format: jsonFormat{}, entry: plainEntry, command: "windsurf", expands: true,
			key: "${env:" + keyVariable + "}", secret: fromEnvironment,
			user: func(m Machine) string { return filepath.Join(m.Home, ".codeium", "windsurf", "mcp_config.json") },
		},
		{
			Name: "jetbrains", Title: "JetBrains Junie",
			Source: "https://junie.jetbrains.com/docs/junie-cli-mcp-configuration.html",
			Start: "Settings > Tools > Junie > MCP Settings shows it. AI Assistant keeps its servers inside the IDE: paste what --print " +
				"prints under Settings > Tools > AI Assistant > Model Context Protocol",
			format: jsonFormat{}, entry: plainEntry, command: "junie", project: ".junie/mcp/mcp.json",
			user: func(m Machine) string { return filepath.Join(m.Home, ".junie", "mcp", "mcp.json") },
		},
		{
			Name: "goose", Title: "goose",
			Source: "https://goose-docs.ai/docs/guides/config-files",
			Start:  "start goose again; goose configure > Toggle Extensions shows it",
			format: yamlFormat{}, entry: gooseEntry, command: "goose",
			key: keyVariable,
			secret: "goose takes it from its keyring, or else from the environment variable " + keyVariable +
				"; goose configure stores it",
			user: func(m Machine) string {
				if m.OS == "windows" {
					return filepath.Join(m.applications(), "Block", "goose", "config", "config.yaml")
				}
				return filepath.Join(m.xdg(), "goose", "config.yaml")
			},
		},
	}
}

const fromEnvironment = "from the environment variable " + keyVariable + ", which must be set where the client is started"

// Find returns the client of a name.
func Find(name string) (Client, error) {
	var names []string
	for _, client := range Clients() {
		if client.Name == name {
			return client, nil
		}
		names = append(names, client.Name)
	}
	return Client{}, &Refusal{Problem: fmt.Sprintf("%q is no client that setup knows; it knows %s", name, strings.Join(names, ", ")),
		Next: "for another, print the entry that most clients take: make-audit-mcp setup cursor --print"}
}

// NeedsKeyFile reports whether the client can have the key from a file alone.
func (c Client) NeedsKeyFile() bool { return c.key == "" }

// Secret says where a server of this client has its key from.
func (c Client) Secret(server Server) string {
	switch {
	case server.Demo:
		return "none: the demo needs no key"
	case server.KeyFile != "":
		return "from the file " + server.KeyFile
	}
	return c.secret
}

// File returns the client's configuration file: the user's, or the project's.
func (c Client) File(m Machine, project bool) (string, error) {
	if !project {
		return c.user(m), nil
	}
	if c.project == "" {
		return "", &Refusal{Problem: c.Title + " has no configuration for one project", Next: "leave out --project"}
	}
	return filepath.Join(m.Project, filepath.FromSlash(c.project)), nil
}

// IsFound reports whether the client seems to be on this machine: it has a folder of its own, or can be started.
func (c Client) IsFound(m Machine) bool {
	file := c.user(m)
	if filepath.Dir(file) == m.Home {
		return exists(file) || c.command != "" && m.HasCommand(c.command)
	}
	return exists(filepath.Dir(file)) || c.command != "" && m.HasCommand(c.command)
}

// additions are what the client's file gets for a server.
func (c Client) additions(server Server) ([]addition, error) {
	key := ""
	if server.asksForKey() {
		if c.NeedsKeyFile() {
			return nil, &Refusal{Problem: c.Title + " would keep the key in its configuration, where it is read and copied",
				Next: "give the key in a file: add --save-key, which asks for it, or --api-key-file FILE"}
		}
		key = strings.Replace(c.key, "%s", server.Name, 1)
	}
	if err := c.literal(server); err != nil {
		return nil, err
	}
	return c.entry(server, key), nil
}

// literal refuses values that the client would read as references to variables.
func (c Client) literal(server Server) error {
	if !c.expands {
		return nil
	}
	values := append([]string{server.Command, server.KeyFile}, server.Arguments...)
	for _, variable := range server.Environment {
		values = append(values, variable.Value)
	}
	for _, value := range values {
		if strings.Contains(value, "$") {
			return &Refusal{Problem: fmt.Sprintf("%s would put variables of the environment into %q", c.Title, value),
				Next: "use a path or a value without $"}
		}
	}
	return nil
}

// plainEntry is what most clients take.
func plainEntry(server Server, key string) []addition {
	entry := table{{"command", server.Command}, {"args", listed(server.Arguments)}}
	if set := server.environment(key); len(set) > 0 {
		entry = append(entry, member{"env", set})
	}
	return []addition{{Under: "mcpServers", Name: server.Name, Value: entry}}
}

// typedEntry says how the server is spoken to as well.
func typedEntry(server Server, key string) []addition {
	entry := plainEntry(server, key)
	entry[0].Value = slices.Insert(entry[0].Value.(table), 0, member{"type", "stdio"}) //nolint:errcheck,forcetypeassert // plainEntry's
	return entry
}

// vscodeEntry has VS Code ask for the key.
func vscodeEntry(server Server, key string) []addition {
	entry := typedEntry(server, key)
	entry[0].Under = "servers"
	if !server.asksForKey() {
		return entry
	}
	id := server.Name + "-key"
	return append([]addition{{Under: "inputs", ID: id, Value: table{
		{"type", "promptString"}, {"id", id}, {"description", "API key of Make for " + server.Name}, {"password", true},
	}}}, entry...)
}

// codexEntry names the variables that Codex passes on: it passes on no others.
func codexEntry(server Server, key string) []addition {
	entry := table{{"command", server.Command}, {"args", listed(server.Arguments)}}
	if set := server.environment(""); len(set) > 0 {
		entry = append(entry, member{"env", set})
	}
	if key != "" {
		entry = append(entry, member{"env_vars", []string{key}})
	}
	return []addition{{Under: "mcp_servers", Name: server.Name, Value: entry}}
}

// gooseEntry has what goose writes itself; without a name it would leave the entry out silently.
func gooseEntry(server Server, key string) []addition {
	keys := []string{}
	if key != "" {
		keys = append(keys, key)
	}
	return []addition{{Under: "extensions", Name: server.Name, Value: table{
		{"enabled", true}, {"type", "stdio"}, {"name", server.Name}, {"description", "Make.com's audit log"}, {"cmd", server.Command},
		{"args", listed(server.Arguments)}, {"envs", server.environment("")}, {"env_keys", keys}, {"timeout", 300},
	}}}
}

// listed is a list that is never null.
func listed(values []string) []string { return append([]string{}, values...) }
