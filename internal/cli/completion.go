package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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
			root := line.root
			switch shell := r.words[0]; shell {
			case "bash":
				if _, err := fmt.Fprint(r.streams.Out, bashWords); err != nil {
					return err
				}
				return root.GenBashCompletionV2(r.streams.Out, true)
			case "zsh":
				return root.GenZshCompletion(r.streams.Out)
			case "fish":
				return root.GenFishCompletion(r.streams.Out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(r.streams.Out)
			default:
				return &exitError{code: exitUsage, message: fmt.Sprintf("there is no completion for %q; give one of %s, e.g. %s completion bash",
					shell, strings.Join(shells, ", "), root.Name())}
			}
		}),
	}
}

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
