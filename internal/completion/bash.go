package completion

import (
	"fmt"
	"strings"
)

// bash works from bash 3.2 on, which macOS has. Where there is no list to choose from, bash offers files.
func (l *line) bash() string {
	var script strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&script, format+"\n", args...) }
	say("# Completion of %[1]s for bash:  source <(%[1]s completion bash)", l.program)
	name := "_" + strings.ReplaceAll(l.program, "-", "_")
	say("%s() {", name)
	say(`	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command= words= flags= i`)
	say(`	# bash takes --flag=value for three words.`)
	say(`	if [[ $current == '=' ]]; then current=; elif [[ $previous == '=' ]]; then previous=${COMP_WORDS[COMP_CWORD-2]}; fi`)
	say(`	for ((i = 1; i < COMP_CWORD; i++)); do`)
	say(`		case ${COMP_WORDS[i]} in`)
	say(`		%s) ((i++)) ;; # past its value`, strings.Join(takers(l.flags), "|"))
	say(`		%s) command=${COMP_WORDS[i]}; break ;;`, strings.Join(l.commandNames(), "|"))
	say(`		esac`)
	say(`	done`)
	say(`	case $command in`)
	say(`	'') words=%s ;;`, quoted(strings.Join(l.commandNames(), " ")))
	for _, c := range l.commands {
		say(`	%s) words=%s flags=%s ;;`, c.name, quoted(strings.Join(c.words, " ")), quoted(strings.Join(names(c.flags), " ")))
	}
	say(`	esac`)
	say(`	flags="$flags %s"`, strings.Join(names(l.flags), " "))
	say(`	case $command:$previous in`)
	for _, c := range append(l.commands, command{name: "*", flags: l.flags}) {
		for _, f := range c.flags {
			if f.value != "" {
				say(`	%[1]s:%[2]s) words=%[3]s flags= ;;`, c.name, strings.Join(f.names, "|"+c.name+":"), quoted(strings.Join(f.values, " ")))
			}
		}
	}
	say(`	esac`)
	say(`	if [[ $current == -* ]]; then words=$flags; fi`)
	say(`	COMPREPLY=($(compgen -W "$words" -- "$current"))`)
	say(`}`)
	say(`complete -o default -F %s %s`, name, l.program)
	return script.String()
}

// takers returns the names of the flags that take a value.
func takers(flags []flag) []string {
	var all []string
	for _, f := range flags {
		if f.value != "" {
			all = append(all, f.names...)
		}
	}
	return all
}
