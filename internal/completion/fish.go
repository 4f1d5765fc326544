package completion

import (
	"fmt"
	"strings"
)

func (l *line) fish() string {
	var script strings.Builder
	complete := func(when string, words ...string) {
		if when != "" {
			words = append([]string{"-n", quoted(when)}, words...)
		}
		fmt.Fprintf(&script, "complete -c %s %s\n", l.program, strings.Join(words, " "))
	}
	fmt.Fprintf(&script, "# Completion of %[1]s for fish:  %[1]s completion fish | source\n", l.program)
	complete("", "-f")
	for _, f := range l.flags {
		fishFlag(complete, "", f)
	}
	none := "not __fish_seen_subcommand_from " + strings.Join(l.commandNames(), " ")
	for _, c := range l.commands {
		complete(none, "-a", c.name, "-d", quoted(c.help))
	}
	for _, c := range l.commands {
		when := "__fish_seen_subcommand_from " + c.name
		if len(c.words) > 0 {
			complete(when, "-a", quoted(strings.Join(c.words, " ")))
		}
		for _, f := range c.flags {
			fishFlag(complete, when, f)
		}
	}
	return script.String()
}

// fishFlag says a flag, a line for each of its names.
func fishFlag(complete func(when string, words ...string), when string, f flag) {
	for _, name := range f.names {
		long, isLong := strings.CutPrefix(name, "--")
		words := []string{"-l", long}
		if !isLong {
			words = []string{"-s", strings.TrimPrefix(name, "-")}
		}
		words = append(words, "-d", quoted(f.help))
		switch {
		case f.value == "":
		case f.path:
			words = append(words, "-r", "-F")
		case len(f.values) > 0:
			words = append(words, "-x", "-a", quoted(strings.Join(f.values, " ")))
		default:
			words = append(words, "-x")
		}
		complete(when, words...)
	}
}
