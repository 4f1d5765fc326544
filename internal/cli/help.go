package cli

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"
)

// Flag is what pages say of a flag.
type Flag struct {
	Name, Short string // without dashes; Short is empty for most
	Negatable   bool   // --no-NAME switches it off
	Value       string // what its value is called; empty if it takes none
	Variable    string // of the environment, that sets it; empty if none does
	Usage       string // what it is for, with its default
}

// Flags returns a command's own flags in the order in which they were declared; of the root those that every command has.
func Flags(command *cobra.Command) []Flag {
	set, ofAll := command.Flags(), command.Root().PersistentFlags()
	if !command.HasParent() {
		set = ofAll
	}
	var flags []Flag
	set.VisitAll(func(f *pflag.Flag) {
		switch {
		case set != ofAll && ofAll.Lookup(f.Name) != nil: // cobra adds them
		case f.Annotations[annotationNegation] != nil: // of the one before
			flags[len(flags)-1].Negatable = true
		default:
			flags = append(flags, Flag{Name: f.Name, Short: f.Shorthand, Value: valueOf(f), Variable: variableOf(f), Usage: described(f)})
		}
	})
	return flags
}

// described is what a flag is for, with its default where the text does not say it.
func described(f *pflag.Flag) string {
	if f.DefValue == "" || f.DefValue == "false" || strings.Contains(f.Usage, "default") {
		return f.Usage
	}
	return strings.TrimSuffix(f.Usage, ".") + "; default: " + f.DefValue + "."
}

// help prints what --help says of a command.
func (l *commandLine) help(command *cobra.Command) error {
	page := helpPage{width: helpWidth(l.streams.Out)}
	page.line("Usage: %s", usageLine(command))
	page.line("")
	page.prose(command.Short)
	page.prose(command.Long)
	var arguments [][2]string
	for _, argument := range Arguments(command) {
		arguments = append(arguments, [2]string{argument.String(), argument.Usage})
	}
	page.table("Arguments:", arguments)
	if command.HasParent() {
		page.table("Flags:", flagRows(Flags(command)))
		page.table("Flags of every command:", flagRows(Flags(l.root)))
	} else {
		page.table("Flags:", flagRows(Flags(l.root)))
		var commands [][2]string
		for _, other := range l.commands {
			commands = append(commands, [2]string{other.Name(), other.Short})
		}
		page.table("Commands:", commands)
		page.line("Run \"%s <command> --help\" for more information on a command.", command.Name())
	}
	_, err := io.WriteString(l.streams.Out, strings.TrimRight(page.text.String(), "\n")+"\n")
	return err
}

// usageLine is how a command is written.
func usageLine(command *cobra.Command) string {
	if !command.HasParent() {
		return command.Name() + " <command> [flags]"
	}
	return command.Root().Name() + " " + command.Use + " [flags]"
}

// flagRows are flags, as they are written, and what they are for.
func flagRows(flags []Flag) (rows [][2]string) {
	for _, f := range flags {
		written := "    --"
		if f.Short != "" {
			written = "-" + f.Short + ", --"
		}
		if f.Negatable {
			written += "[no-]"
		}
		written += f.Name
		if f.Value != "" {
			written += "=" + f.Value
		}
		usage := f.Usage
		if f.Variable != "" {
			usage = strings.TrimSuffix(usage, ".") + " ($" + f.Variable + ")."
		}
		rows = append(rows, [2]string{written, usage})
	}
	return rows
}

// helpWidth is as many columns as help may have: the terminal's, up to 100.
func helpWidth(to io.Writer) int {
	const most, otherwise, least = 100, 80, 60
	width, _ := strconv.Atoi(os.Getenv("COLUMNS"))
	if file, ok := to.(*os.File); ok && width <= 0 {
		width, _, _ = term.GetSize(int(file.Fd()))
	}
	return max(min(cmp.Or(max(width, 0), otherwise), most), least)
}

// helpPage is help that is being written.
type helpPage struct {
	text  strings.Builder
	width int
}

func (p *helpPage) line(format string, args ...any) { fmt.Fprintf(&p.text, format+"\n", args...) }

// prose writes paragraphs, each with an empty line behind it; lines that are indented stay as they are.
func (p *helpPage) prose(text string) {
	if text == "" {
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, "  ") {
			p.line("%s", line)
			continue
		}
		for _, wrapped := range wrap(line, p.width) {
			p.line("%s", wrapped)
		}
	}
	p.line("")
}

// table writes rows of two columns below a title; nothing where there are none.
func (p *helpPage) table(title string, rows [][2]string) {
	if len(rows) == 0 {
		return
	}
	p.line("%s", title)
	const indent, gap = "  ", "    "
	left := 0
	for _, row := range rows {
		left = max(left, len(row[0]))
	}
	for _, row := range rows {
		first := row[0]
		for _, wrapped := range wrap(row[1], p.width-len(indent)-left-len(gap)) {
			p.line("%s%-*s%s%s", indent, left, first, gap, wrapped)
			first = ""
		}
	}
	p.line("")
}

// wrap divides a text into lines of at most some columns, but for words that are longer.
func wrap(text string, columns int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > columns {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
