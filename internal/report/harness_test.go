package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/report"
	"make-audit-mcp/tools"
)

type upstream struct{ *audittest.Upstream }

func start(t testing.TB, world *makesim.World) *upstream {
	t.Helper()
	return &upstream{audittest.Start(t, world, makesim.Options{Seed: 1})}
}

// demo is the demo organization.
func demo(t testing.TB) *upstream { return start(t, audittest.Demo()) }

// recent is the demo organization with the entries since October: quicker to serve.
func recent(t testing.TB) *upstream {
	world := *audittest.Demo()
	world.Entries = slices.DeleteFunc(slices.Clone(world.Entries), func(e makesim.Entry) bool {
		return e.TriggeredAt.Before(time.Date(2026, 9, 30, 0, 0, 0, 0, time.UTC))
	})
	return start(t, &world)
}

// request asks for a window of the demo.
func request(kind report.Kind, period string) report.Request {
	return report.Request{Kind: kind, Room: report.Document(), Version: "1.2.3", Period: period}
}

// gathered is a report as whoever reads its JSON sees it, and its page.
type gathered struct {
	t testing.TB
	*report.Report
	json document
	page *element
	html string
}

func (u *upstream) gather(r report.Request) *gathered {
	u.T.Helper()
	made, err := report.Gather(u.T.Context(), u.Service(makesim.DemoToken), r)
	require.NoError(u.T, err)
	return read(u.T, made)
}

func read(t testing.TB, made *report.Report) *gathered {
	t.Helper()
	g := &gathered{t: t, Report: made, html: string(report.HTML(made))}
	data, err := auditlog.PlainJSON(made)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &g.json))
	g.page = parse(t, g.html)
	return g
}

// document is what tests look at of the JSON.
type document struct {
	Sections []struct {
		ID, Title, About string
		Questions        []question
	}
	Exceptions []report.Exception
}

type question struct {
	ID, Title, Tool, Error string
	Arguments, Answer      json.RawMessage
}

func (d *document) questions() []question {
	var all []question
	for _, section := range d.Sections {
		all = append(all, section.Questions...)
	}
	return all
}

// in reads an answer.
func in[R any](g *gathered, id string) R {
	g.t.Helper()
	var result R
	for _, q := range g.json.questions() {
		if q.ID == id {
			require.Empty(g.t, q.Error, id)
			require.NoError(g.t, json.Unmarshal(q.Answer, &result))
			return result
		}
	}
	require.Fail(g.t, "no such question", id)
	return result
}

// caller is a client of the tools, with a service of its own.
func (u *upstream) caller() *mcptest.Client {
	u.T.Helper()
	service := u.Service(makesim.DemoToken)
	served := server.NewMCPServer("test", "1", server.WithToolCapabilities(false))
	tools.Register(served, tools.Config{Tools: tools.All(),
		Service: func(context.Context) (*analysis.Service, error) { return service, nil }})
	return mcptest.Connect(u.T.Context(), u.T, served)
}

// element is an element of a page.
type element struct {
	name       string
	attributes map[string]string
	children   []*element
	data       string // of text, which is an element without a name
}

// text is that of the element and of all in it.
func (e *element) text() string {
	var out strings.Builder
	for _, one := range e.all(named("")) {
		out.WriteString(one.data)
	}
	return out.String()
}

// parse reads a page as the tree that it is. HTML's own few ways of leaving out an end are not among ours, but for elements that are void.
func parse(t testing.TB, page string) *element {
	t.Helper()
	styles := regexp.MustCompile(`(?s)<style>.*?</style>`)
	page = strings.TrimPrefix(styles.ReplaceAllString(page, ""), "<!doctype html>")
	decoder := xml.NewDecoder(strings.NewReader(page))
	decoder.Strict, decoder.AutoClose = false, xml.HTMLAutoClose
	root := &element{name: "document"}
	open := []*element{root}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			e := &element{name: token.Name.Local, attributes: map[string]string{}}
			for _, attribute := range token.Attr {
				e.attributes[attribute.Name.Local] = attribute.Value
			}
			parent := open[len(open)-1]
			parent.children = append(parent.children, e)
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			parent := open[len(open)-1]
			parent.children = append(parent.children, &element{data: string(token)})
		case xml.Comment, xml.Directive, xml.ProcInst:
			require.Fail(t, "nothing of ours", "%v", token)
		}
	}
	require.Len(t, open, 1)
	return root
}

// all are the elements within, itself included, that are wanted.
func (e *element) all(wanted func(*element) bool) (found []*element) {
	e.walk(func(one *element) {
		if wanted(one) {
			found = append(found, one)
		}
	})
	return found
}

func (e *element) walk(visit func(*element)) {
	visit(e)
	for _, child := range e.children {
		child.walk(visit)
	}
}

func named(names ...string) func(*element) bool {
	return func(e *element) bool { return slices.Contains(names, e.name) }
}

// article is the place of a question.
func (g *gathered) article(id string) *element {
	g.t.Helper()
	found := g.page.all(func(e *element) bool { return e.name == "article" && e.attributes["id"] == "q-"+id })
	require.Len(g.t, found, 1, id)
	return found[0]
}

// table is a table's cells as text: the first row are the headers.
func (e *element) table() (rows [][]string) {
	for _, row := range e.all(named("tr")) {
		var cells []string
		for _, cell := range row.all(named("th", "td")) {
			cells = append(cells, strings.TrimSpace(cell.text()))
		}
		rows = append(rows, cells)
	}
	return rows
}

// tables are those of an article: pictures, or lists.
func (e *element) tables(pictures bool) (found []*element) {
	for _, figure := range e.all(func(e *element) bool {
		return pictures && e.name == "figure" || !pictures && e.name == "table" && strings.HasPrefix(e.attributes["class"], "list")
	}) {
		found = append(found, figure.all(named("table"))...)
	}
	return found
}

// number is a number as pages show it.
func number(n int) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

func indented(t testing.TB, data []byte) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, json.Indent(&out, data, "", "  "))
	return out.String() + "\n"
}
