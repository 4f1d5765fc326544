package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"
)

// counted is what it took to count a log.
type counted struct{ entries, seconds, calls, requests, tokens float64 }

// counting measures how a year's entries are counted: ours in one call, by the wrapper page by page. Make takes 20 ms an answer, without
// which nobody would see that ours asks for several pages at once.
func (b *bench) counting(ctx context.Context) error {
	const latency = 20 * time.Millisecond
	u, err := startUpstream(ctx, b.makeBinary, "-latency", latency.String())
	if err != nil {
		return err
	}
	defer u.stop()
	// The simulated Make writes each entry once, whoever asks first.
	if _, err := u.get(ctx, auditLogs(), url.Values{"pg[limit]": {wholeLog}}); err != nil {
		return err
	}
	us, them := ours(b.binary, u), wrapper(b.wrapperFolder, u)
	var all [3][]counted
	count := func(i int, s *server, with func(context.Context, *session, *counted) error) measure {
		return func(int) (float64, error) {
			c, err := countOnce(ctx, u, s, with)
			all[i] = append(all[i], c)
			return c.seconds, err
		}
	}
	samples, err := inTurn(0, b.size.counts,
		count(0, us, inOneCall), count(1, them, pageByPage(hundred)), count(2, them, pageByPage(thousand)))
	if err != nil {
		return err
	}
	for i, limit := range []string{"100", "1,000"} {
		our, their := all[0][0], all[i+1][0]
		if our.entries != their.entries {
			return fmt.Errorf("ours counts %.0f entries, the wrapper %.0f", our.entries, their.entries)
		}
		what := "a year counted, by pages of " + limit
		b.add(
			Row{what, Seconds, samples[0], samples[i+1], fmt.Sprintf("%s entries by actor: ours by one count_audit_logs of a new process, the "+
				"wrapper page by page; Make takes %s an answer; %s", grouped(our.entries),
				Seconds.sample(Sample{latency.Seconds()}), times(b.size.counts))},
			Row{what + ": calls", Count, Sample{our.calls}, Sample{their.calls}, "as above"},
			Row{what + ": requests to Make", Count, Sample{our.requests}, Sample{their.requests}, "as above"},
			Row{what + ": tokens", Count, Sample{our.tokens}, Sample{their.tokens}, "as above; all that a model would read"},
		)
	}
	return nil
}

// countOnce counts in a process of its own, which has read nothing yet.
func countOnce(ctx context.Context, u *upstream, s *server, with func(context.Context, *session, *counted) error) (c counted, err error) {
	over, err := s.start(ctx)
	if err != nil {
		return c, err
	}
	defer over.close()
	if _, err := u.requests(); err != nil {
		return c, err
	}
	began := time.Now()
	if err := with(ctx, over, &c); err != nil {
		return c, err
	}
	c.seconds = time.Since(began).Seconds()
	c.requests, err = u.requests()
	return c, err
}

func inOneCall(ctx context.Context, over *session, c *counted) error {
	text, err := over.ask(ctx, call{"count_audit_logs", map[string]any{"from": "364d", "group_by": []string{"actor"}}})
	if err != nil {
		return err
	}
	var result struct{ Total *float64 }
	if err := json.Unmarshal([]byte(text), &result); err != nil {
		return err
	}
	if result.Total == nil {
		return fmt.Errorf("count_audit_logs has no total: %.300s", text)
	}
	c.entries, c.calls, c.tokens = *result.Total, 1, tokens(text)
	return nil
}

// The pages that the wrapper is asked for.
const hundred, thousand = 100, 1000

func pageByPage(limit int) func(context.Context, *session, *counted) error {
	return func(ctx context.Context, over *session, c *counted) error {
		for {
			text, err := over.ask(ctx, wrapperPage(map[string]any{"pg[limit]": limit, "pg[offset]": int(c.entries)}))
			if err != nil {
				return err
			}
			c.calls++
			c.tokens += tokens(text)
			found := entriesIn(text)
			c.entries += float64(found)
			if found < limit {
				return nil
			}
		}
	}
}
