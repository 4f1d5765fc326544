package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"make-audit-mcp/internal/makesim"
)

const (
	// listedDays is how far back listings ask.
	listedDays = 300
	// pageSize is how many entries they ask for: 25 might not fit into one answer of ours.
	pageSize = 20
	// manyCallers is how many ask at once where many do.
	manyCallers = 16
)

func firstListedDay() string {
	return time.Now().UTC().AddDate(0, 0, -listedDays).Format(time.DateOnly)
}

// wrapperPage asks the wrapper for a page of the organization's log.
func wrapperPage(arguments map[string]any) call {
	arguments["organizationId"] = makesim.DemoOrganizationID
	return call{"get-organization-audit-logs", arguments}
}

// question is what a listing asks for: the newest entries of one person and one event. Several the wrapper joins by commas, which the
// simulated Make takes for one name.
type question struct{ person, event string }

// ask asks Make itself.
func (q question) ask(ctx context.Context, u *upstream, limit int) (string, error) {
	body, err := u.get(ctx, auditLogs(), url.Values{"author[]": {q.person}, "event[]": {q.event}, "dateFrom": {firstListedDay()},
		"pg[limit]": {strconv.Itoa(limit)}})
	return string(body), err
}

// wholeLog is a page that all of the demo's log fits into.
const wholeLog = "100000"

// questions are more than ours keeps answers to, so that each goes to Make.
type questions struct {
	all  []question
	last atomic.Int64
}

// newQuestions reads the log once; the simulated Make has then written each entry, so that nobody's answer waits for that later.
func newQuestions(ctx context.Context, u *upstream) (*questions, error) {
	body, err := u.get(ctx, auditLogs(), url.Values{"dateFrom": {firstListedDay()}, "pg[limit]": {wholeLog}})
	if err != nil {
		return nil, err
	}
	var log struct {
		AuditLogs []struct {
			EventName string
			Actor     struct{ ID json.Number }
		}
	}
	if err := json.Unmarshal(body, &log); err != nil {
		return nil, err
	}
	const enough = pageSize + 5 // some may lie at the edge of the window
	counts, q := map[question]int{}, &questions{}
	for _, entry := range log.AuditLogs {
		of := question{entry.Actor.ID.String(), entry.EventName}
		counts[of]++
		if of.person != "" && counts[of] == enough {
			q.all = append(q.all, of)
		}
	}
	const mostThatOursKeeps = 64
	if len(q.all) < 2*mostThatOursKeeps {
		return nil, fmt.Errorf("only %d questions have %d entries", len(q.all), enough)
	}
	return q, nil
}

func (q *questions) of(round int) question { return q.all[round%len(q.all)] }

func (q *questions) next() question { return q.of(int(q.last.Add(1))) }

// entriesIn counts the entries of a listing, ours, the wrapper's or Make's.
func entriesIn(page string) int { return strings.Count(page, `"uuid"`) }

// timed asks for one page and returns the seconds that it took.
func timed(page func() (string, error)) (float64, error) {
	began := time.Now()
	text, err := page()
	took := time.Since(began).Seconds()
	if err == nil && entriesIn(text) < pageSize {
		err = fmt.Errorf("a listing has %d entries, and should have %d", entriesIn(text), pageSize)
	}
	return took, err
}

// latency measures listings one after the other, and how far each is over the time that Make itself needs.
func (b *bench) latency(ctx context.Context, u *upstream) error {
	var requests [2]Sample
	listing := func(i int, s *server, over *session) measure {
		return func(round int) (float64, error) {
			if _, err := u.requests(); err != nil {
				return 0, err
			}
			took, err := timed(func() (string, error) { return over.ask(ctx, s.list(b.questions.of(round))) })
			if err != nil {
				return 0, err
			}
			came, err := u.requests()
			requests[i] = append(requests[i], came)
			return took, err
		}
	}
	bare := func(limit int) measure {
		return func(round int) (float64, error) {
			return timed(func() (string, error) { return b.questions.of(round).ask(ctx, u, limit) })
		}
	}
	us, them := ours(b.binary, u), wrapper(b.wrapperFolder, u)
	ourSession, theirSession, err := startBoth(ctx, us, them)
	if err != nil {
		return err
	}
	defer ourSession.close()
	defer theirSession.close()
	const oursAsks = 1000 // a page of Make's, whatever it is asked for
	const warmUp = 10
	samples, err := inTurn(warmUp, b.size.listings,
		listing(0, us, ourSession), bare(oursAsks), listing(1, them, theirSession), bare(pageSize))
	if err != nil {
		return err
	}
	ours, beforeOurs, theirs, beforeTheirs := samples[0], samples[1], samples[2], samples[3]
	b.add(
		Row{"a listing of 20 entries", Seconds, ours, theirs, fmt.Sprintf("the newest of a person and an event, others each time, over "+
			"stdio, %s; each asks Make: ours %s, the wrapper %s", times(b.size.listings), times(int(requests[0].Median())),
			times(int(requests[1].Median())))},
		Row{"the same, 99th percentile", Seconds, Sample{ours.Quantile(0.99)}, Sample{theirs.Quantile(0.99)}, "as above"},
		Row{"the request to Make alone", Seconds, beforeOurs, beforeTheirs, "plain HTTP, of the same; ours asks for up to 1,000 " +
			"entries, to keep them for what is asked next, the wrapper for 20"},
		Row{"a listing, over the request alone", Seconds, ours.Over(beforeOurs), theirs.Over(beforeTheirs), "the difference, turn by turn"},
	)
	return nil
}

// startBoth connects to both over stdio.
func startBoth(ctx context.Context, us, them *server) (ourSession, theirSession *session, err error) {
	if ourSession, err = us.start(ctx); err != nil {
		return nil, nil, err
	}
	if theirSession, err = them.start(ctx); err != nil {
		ourSession.close()
		return nil, nil, err
	}
	return ourSession, theirSession, nil
}

// crowd are callers of a server, each with its session; over stdio they share one.
type crowd struct {
	*server
	sessions []*session
}

// rate returns how many listings a second so many of the callers get, of those that they ask together.
func (c crowd) rate(ctx context.Context, callers, calls int, asked *questions) (float64, error) {
	var all sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(calls))
	failures := make([]error, callers)
	began := time.Now()
	for i := range callers {
		all.Go(func() {
			for failures[i] == nil && left.Add(-1) >= 0 {
				_, failures[i] = timed(func() (string, error) { return c.sessions[i].ask(ctx, c.list(asked.next())) })
			}
		})
	}
	all.Wait()
	return float64(calls) / time.Since(began).Seconds(), errors.Join(failures...)
}

func (c crowd) close() {
	for _, s := range c.sessions {
		s.close()
	}
}

// throughput measures listings a second over each transport, by one caller and by many at once; and what memory is held after that.
func (b *bench) throughput(ctx context.Context, u *upstream) error {
	us, them := ours(b.binary, u), wrapper(b.wrapperFolder, u)
	ourSession, theirSession, err := startBoth(ctx, us, them)
	if err != nil {
		return err
	}
	defer ourSession.close()
	defer theirSession.close()
	if err := b.throughputOver(ctx, "stdio", "", crowd{us, slices.Repeat([]*session{ourSession}, manyCallers)},
		crowd{them, slices.Repeat([]*session{theirSession}, manyCallers)}); err != nil {
		return err
	}
	if err := b.loadedMemory(ourSession, theirSession); err != nil {
		return err
	}
	ourListener, err := us.listen(ctx)
	if err != nil {
		return err
	}
	defer ourListener.stop()
	theirListener, err := them.listen(ctx)
	if err != nil {
		return err
	}
	defer theirListener.stop()
	type connector func(context.Context) (*session, error)
	for _, over := range []struct {
		transport, note string
		connect         []connector // to ours, and to the wrapper where it can
	}{
		{"streamable HTTP", "; the wrapper answers on a stream beside, which this client waits for",
			[]connector{ourListener.streamable, theirListener.streamableElsewhere}},
		{"SSE", "; the wrapper has none", []connector{ourListener.sse}},
	} {
		var crowds []crowd
		for i, connect := range over.connect {
			c := crowd{server: []*server{us, them}[i]}
			defer func() { c.close() }()
			for range manyCallers {
				s, err := connect(ctx)
				if err != nil {
					return fmt.Errorf("%s over %s: %w", c.command, over.transport, err)
				}
				c.sessions = append(c.sessions, s)
			}
			crowds = append(crowds, c)
		}
		if err := b.throughputOver(ctx, over.transport, over.note, crowds...); err != nil {
			return err
		}
	}
	return nil
}

// throughputOver adds the rows of a transport, of ours and of the wrapper where it can.
func (b *bench) throughputOver(ctx context.Context, transport, note string, crowds ...crowd) error {
	for _, callers := range []int{1, manyCallers} {
		var measures []measure
		for _, c := range crowds {
			measures = append(measures, func(int) (float64, error) { return c.rate(ctx, callers, b.size.load, b.questions) })
		}
		samples, err := inTurn(1, b.size.loadRounds, measures...)
		if err != nil {
			return fmt.Errorf("%s: %w", transport, err)
		}
		row := Row{What: fmt.Sprintf("listings over %s, callers: %d", transport, callers), Unit: PerSecond, Ours: samples[0],
			How: fmt.Sprintf("%d listings as above, %s%s", b.size.load, times(b.size.loadRounds), note)}
		if len(samples) > 1 {
			row.Wrapper = samples[1]
		}
		b.add(row)
	}
	return nil
}
