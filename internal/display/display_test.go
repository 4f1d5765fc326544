package display_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/internal/display"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/transport"
	"make-audit-mcp/tools"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// asked are the questions whose answers are golden.
var asked = map[string]string{
	"list_organizations":     `{}`,
	"list_audit_log_filters": `{"limit":4}`,
	"list_audit_logs":        `{"event":["*_deleted"],"limit":6}`,
	"get_audit_log": `{"uuid":["ce45b2ad-eb56-4b69-a007-21b66975077b","fce09f9d-5dd2-49e1-9396-9c26bb30fae1",
		"00000000-0000-4000-8000-000000000000"]}`,
	"count_audit_logs":         `{"group_by":["actor","event"],"from":"30d","compare_to_previous":true,"limit":8}`,
	"list_people":              `{"limit":8}`,
	"get_actor_activity":       `{"actor":"5010","from":"7d"}`,
	"get_target_history":       `{"target_id":"3024","kind":"Keys"}`,
	"find_suspicious_activity": `{"from":"30d","min_severity":"high"}`,
	"search":                   `{"query":"webhook deleted"}`,
	"fetch":                    `{"id":"4721/ce45b2ad-eb56-4b69-a007-21b66975077b"}`,
}

// connect opens a session with all tools over a simulated Make.
func connect(t testing.TB, world *makesim.World, options makesim.Options) *mcptest.Client {
	t.Helper()
	upstream := audittest.Start(t, world, options)
	service := audittest.Access{URL: upstream.URL, Key: makesim.DemoToken, Live: live.Options{Zone: audittest.Zone}}.Service(t)
	served := server.NewMCPServer("test", "1")
	tools.Register(served, tools.Config{Tools: tools.All(), Notify: transport.Notify,
		Service: func(context.Context) (*analysis.Service, error) { return service, nil }})
	return mcptest.Connect(t.Context(), t, served)
}

// answers are the demo's, by tool.
func answers(t *testing.T) map[string][]byte {
	t.Helper()
	demoAnswers.once.Do(func() {
		client := connect(t, audittest.Demo(), makesim.Options{})
		demoAnswers.byTool = map[string][]byte{}
		for tool, arguments := range asked {
			result := client.Call(tool, json.RawMessage(arguments))
			require.False(t, result.IsError, result.Text)
			demoAnswers.byTool[tool] = []byte(result.Text)
		}
	})
	require.Len(t, demoAnswers.byTool, len(asked))
	return demoAnswers.byTool
}

var demoAnswers struct {
	once   sync.Once
	byTool map[string][]byte
}

func show(t *testing.T, tool string, result []byte, screen display.Screen) string {
	t.Helper()
	shown, err := display.Result(tool, result, screen, func(string) string { return "make-audit-mcp call " + tool + " --cursor=…" })
	require.NoError(t, err)
	return shown
}

func TestEveryToolHasItsTablesGolden(t *testing.T) {
	logtest.NotUnderRace(t)
	t.Parallel()
	for _, tool := range tools.All() {
		require.Contains(t, asked, tool.Name, "a new tool needs a description in tools.go, and a question here")
	}
	for tool, result := range answers(t) {
		var out strings.Builder
		for _, width := range []int{60, 80, 120} {
			fmt.Fprintf(&out, "=== %d columns\n%s", width, show(t, tool, result, display.Screen{Width: width}))
		}
		colours := show(t, tool, result, display.Screen{Width: 80, Colour: true})
		fmt.Fprintf(&out, "=== 80 columns, coloured\n%s", strings.ReplaceAll(colours, "\x1b", "ESC"))
		fmt.Fprintf(&out, "=== 80 columns, ASCII\n%s", show(t, tool, result, display.Screen{Width: 80, ASCII: true}))
		requireGolden(t, filepath.Join("testdata", tool+".txt"), out.String())
	}
}

func requireGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run with -update")
	assert.Equal(t, string(want), got, "%s: if this is meant, run with -update", path)
}

func TestNoLineIsWiderThanTheScreenAndColourChangesNoText(t *testing.T) {
	t.Parallel()
	sequence := regexp.MustCompile("\x1b\\[[0-9]+m")
	for tool, result := range answers(t) {
		for width := 24; width < 140; width += 7 {
			plain := show(t, tool, result, display.Screen{Width: width})
			assert.Equal(t, plain, sequence.ReplaceAllString(show(t, tool, result, display.Screen{Width: width, Colour: true}), ""))
			for line := range strings.Lines(plain) {
				if line = strings.TrimSuffix(line, "\n"); !strings.HasPrefix(line, "make-audit-mcp call") { // to be copied whole
					assert.LessOrEqual(t, len([]rune(line)), width, "%s at %d: %s", tool, width, line)
				}
			}
		}
	}
}

func TestWithoutABoundNothingIsCut(t *testing.T) {
	t.Parallel()
	for tool, result := range answers(t) {
		if tool == "list_people" {
			continue // the demo's names have such marks
		}
		shown := show(t, tool, result, display.Screen{})
		assert.NotContains(t, strings.NewReplacer("--cursor=…", "", ", …\n", "").Replace(shown), "…", tool)
		assert.NotContains(t, shown, "no room", tool)
	}
}

func TestASCIIDrawsNothingElse(t *testing.T) {
	t.Parallel()
	result := `{"groups":[{"key":{"event":"a_very_long_name_of_an_event_that_is_cut"},"count":3,"change":-1},
		{"key":{"event":"b"},"count":1}],"group_count":2,
		"total":4,"by_hour":[1]}`
	shown := show(t, "count_audit_logs", []byte(result), display.Screen{Width: 50, ASCII: true})
	assert.Contains(t, shown, "####")
	assert.Contains(t, shown, "...")
	assert.False(t, slices.ContainsFunc([]rune(shown), func(r rune) bool { return r > unicode.MaxASCII }), shown)
}

func TestAnAnswerThatIsNotCompleteSaysSoInEveryNumber(t *testing.T) {
	t.Parallel()
	result := `{"query":{"organization":{"id":1,"name":"A"},"endpoint":"team","from":"2026-10-01T00:00:00Z",
		"to":"2026-11-01T00:00:00Z","timezone":"UTC","actor":[{"id":1,"name":"P"},{"id":2,"name":"Q"},{"id":3,"name":"R"},
		{"id":4,"name":"S"},{"id":5,"name":"T"},{"id":6,"name":"U"}],"actor_total":9},
		"source":"live","complete":false,"unreadable":2,"warnings":["w"],"total":5,"group_count":3,
		"coverage":{"from":"2026-10-20T00:00:00Z","to":"2026-11-01T00:00:00Z",
		"gaps":[{"from":"2026-10-01T00:00:00Z","to":"2026-10-20T00:00:00Z","reason":"r"}]},
		"groups":[{"key":{"actor":{"id":7,"name":"Same"}},"count":1},{"key":{"actor":{"id":8,"name":"Same"}},"count":2}],
		"previous":{"total":3,"complete":false}}`
	shown := show(t, "count_audit_logs", []byte(result), display.Screen{Width: 200})
	for _, says := range []string{
		"NOT COMPLETE: covered from 2026-10-20 00:00 to 2026-11-01 00:00", "2 records could not be read", "note: w",
		"not covered: 2026-10-01 00:00 to 2026-10-20 00:00: r", "at least 5 entries", "2 of at least 3 shown", "endpoint: team",
		"at least 3 in the period before", "actor: P, Q, R, S, T and 4 more", "Same (7)", "Same (8)",
	} {
		assert.Contains(t, shown, says)
	}
	none := show(t, "list_audit_logs", []byte(`{"complete":false,"entries":[]}`), display.Screen{})
	assert.Contains(t, none, "no entries in what could be read")
}

func TestFieldsThatNobodyDescribedAreShownByTheirNames(t *testing.T) {
	t.Parallel()
	result := []byte(`{"total":2,"a_number":7,"an.odd*name":true,"things":[{"name":"x","size":1},{"name":"y","colour":"red"}],
		"words":["u","v"],"inner":{"k":{"l":[1,2]}}}`)
	for _, tool := range []string{"a_tool_of_tomorrow", "count_audit_logs"} {
		shown := show(t, tool, result, display.Screen{Width: 80})
		for _, says := range []string{"a number     7", "an.odd*name  yes", "NAME  SIZE  COLOUR", "y           red", "VALUE", "k.l[1]: 2"} {
			assert.Contains(t, shown, says, tool)
		}
	}
	_, err := display.Result("x", []byte("{"), display.Screen{}, nil)
	require.Error(t, err)
	require.Error(t, display.CSV(&bytes.Buffer{}, "x", []byte("{")))
}

// hostile are texts that would take over a terminal, a table or a spreadsheet.
var hostile = []string{
	"\x1b[31mred\x1b]0;title\a", "\u202eright to left", "zero\u200bwidth", "two\nlines\r\ttab", "\x9b31m",
	"=HYPERLINK(\"http://x\")", "@SUM(A1)",
	"漢字の名前はとても長いので切り取られます", "e\u0301\u0301\u0301 combined", "👩‍👩‍👧 family", strings.Repeat("A", 10_000), strings.Repeat("漢", 10_000),
	"<script>alert(1)</script>", "\ufeff", "\x00", "| pipe | ; = ,",
}

func TestHostileTextsStayTextInTheirColumns(t *testing.T) {
	logtest.NotUnderRace(t)
	t.Parallel()
	for _, text := range hostile {
		quoted, err := json.Marshal(text)
		require.NoError(t, err)
		q := string(quoted)
		for _, tool := range slices.Collect(maps.Keys(asked)) {
			result := fmt.Sprintf(`{"query":{"organization":{"name":%[1]s},"actor":[{"name":%[1]s}],"timezone":%[1]s,"from":%[1]s},
				"warnings":[%[1]s],"entries":[{"event":%[1]s,"actor":{"id":1,"name":%[1]s},"triggered_at":%[1]s,
				"details":{%[1]s:%[1]s},"changes":[{"field":%[1]s,"to":%[1]s}]}],
				"groups":[{"key":{"event":%[1]s},"count":1}],"people":[{"name":%[1]s,"status":%[1]s,"teams":[{"name":%[1]s}]}],
				"findings":[{"severity":%[1]s,"reason":%[1]s}],"text":%[1]s,"results":[{"title":%[1]s}],"unknown":{%[1]s:%[1]s},"next_cursor":"x"}`, q)
			shown := show(t, tool, []byte(result), display.Screen{Width: 40, Colour: true})
			bare := regexp.MustCompile("\x1b\\[[0-9]{1,2}m").ReplaceAllString(shown, "")
			for _, r := range bare {
				require.True(t, r == '\n' || unicode.IsGraphic(r), "%s shows %U for %q", tool, r, text)
			}
			for line := range strings.Lines(bare) {
				columns := 0
				for _, r := range line {
					if !unicode.Is(unicode.Mn, r) && r != '\n' {
						columns++
					}
					if unicode.Is(unicode.Han, r) || unicode.In(r, unicode.Hiragana) || r >= 0x1f000 {
						columns++
					}
				}
				require.True(t, columns <= 40 || strings.HasPrefix(line, "make-audit-mcp"), "%s: %s", tool, line)
			}
			var out bytes.Buffer
			require.NoError(t, display.CSV(&out, tool, []byte(result)))
			rows, err := csv.NewReader(bytes.NewReader(out.Bytes())).ReadAll()
			require.NoError(t, err)
			for _, cell := range slices.Concat(rows...) {
				require.NotRegexp(t, "^[=+@]|[\x00-\x1f\u202e]", cell)
			}
		}
	}
}

func TestWideAndCombiningCharactersKeepColumnsAligned(t *testing.T) {
	t.Parallel()
	result := `{"groups":[{"key":{"actor":{"id":1,"name":"漢字"}},"count":1},{"key":{"actor":{"id":2,"name":"e\u0301te\u0301"}},"count":20},
		{"key":{"actor":{"id":3,"name":"한국"}},"count":300},{"key":{"actor":{"id":4,"name":"ＡＢ"}},"count":4000}]}`
	shown := show(t, "count_audit_logs", []byte(result), display.Screen{Width: 30, ASCII: true})
	assert.Equal(t, `ACTOR  COUNT
漢字       1  #
e`+"\u0301te\u0301"+`       20  #
한국     300  #
ＡＢ   4,000  ################
`, shown)
}

func TestCSVHasTheMainListWithIDsAndASafeCellEach(t *testing.T) {
	logtest.NotUnderRace(t)
	t.Parallel()
	for tool, want := range map[string]string{
		"list_audit_logs":          "triggered_at,event,actor_id,actor,actor_email,target_id,team_id,team,version_from,version_to,uuid",
		"count_audit_logs":         "actor_id,actor,actor_email,event,count,previous_count,change,first_at,last_at",
		"get_actor_activity":       "event,count,baseline_count",
		"list_organizations":       "id,name,can_read_audit_logs,role,zone,teams_total,retention_days,oldest_entry_at,api_limit_per_minute,reason",
		"find_suspicious_activity": "severity,title,from,to,actor_id,actor,actor_email,team_id,team,evidence_count,reason,next_step,rule,id,evidence",
		"fetch":                    "id,title,url,text",
	} {
		var out bytes.Buffer
		require.NoError(t, display.CSV(&out, tool, answers(t)[tool]), tool)
		head, rest, _ := strings.Cut(out.String(), "\r\n")
		assert.Equal(t, "\ufeff"+want, head, tool)
		assert.NotEmpty(t, rest, tool)
	}
	csvOf := func(tool, result string) string {
		var out bytes.Buffer
		require.NoError(t, display.CSV(&out, tool, []byte(result)))
		return strings.TrimPrefix(out.String(), "\ufeff")
	}
	assert.Equal(t, "event,count,change,first_at,last_at\r\n'=1+1,3,-2,,\r\n",
		csvOf("count_audit_logs", `{"groups":[{"key":{"event":"=1+1"},"count":3,"change":-2}]}`))
	assert.Equal(t, "total,complete\r\n7,true\r\n", csvOf("count_audit_logs", `{"groups":[],"total":7,"complete":true}`))
	assert.Equal(t, "id,name\r\n", csvOf("list_audit_log_filters", `{"teams":[],"users":[],"events":[]}`), "a line of names always")
	assert.Equal(t, "a,b\r\n1,\"x, y\"\r\n", csvOf("a_tool_of_tomorrow", `{"n":1,"rows":[{"a":1,"b":["x","y"]}]}`))
	err := display.CSV(&bytes.Buffer{}, "list_audit_log_filters", answers(t)["list_audit_log_filters"])
	assert.EqualError(t, err, "CSV holds one list, and this result has teams, users, events: choose one with --kind")
}

func TestEveryFieldOfAToolsResultIsDescribed(t *testing.T) {
	t.Parallel()
	client := connect(t, audittest.Demo(), makesim.Options{})
	listed, err := client.ListTools(t.Context(), mcp.ListToolsRequest{})
	require.NoError(t, err)
	for _, tool := range listed.Tools {
		var schema struct{ Properties map[string]json.RawMessage }
		text, err := json.Marshal(tool.OutputSchema)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &schema))
		require.NotEmpty(t, schema.Properties, tool.Name)
		result := map[string]any{}
		for name := range schema.Properties {
			result[name] = []any{map[string]any{"undescribed": "undescribed"}}
		}
		document, err := json.Marshal(result)
		require.NoError(t, err)
		assert.NotContains(t, show(t, tool.Name, document, display.Screen{}), "UNDESCRIBED", tool.Name)
	}
}
