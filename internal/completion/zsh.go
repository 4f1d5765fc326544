package completion

import (
	"fmt"
	"strings"
)

// zsh is a function to be loaded from a folder of $fpath, or sourced once completion is there.
func (l *line) zsh() string {
	var script strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&script, format+"\n", args...) }
	say("#compdef %s", l.program)
	say("# Completion of %[1]s for zsh:  source <(%[1]s completion zsh)", l.program)
	name := "_" + l.program // as the file in $fpath is called
	say("%s() {", name)
	say("\tlocal curcontext=$curcontext state line")
	say("\ttypeset -A opt_args")
	say("\tlocal -a flags=(")
	for _, f := range l.flags {
		zshFlag(say, f)
	}
	say("\t) commands=(")
	for _, c := range l.commands {
		say("\t\t%s", quoted(c.name+":"+c.help))
	}
	say("\t)")
	say("\t_arguments -C -s -S $flags '(-): :->command' '(-)*:: :->argument' && return")
	say("\tcase $state in")
	say("\tcommand) _describe command commands ;;")
	say("\targument)")
	say("\t\tcase $words[1] in")
	for _, c := range l.commands {
		say("\t\t%s)", c.name)
		for _, f := range c.flags {
			zshFlag(func(format string, args ...any) { say("\tflags+=("+strings.TrimSpace(format)+")", args...) }, f)
		}
		if len(c.words) > 0 {
			say("\t\t\tflags+=(%s)", quoted("1:word:("+strings.Join(c.words, " ")+")"))
		}
		say("\t\t\t;;")
	}
	say("\t\tesac")
	say("\t\t_arguments -s -S $flags '*:file:_files' ;;")
	say("\tesac")
	say("}")
	// Loaded from a folder it is called at once; sourced, it is made known.
	say("if [[ $funcstack[1] == %[1]s ]]; then %[1]s \"$@\"; else compdef %[1]s %[2]s; fi", name, l.program)
	return script.String()
}

// zshFlag says a flag in the words of _arguments, a line for each of its names.
func zshFlag(say func(format string, args ...any), f flag) {
	help := strings.NewReplacer("[", "(", "]", ")", ":", " ").Replace(f.help)
	for _, name := range f.names {
		spec := name + "[" + help + "]"
		if f.value != "" {
			spec = name + zshJoint(name) + "[" + help + "]:" + f.value + ":" + zshAction(f)
		}
		if f.list {
			spec = "*" + spec
		}
		say("\t\t%s", quoted(spec))
	}
}

// zshJoint says that a value may also follow in the same word.
func zshJoint(name string) string {
	if strings.HasPrefix(name, "--") {
		return "="
	}
	return "+"
}

// zshAction says what a value is completed with.
func zshAction(f flag) string {
	switch {
	case len(f.values) > 0:
		return "(" + strings.Join(f.values, " ") + ")"
	case f.path:
		return "_files"
	}
	return " "
}
