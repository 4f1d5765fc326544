package questions

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// figures are sums over outcomes.
type figures struct {
	questions, calls, tokens, requests, mostCalls, mostTokens int
	verdicts                                                  map[Verdict]int
}

func sum(outcomes []Outcome) figures {
	f := figures{verdicts: map[Verdict]int{}}
	for _, o := range outcomes {
		f.questions++
		f.verdicts[o.Verdict]++
		f.calls += o.Calls
		f.tokens += o.Tokens
		f.requests += o.Requests
		f.mostCalls = max(f.mostCalls, o.Calls)
		f.mostTokens = max(f.mostTokens, o.Tokens)
	}
	return f
}

// Report writes a table of outcomes in Markdown: a line for each server and kind, and one for each server in all.
func Report(out io.Writer, outcomes []Outcome) error {
	var b strings.Builder
	b.WriteString("| tools of | questions | right | wrong | wrong and confident | unanswered | calls | tokens read | most calls | most tokens | " +
		"requests to Make |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, server := range servers(outcomes) {
		of := slices.DeleteFunc(slices.Clone(outcomes), func(o Outcome) bool { return o.Server != server })
		for _, kind := range Kinds() {
			some := slices.DeleteFunc(slices.Clone(of), func(o Outcome) bool { return o.Kind != kind })
			if len(some) > 0 {
				sum(some).write(&b, string(server), fmt.Sprintf("%s (%d)", kind, len(some)))
			}
		}
		sum(of).write(&b, string(server), fmt.Sprintf("**all (%d)**", len(of)))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (f figures) write(b *strings.Builder, server, what string) {
	fmt.Fprintf(b, "| %s | %s |", server, what)
	for _, v := range []Verdict{Right, Wrong, WrongAndConfident, Unanswered} {
		fmt.Fprintf(b, " %d |", f.verdicts[v])
	}
	for _, n := range []int{f.calls, f.tokens, f.mostCalls, f.mostTokens, f.requests} {
		fmt.Fprintf(b, " %s |", thousands(n))
	}
	b.WriteString("\n")
}

func servers(outcomes []Outcome) []ServerName {
	var all []ServerName
	for _, o := range outcomes {
		if !slices.Contains(all, o.Server) {
			all = append(all, o.Server)
		}
	}
	return all
}

func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Mistakes writes what was not right, a line for each.
func Mistakes(out io.Writer, outcomes []Outcome) error {
	for _, o := range outcomes {
		if o.Verdict == Right {
			continue
		}
		if _, err := fmt.Fprintf(out, "%s, %s: %s: %s\n", o.Server, o.Question, o.Verdict, o.Reason); err != nil {
			return err
		}
	}
	return nil
}
