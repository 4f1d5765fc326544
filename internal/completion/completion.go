// Package completion writes scripts that let a shell complete a command line: its commands, its flags, and the values of those that have a
// list of them. The scripts are static: completing runs the shell alone.
package completion

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// Shells returns the names of the shells that there is a script for.
func Shells() []string { return []string{"bash", "zsh", "fish"} }

// Script returns the script for a shell. Values returns what a flag or an argument can be, or nothing where that is no list.
func Script(shell string, app *kong.Application, values func(*kong.Value) []string) (string, error) {
	line := newLine(app, values)
	switch shell {
	case "bash":
		return line.bash(), nil
	case "zsh":
		return line.zsh(), nil
	case "fish":
		return line.fish(), nil
	}
	return "", fmt.Errorf("there is no completion for %q; give one of %s, e.g. %s completion bash",
		shell, strings.Join(Shells(), ", "), app.Name)
}

// line is a command line, as all shells need it.
type line struct {
	program  string
	flags    []flag // of every command
	commands []command
}

type command struct {
	name, help string
	flags      []flag
	words      []string // what its first argument can be
}

type flag struct {
	names  []string // with their dashes, the long one first
	help   string
	value  string // what its value is called; empty if it takes none
	path   bool   // whether that is a file's or folder's
	values []string
	list   bool // whether it may be given several times
}

func newLine(app *kong.Application, values func(*kong.Value) []string) *line {
	l := &line{program: app.Name, flags: flagsOf(app.Node, values)}
	for _, node := range app.Children {
		if node.Hidden {
			continue
		}
		c := command{name: node.Name, help: brief(node.Help), flags: flagsOf(node, values)}
		if len(node.Positional) > 0 {
			c.words = values(node.Positional[0])
		}
		for _, child := range node.Children {
			c.words = append(c.words, child.Name)
			c.flags = append(c.flags, flagsOf(child, values)...)
		}
		l.commands = append(l.commands, c)
	}
	return l
}

func flagsOf(node *kong.Node, values func(*kong.Value) []string) []flag {
	var flags []flag
	for _, f := range node.Flags {
		if f.Hidden {
			continue
		}
		one := flag{names: []string{"--" + f.Name}, help: brief(f.Help), values: values(f.Value), list: f.IsCumulative()}
		if f.Short != 0 {
			one.names = append(one.names, "-"+string(f.Short))
		}
		if f.Tag.Negatable != "" {
			one.names = append(one.names, "--no-"+f.Name)
		}
		if !f.IsBool() {
			one.value = strings.ToLower(f.Name)
			one.path = f.Tag.Type == "path"
		}
		flags = append(flags, one)
	}
	return flags
}

// brief returns the beginning of a help text, as much as fits beside a word.
func brief(help string) string {
	for _, end := range []string{": ", "; ", ", e.g. ", " (", ". "} {
		help, _, _ = strings.Cut(help, end)
	}
	return strings.TrimSuffix(help, ".")
}

// names returns the names of all flags.
func names(flags []flag) []string {
	var all []string
	for _, f := range flags {
		all = append(all, f.names...)
	}
	return all
}

// commandNames returns the names of all commands.
func (l *line) commandNames() []string {
	var all []string
	for _, c := range l.commands {
		all = append(all, c.name)
	}
	return all
}

// quoted returns a text as a word of any of the shells.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
