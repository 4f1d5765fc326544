package analysis_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/question"
)

// step is an entry of an object's history, by its event and details.
type step struct{ event, details string }

// historyOf asks for the history of an object that such steps made, oldest first.
func historyOf(t *testing.T, limit int, steps ...step) *analysis.History {
	t.Helper()
	service, request := objectOf(steps...)
	request.Limit = limit
	history, err := service.TargetHistory(t.Context(), request)
	require.NoError(t, err)
	return history
}

func objectOf(steps ...step) (*analysis.Service, analysis.HistoryRequest) {
	known := &knowing{directory: &directory{catalog: logtest.Documented()}, details: map[string]string{}, failures: map[string]error{}}
	entries := make([]*auditlog.Entry, len(steps))
	for i, one := range steps {
		uuid := fmt.Sprintf("step-%02d", i)
		known.details[uuid] = one.details
		entries[len(steps)-1-i] = &auditlog.Entry{UUID: uuid, Event: auditlog.Text(one.event), TargetID: "7",
			TriggeredAt: now().Add(time.Duration(i-len(steps)) * time.Minute)}
	}
	return &analysis.Service{Entries: known, Resolver: question.Resolver{Reader: &log{entries: entries}, Directory: known}},
		analysis.HistoryRequest{Query: auditlog.Query{TargetID: "7", Window: lastDay()}, Limit: 50}
}

// told writes changes as path: from → to.
func told(entry analysis.HistoryEntry) []string {
	all := []string{}
	for _, change := range entry.Changes {
		from := "–"
		if change.From != nil {
			from = string(change.From)
		}
		all = append(all, change.Path+": "+from+" → "+string(change.To))
	}
	return all
}

func TestChangesAreWhatDetailsTellOtherwise(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before, after string
		want          []string
	}{
		"nothing":                 {`{"a":1}`, `{"a":1}`, nil},
		"a value":                 {`{"a":1,"b":2}`, `{"a":1,"b":3}`, []string{"b: 2 → 3"}},
		"another type":            {`{"a":1}`, `{"a":"1"}`, []string{`a: 1 → "1"`}},
		"null":                    {`{"a":1}`, `{"a":null}`, []string{"a: 1 → null"}},
		"absent is no change":     {`{"a":1,"b":2}`, `{"a":1}`, nil},
		"a new field":             {`{"a":1}`, `{"a":1,"b":null}`, []string{"b: – → null"}},
		"deeper":                  {`{"a":{"b":{"c":1,"d":2}}}`, `{"a":{"b":{"c":1,"d":3}}}`, []string{"a.b.d: 2 → 3"}},
		"a list as a whole":       {`{"a":[1,2]}`, `{"a":[2,1]}`, []string{"a: [1,2] → [2,1]"}},
		"sorted by path":          {`{"z":1,"a":1}`, `{"z":2,"a":2}`, []string{"a: 1 → 2", "z: 1 → 2"}},
		"the order of keys":       {`{"a":[{"x":1,"y":2}]}`, `{"a":[{"y":2,"x":1}]}`, nil},
		"white space and escapes": {`{"a": ["\u003c é"]}`, `{"a":["< \u00e9"]}`, nil},
		"numbers too large to round": {`{"a":9007199254740993}`, `{"a":9007199254740992}`,
			[]string{"a: 9007199254740993 → 9007199254740992"}},
		"keys with dots":             {`{"a.b":1,"a":{"b":1}}`, `{"a.b":2,"a":{"b":1}}`, []string{"a.b: 1 → 2"}},
		"an empty object":            {`{"a":{}}`, `{"a":{"b":1}}`, []string{"a.b: – → 1"}},
		"no details then":            {``, `{"a":1}`, nil},
		"no details now":             {`{"a":1}`, ``, nil},
		"details that are no object": {`[1]`, `"x"`, nil},
		"details that are broken":    {`{"a":1}`, `{"a":`, nil},
	} {
		history := historyOf(t, 50, step{"scenario_updated", test.before}, step{"scenario_updated", test.after})
		require.Len(t, history.Entries, 2, name)
		assert.Empty(t, history.Entries[0].Changes, "the first has nothing to differ from: "+name)
		assert.Equal(t, append([]string{}, test.want...), told(history.Entries[1]), name)
		assert.Zero(t, history.DetailsMissing, name)
	}
}

func TestChangesAreMeasuredByWhatWasToldLast(t *testing.T) {
	t.Parallel()
	history := historyOf(t, 50,
		step{"scenario_created", `{"name":"a","mode":1}`},
		step{"scenario_updated", `{"name":"b"}`},
		step{"scenario_updated", ``},
		step{"scenario_updated", `{"mode":1}`},
		step{"scenario_updated", `{"name":"b","mode":2}`},
		step{"scenario_deleted", `{"name":"b"}`},
		step{"scenario_created", `{"name":"c"}`},
		step{"scenario_updated", `{"name":"c","mode":2}`},
	)
	var all [][]string
	for _, entry := range history.Entries {
		all = append(all, told(entry))
	}
	assert.Equal(t, [][]string{{}, {`name: "a" → "b"`}, {}, {}, {"mode: 1 → 2"}, {}, {}, {"mode: – → 2"}}, all)
	assert.Equal(t, "step-06", history.Created.UUID)
	assert.Nil(t, history.Deleted, "it was made anew")
	assert.Equal(t, "step-07", history.Last.UUID)
	assert.Equal(t, 8, history.Total)
}

func TestChangesOfAPageRestOnWhatCameBefore(t *testing.T) {
	t.Parallel()
	steps := []step{{"scenario_created", `{"name":"0"}`}}
	for i := range 29 {
		steps = append(steps, step{"scenario_updated", fmt.Sprintf(`{"name":"%d"}`, i+1)})
	}
	whole := historyOf(t, 50, steps...)
	for _, limit := range []int{1, 4, 29} {
		service, request := objectOf(steps...)
		request.Limit = limit
		var all [][]string
		for {
			page, err := service.TargetHistory(t.Context(), request)
			require.NoError(t, err)
			assert.Equal(t, len(all), page.Before)
			for _, entry := range page.Entries {
				all = append(all, told(entry))
			}
			if !page.More {
				break
			}
			require.Less(t, len(all), 30, "the last page says so")
			last := page.Entries[len(page.Entries)-1].Entry
			place := question.Cursor{Query: request.Query, Order: question.Order{Ascending: true}, TakenAt: now()}.After(last, len(all))
			request.After = &place
		}
		require.Len(t, all, 30)
		for i, changes := range all {
			assert.Equal(t, told(whole.Entries[i]), changes, "by %d", limit)
		}
	}
}

func TestDetailsThatAreMissingAreCounted(t *testing.T) {
	t.Parallel()
	steps := make([]step, 10)
	for i := range steps {
		steps[i] = step{"scenario_updated", fmt.Sprintf(`{"n":%d}`, i)}
	}
	service, request := objectOf(steps...)
	known, isKnowing := service.Directory.(*knowing)
	require.True(t, isKnowing)
	known.failures["step-04"] = &auditlog.NotFoundError{UUID: "step-04"}
	history, err := service.TargetHistory(t.Context(), request)
	require.NoError(t, err)
	assert.Equal(t, 1, history.DetailsMissing)
	require.ErrorContains(t, history.DetailsError, "step-04")
	assert.Empty(t, history.Entries[4].Details)
	assert.Equal(t, []string{"n: 3 → 5"}, told(history.Entries[5]))

	for i := range steps {
		known.failures[fmt.Sprintf("step-%02d", i)] = errors.New("boom")
	}
	history, err = service.TargetHistory(t.Context(), request)
	require.NoError(t, err)
	assert.Len(t, history.Entries, 10, "entries without details are better than none")
	assert.Equal(t, 10, history.DetailsMissing)
	require.EqualError(t, history.DetailsError, "boom")
}

func TestObjectsWithVeryManyFieldsAreCompared(t *testing.T) {
	t.Parallel()
	fields := func(value int) string {
		var all []string
		for i := range 2000 {
			all = append(all, fmt.Sprintf(`"f%04d":%d`, i, value))
		}
		return "{" + strings.Join(all, ",") + "}"
	}
	history := historyOf(t, 50, step{"scenario_updated", fields(1)}, step{"scenario_updated", fields(2)})
	assert.NotEmpty(t, history.Entries[1].Changes)
	assert.LessOrEqual(t, len(history.Entries[1].Changes), 500)

	nested := func(value int) string {
		return strings.Repeat(`{"a":`, 60) + fmt.Sprint(value) + strings.Repeat("}", 60)
	}
	history = historyOf(t, 50, step{"scenario_updated", nested(1)}, step{"scenario_updated", nested(2)})
	assert.Len(t, history.Entries[1].Changes, 1)
}

func TestHistoriesOfSeveralKindsAreAmbiguous(t *testing.T) {
	t.Parallel()
	service, request := objectOf(step{"webhook_created", "{}"}, step{"scenario_created", "{}"}, step{"webhook_deleted", "{}"},
		step{"scenario_paused", "{}"}, step{"scenario_updated", "{}"}, step{"odd\u202e_thing", "{}"})
	history, err := service.TargetHistory(t.Context(), request)
	var ambiguous *analysis.AmbiguousTargetError
	require.ErrorAs(t, err, &ambiguous)
	require.Len(t, ambiguous.Kinds, 3)
	assert.Equal(t, history.Kinds, ambiguous.Kinds)
	assert.Equal(t, analysis.TargetKind{Kind: "Scenarios", Entries: 3, FirstAt: now().Add(-5 * time.Minute),
		LastAt: now().Add(-2 * time.Minute)}, ambiguous.Kinds[0], "an event that the catalog lacks is of the kind that it begins like")
	require.ErrorContains(t, err, `"Scenarios" (3 entries), "Webhooks" (2 entries)`)
	assert.NotContains(t, err.Error(), "\u202e")
}
