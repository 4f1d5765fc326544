package question_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
)

func sealer(secret, instance string) *question.Sealer {
	return &question.Sealer{Secret: func() (string, error) { return secret, nil }, Instance: instance}
}

func TestCursorsHoldTheQuestion(t *testing.T) {
	t.Parallel()
	prague, err := time.LoadLocation("Europe/Prague")
	require.NoError(t, err)
	place := question.Cursor{
		Query: auditlog.Query{
			Organization: auditlog.Ref{ID: "7", Name: "A\u200bcme"},
			Window:       auditlog.Window{From: now().Add(-time.Hour).In(prague), To: now().In(prague), Location: prague},
			Teams:        []auditlog.Ref{{ID: "1"}}, Actors: []auditlog.Actor{{ID: "2"}, {ID: "a\u202eb"}},
			ExcludeActors: []auditlog.Actor{{ID: "3"}},
			NoTeam:        true, System: true, ExcludeSystem: true, Events: []auditlog.Event{{Value: "x\u200by"}}, TargetID: "t\u0007t",
			ExcludeEvents: []auditlog.Event{{Value: "z\u200bz"}},
		},
		Order: question.Order{By: question.ByActor, Ascending: true}, Key: "1k\x00", TriggeredAt: now().Add(-time.Minute), UUID: "u",
		Offset: 5, Before: 25, TakenAt: now(), Asked: "abc",
	}
	cursor, err := sealer("secret", "here").Seal(place)
	require.NoError(t, err)
	assert.Regexp(t, `^[A-Za-z0-9_-]+$`, cursor)
	opened, err := sealer("secret", "here").Open(cursor, now().Add(24*time.Hour))
	require.NoError(t, err)
	assert.True(t, opened.Query.Window.From.Equal(place.Query.Window.From))
	opened.Query.Window, opened.TriggeredAt, opened.TakenAt = place.Query.Window, place.TriggeredAt, place.TakenAt
	assert.Equal(t, place, opened, "raw text and all")

	again, err := sealer("secret", "here").Seal(place)
	require.NoError(t, err)
	assert.NotEqual(t, cursor, again, "a nonce is used once")

	for name, open := range map[string]func() (question.Cursor, error){
		"another key":      func() (question.Cursor, error) { return sealer("other", "here").Open(cursor, now()) },
		"another instance": func() (question.Cursor, error) { return sealer("secret", "there").Open(cursor, now()) },
		"too old": func() (question.Cursor, error) {
			return sealer("secret", "here").Open(cursor, now().Add(24*time.Hour+time.Second))
		},
		"empty":      func() (question.Cursor, error) { return sealer("secret", "here").Open("", now()) },
		"no base64":  func() (question.Cursor, error) { return sealer("secret", "here").Open("!!", now()) },
		"truncated":  func() (question.Cursor, error) { return sealer("secret", "here").Open(cursor[:len(cursor)-4], now()) },
		"with tails": func() (question.Cursor, error) { return sealer("secret", "here").Open(cursor+"AA", now()) },
	} {
		_, err := open()
		var refused *question.CursorError
		require.ErrorAs(t, err, &refused, name)
		assert.Contains(t, err.Error(), "start again", name)
	}
	failing := &question.Sealer{Secret: func() (string, error) { return "", errors.New("no key") }}
	_, err = failing.Seal(place)
	require.ErrorContains(t, err, "no key")
	_, err = failing.Open(cursor, now())
	require.ErrorContains(t, err, "no key")
}

func lastDay() auditlog.Window {
	return auditlog.Window{From: now().Add(-24 * time.Hour), To: now(), Location: time.UTC}
}

func TestSortTextOrdersAsPeopleDo(t *testing.T) {
	t.Parallel()
	text := func(name string, target auditlog.Text) [2]string {
		e := &auditlog.Entry{Actor: &auditlog.Actor{ID: "1", Name: auditlog.Text(name)}, TargetID: target}
		return [2]string{question.SortText(e, question.ByActor), question.SortText(e, question.ByTargetID)}
	}
	assert.Less(t, text("Žofie", "")[0], text("Zuzana", "")[0], "accents do not count")
	assert.Less(t, text("adam", "")[0], text("Bob", "")[0], "case does not count")
	assert.Less(t, text("", "9")[1], text("", "10")[1], "numbers by value")
	assert.Less(t, text("", "10")[1], text("", "abc")[1], "numbers before text")
	assert.Less(t, text("", "")[1], text("", "0")[1], "what is absent first")
	assert.Empty(t, question.SortText(&auditlog.Entry{}, question.ByCreatedAt))

	delayed := func(d time.Duration) string {
		return question.SortText(&auditlog.Entry{TriggeredAt: now(), CreatedAt: now().Add(d)}, question.ByDelay)
	}
	assert.Less(t, delayed(9*time.Second), delayed(10*time.Second))
	assert.Less(t, delayed(10*time.Second), delayed(800*24*time.Hour))
	assert.Less(t, delayed(-time.Second), delayed(0), "written before it happened")
	assert.Less(t, question.SortText(&auditlog.Entry{TriggeredAt: now()}, question.ByDelay), delayed(-time.Hour), "not known when")
	assert.LessOrEqual(t, len(question.SortText(&auditlog.Entry{Event: auditlog.Text(strings.Repeat("é", 5000))}, question.ByEventName)),
		200)
}

// FuzzCursors gives any text for a cursor, and a good one with one letter exchanged: each is refused as a cursor, or was sealed here.
func FuzzCursors(f *testing.F) {
	good, err := sealer("secret", "here").Seal(question.Cursor{
		Query: auditlog.Query{Organization: auditlog.Ref{ID: "7"}, Window: auditlog.Window{From: now().Add(-time.Hour), To: now(), Location: time.UTC}},
		UUID:  "u", TakenAt: now(),
	})
	require.NoError(f, err)
	for _, seed := range []string{good, good[:len(good)-1], good + "A", good + "=", "A" + good[1:], " " + good, "", "null", "\xff"} {
		f.Add(seed, uint(len(seed)), byte('A'))
	}
	f.Fuzz(func(t *testing.T, text string, at uint, letter byte) {
		var refused *question.CursorError
		if _, err := sealer("secret", "here").Open(text, now()); err != nil {
			require.ErrorAs(t, err, &refused)
		}
		changed := []byte(good)
		changed[at%uint(len(good))] = letter
		if _, err := sealer("secret", "here").Open(string(changed), now()); string(changed) != good {
			require.ErrorAs(t, err, &refused)
		}
	})
}
