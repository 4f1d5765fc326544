// Command print asks the questions, of a script or of a model behind an endpoint, and prints the report. scripts/evaluation runs it.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"

	"make-audit-mcp/bench/questions"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Getenv, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "evaluation:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	binary, wrapper, specification string
	model, endpoint, api           string
	transcripts, page, only        string
	check, update                  bool
	bounds                         questions.Bounds
}

func parse(arguments []string, env func(string) string, notes io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("evaluation", flag.ContinueOnError)
	flags.SetOutput(notes)
	o.bounds = questions.DefaultBounds()
	flags.StringVar(&o.binary, "server", "", "binary of make-audit-mcp; empty: it is not asked")
	flags.StringVar(&o.wrapper, "wrapper", "", "folder where the OpenAPI wrapper is installed; empty: it is not asked")
	flags.StringVar(&o.specification, "openapi", "bench/wrapper/openapi.json", "what the wrapper wraps")
	flags.StringVar(&o.model, "model", env("EVALUATION_MODEL"), "model to ask (EVALUATION_MODEL); empty: a script answers")
	flags.StringVar(&o.endpoint, "endpoint", env("EVALUATION_ENDPOINT"), "base URL of the model's endpoint (EVALUATION_ENDPOINT)")
	flags.StringVar(&o.api, "api", env("EVALUATION_API"), "openai (/v1/chat/completions) or anthropic (/v1/messages) (EVALUATION_API)")
	flags.StringVar(&o.transcripts, "transcripts", "", "folder that keeps transcripts, which a later run goes on from")
	flags.StringVar(&o.only, "only", "", "ids of questions, with commas between them; empty: all")
	flags.StringVar(&o.page, "page", "docs/evaluation.md", "page that has the published figures")
	flags.BoolVar(&o.check, "check", false, "compare the page's figures of these servers")
	flags.BoolVar(&o.update, "update", false, "write the figures into the page")
	flags.IntVar(&o.bounds.Calls, "max-calls", o.bounds.Calls, "calls of a question")
	flags.IntVar(&o.bounds.Tokens, "max-tokens", o.bounds.Tokens, "tokens that a model reads for a question")
	flags.DurationVar(&o.bounds.Time, "max-time", o.bounds.Time, "time of a question")
	if err := flags.Parse(arguments); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("%q is no flag; for example: scripts/evaluation --api openai --endpoint http://127.0.0.1:8000 --model NAME", flags.Args())
	case o.binary == "" && o.wrapper == "":
		return o, errors.New("no server to ask: --server BINARY, --wrapper FOLDER, or both")
	case o.model == "" && o.endpoint != "":
		return o, errors.New("an endpoint needs a model: --model NAME")
	case (o.check || o.update) && (o.model != "" || o.only != ""):
		return o, errors.New("the page has the figures of the script over all questions: neither --model nor --only go with --check and --update")
	}
	return o, nil
}

func run(ctx context.Context, arguments []string, env func(string) string, out, notes io.Writer) error {
	o, err := parse(arguments, env, notes)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	asked, err := chosen(o.only)
	if err != nil {
		return err
	}
	upstream, err := questions.StartMake(ctx)
	if err != nil {
		return err
	}
	var servers []questions.Server
	if o.binary != "" {
		servers = append(servers, questions.OurServer(o.binary, upstream))
	}
	if o.wrapper != "" {
		servers = append(servers, questions.WrapperServer(o.wrapper, o.specification, upstream))
	}
	var outcomes []questions.Outcome
	for _, server := range servers {
		runner := &questions.Runner{Make: upstream, Server: server, ModelName: "script", Model: questions.Script(server.Name), Bounds: o.bounds,
			Transcripts: o.transcripts}
		if o.model != "" {
			endpoint := &questions.Endpoint{API: questions.API(o.api), URL: o.endpoint, Model: o.model, Key: env("EVALUATION_KEY"),
				// A key goes to the address that was named, and nowhere else.
				HTTP: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
			if runner.Model, err = endpoint.Models(); err != nil {
				return err
			}
			runner.ModelName = o.model
			runner.Progress = func(o questions.Outcome) { _, _ = fmt.Fprintf(notes, "%s: %s\n", o.Question, o.Verdict) }
		}
		of, err := runner.Run(ctx, asked)
		if err != nil {
			return err
		}
		outcomes = append(outcomes, of...)
	}
	var report bytes.Buffer
	if err := questions.Report(&report, outcomes); err != nil {
		return err
	}
	if _, err := out.Write(report.Bytes()); err != nil {
		return err
	}
	if err := questions.Mistakes(notes, outcomes); err != nil {
		return err
	}
	if o.model == "" {
		if err := allRight(outcomes); err != nil {
			return err
		}
	}
	switch {
	case o.check:
		return checkPage(o.page, report.String(), servers)
	case o.update:
		return updatePage(o.page, report.String())
	}
	return nil
}

func chosen(only string) ([]questions.Question, error) {
	all, err := questions.All()
	if err != nil || only == "" {
		return all, err
	}
	ids := strings.Split(only, ",")
	some := slices.DeleteFunc(all, func(q questions.Question) bool { return !slices.Contains(ids, q.ID) })
	if len(some) != len(ids) {
		return nil, fmt.Errorf("--only %s: %d questions have these ids; for example: --only single-1,trap-2", only, len(some))
	}
	return some, nil
}

// allRight holds the script to our tools: it knows what to ask, so that anything wrong is a fault of the server, the script or the grading.
func allRight(outcomes []questions.Outcome) error {
	wrong := 0
	for _, o := range outcomes {
		if o.Server == questions.Ours && o.Verdict != questions.Right {
			wrong++
		}
	}
	if wrong > 0 {
		return fmt.Errorf("the script is not right in %d questions by our own tools", wrong)
	}
	return nil
}

// The figures of a page stand between these lines.
const (
	begin = "<!-- figures: scripts/evaluation --update -->\n"
	end   = "<!-- end of figures -->\n"
)

func cutPage(page string) (before, figures, after string, err error) {
	before, rest, ok := strings.Cut(page, begin)
	figures, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return "", "", "", fmt.Errorf("the page has no lines %q and %q", begin, end)
	}
	return before, figures, after, nil
}

// checkPage compares the lines of the servers that were asked.
func checkPage(path, report string, servers []questions.Server) error {
	page, err := os.ReadFile(path) //nolint:gosec // whoever runs the evaluation names the page
	if err != nil {
		return err
	}
	_, figures, _, err := cutPage(string(page))
	if err != nil {
		return err
	}
	if err := compare(figures, report, servers); err != nil {
		return fmt.Errorf("%s: %w; scripts/evaluation --update writes its figures", path, err)
	}
	return nil
}

// tolerated is how far tokens and requests may differ: cursors are random, and how far ahead of need pages are read is a matter of time.
const tolerated = 0.1

// compare holds the lines of servers in two tables to each other: verdicts and calls are the same in every run.
func compare(published, printed string, servers []questions.Server) error {
	linesOf := func(table string) (lines [][]string) {
		for line := range strings.Lines(table) {
			if cells := strings.Split(strings.TrimSpace(line), " | "); slices.ContainsFunc(servers, func(s questions.Server) bool {
				return cells[0] == "| "+string(s.Name)
			}) {
				lines = append(lines, cells)
			}
		}
		return lines
	}
	have, want := linesOf(published), linesOf(printed)
	if len(have) != len(want) {
		return fmt.Errorf("the table has %d lines about these servers, not %d", len(have), len(want))
	}
	for i := range want {
		if len(have[i]) != len(want[i]) {
			return fmt.Errorf("%q is no line of the table", strings.Join(have[i], " | "))
		}
		for column, cell := range want[i] {
			if have[i][column] != cell && (column < exactColumns || !near(have[i][column], cell)) {
				return fmt.Errorf("%s, %s: %s, measured: %s", want[i][0], want[i][1], have[i][column], cell)
			}
		}
	}
	return nil
}

// exactColumns are those up to the calls.
const exactColumns = 7

func near(a, b string) bool {
	read := func(cell string) float64 {
		n, err := strconv.ParseFloat(strings.Trim(strings.ReplaceAll(cell, ",", ""), " |"), 64)
		if err != nil {
			return math.NaN()
		}
		return n
	}
	x, y := read(a), read(b)
	return math.Abs(x-y) <= tolerated*max(x, y)
}

func updatePage(path, report string) error {
	page, err := os.ReadFile(path) //nolint:gosec // whoever runs the evaluation names the page
	if err != nil {
		return err
	}
	before, _, after, err := cutPage(string(page))
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(before+begin+"\n"+report+"\n"+end+after), 0o644) //nolint:gosec // a page of documentation
}
