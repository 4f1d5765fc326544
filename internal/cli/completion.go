package cli

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"make-audit-mcp/internal/auditlog"
)

// newCompletionCommand makes the command that prints a script for a shell.
func newCompletionCommand(line *commandLine) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:         "completion SHELL",
		Annotations: map[string]string{"SHELL": "bash, zsh, fish or powershell."},
		ValidArgs:   shells,
		Short:       "Print a script that lets your shell complete commands, flags and names of tools.",
		Long: `Packages bring these scripts along. Otherwise, for the shell that is running:
  source <(make-audit-mcp completion bash)
  source <(make-audit-mcp completion zsh)
  make-audit-mcp completion fish | source
  make-audit-mcp completion powershell | Out-String | Invoke-Expression

The line can stand in ~/.bashrc, in ~/.zshrc behind compinit, in ~/.config/fish/config.fish, or in PowerShell's $PROFILE.`,
		RunE: line.run(func(r *runtime) error {
			script, err := completionScript(line.root, r.words[0])
			if script == "" || err != nil {
				return cmp.Or(err, error(&exitError{code: exitUsage, message: fmt.Sprintf(
					"there is no completion for %s; give one of %s, e.g. %s completion bash", auditlog.Text(r.words[0]).Quote(),
					strings.Join(shells, ", "), line.root.Name())}))
			}
			_, err = io.WriteString(r.streams.Out, script)
			return err
		}),
	}
}

// completionScript is the script for a shell; empty for one that is not known. cobra's scripts evaluate the line that is being typed, so
// that a tab would run its $(commands) and empty the file behind its >. Where a line holds what could, they now offer nothing.
func completionScript(root *cobra.Command, shell string) (script string, err error) {
	var text bytes.Buffer
	var at, guard string // the line before which the guard stands
	switch shell {
	case "bash":
		text.WriteString(bashWords)
		err = root.GenBashCompletionV2(&text, true)
		at, guard = `    out=$(eval "${requestComp}"`, posixGuard
	case "zsh":
		err = root.GenZshCompletion(&text)
		at, guard = `    out=$(eval ${requestComp}`, posixGuard
	case "fish":
		err = root.GenFishCompletion(&text, true)
		at, guard = "    set -l results (eval $requestComp", "    string match -qr '[$()<>;|&\\n]' -- \"$requestComp\"; and return\n"
	case "powershell":
		err = root.GenPowerShellCompletionWithDesc(&text)
		at, guard = `    __make-audit-mcp_debug "RequestComp: $RequestComp"`, "    if ($RequestComp -match '[$`()<>;|&{}]') { return }\n"
	default:
		return "", nil
	}
	if err != nil {
		return "", err
	}
	before, after, found := strings.Cut(text.String(), at)
	if !found {
		return "", fmt.Errorf("internal error: the script for %s evaluates what is typed where nobody looked for it", shell)
	}
	return before + guard + at + after, nil
}

// posixGuard is for bash and zsh.
const posixGuard = "    if [[ ${requestComp} == *[\\$\\`\\(\\)\\<\\>\\;\\|\\&]* ]]; then return; fi\n"

// bashWords stands for what the script for bash uses of the package bash-completion, where that is not loaded: the words up to the cursor,
// with those put together again that bash divides at = and :.
const bashWords = `if ! declare -F _get_comp_words_by_ref >/dev/null; then
    _get_comp_words_by_ref() {
        local word joint=
        words=()
        for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
            if [[ ${#words[@]} -gt 0 && ( -n $joint || $word == [=:]* ) ]]; then
                words[${#words[@]}-1]+=$word
            else
                words+=("$word")
            fi
            if [[ $word == *[=:] ]]; then joint=1; else joint=; fi
        done
        cword=$((${#words[@]} - 1))
        cur=${words[cword]} prev=${words[cword > 0 ? cword - 1 : 0]}
    }
fi
`

// offerChoices tells cobra, for when a shell completes, what flags can be: their choices, files where they are paths, else nothing.
func offerChoices(root *cobra.Command) {
	nothing := cobra.ShellCompDirectiveNoFileComp
	root.CompletionOptions.SetDefaultShellCompDirective(nothing)
	for _, command := range append(root.Commands(), root) {
		command.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Value.Type() == kindPath {
				_ = command.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault))
			} else if choices := f.Annotations[annotationChoices]; choices != nil {
				_ = command.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(choices, nothing))
			}
		})
	}
}
