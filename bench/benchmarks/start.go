package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
	"unicode/utf8"
)

// sizes measures what lies on the disk.
func (b *bench) sizes(ctx context.Context) error {
	binary, err := os.Stat(b.binary)
	if err != nil {
		return err
	}
	folder, err := folderSize(filepath.Join(b.wrapperFolder, "node_modules"))
	if err != nil {
		return err
	}
	how := "the stripped binary; the wrapper's node_modules"
	node, err := printed(ctx, "node", "--print", "require('fs').statSync(process.execPath).size")
	if err != nil {
		return err
	}
	if bytes, err := strconv.ParseFloat(node, 64); err == nil {
		how += ", beside which it needs node, " + Bytes.sample(Sample{bytes})
	}
	size := float64(binary.Size())
	b.add(Row{"installed", Bytes, Sample{size}, Sample{folder}, how})
	b.bound(Bound{"stripped binary", Bytes, 24e6, size})
	return nil
}

// coldStart measures from the start of the process to the answer of tools/list, and what memory is held then.
func (b *bench) coldStart(ctx context.Context, u *upstream) error {
	start := func(s *server) measure {
		return func(int) (float64, error) {
			began := time.Now()
			started, err := s.start(ctx)
			if err != nil {
				return 0, err
			}
			defer started.close()
			_, err = started.request(ctx, "tools/list", nil)
			return time.Since(began).Seconds(), err
		}
	}
	us, them := ours(b.binary, u), wrapper(b.wrapperFolder, u)
	samples, err := inTurn(1, b.size.starts, start(us), start(them))
	if err != nil {
		return err
	}
	b.add(Row{"cold start", Seconds, samples[0], samples[1], fmt.Sprintf("from the start of the process to the answer of tools/list, "+
		"over stdio, %s; files in the page cache; the wrapper by node, not npx", times(b.size.starts))})
	b.bound(Bound{"cold start, ours by the wrapper's", Quotient, 1.0 / 15, samples[0].RatioTo(samples[1])})
	return b.idleMemory(ctx, us, them)
}

func (b *bench) idleMemory(ctx context.Context, us, them *server) error {
	idle := func(s *server) measure {
		return func(int) (float64, error) {
			started, err := s.start(ctx)
			if err != nil {
				return 0, err
			}
			defer started.close()
			if _, err := started.request(ctx, "tools/list", nil); err != nil {
				return 0, err
			}
			const settles = 500 * time.Millisecond
			time.Sleep(settles)
			return resident(started.process, "VmRSS")
		}
	}
	samples, err := inTurn(0, b.size.idles, idle(us), idle(them))
	if err != nil {
		return err
	}
	b.add(Row{"resident memory, idle", Bytes, samples[0], samples[1], fmt.Sprintf("half a second after tools/list, %s", times(b.size.idles))})
	b.bound(Bound{"resident memory, idle", Bytes, 24e6, samples[0].Median()})
	return nil
}

// loadedMemory tells what two processes hold that were asked much.
func (b *bench) loadedMemory(us, them *session) error {
	how := fmt.Sprintf("after %s listings over stdio; ours keeps up to 100,000 entries of them for what is asked next",
		grouped(float64(2*(1+b.size.loadRounds)*b.size.load)))
	for _, of := range []struct{ what, field string }{{"resident memory, after load", "VmRSS"}, {"resident memory, at most", "VmHWM"}} {
		ours, err := resident(us.process, of.field)
		if err != nil {
			return err
		}
		theirs, err := resident(them.process, of.field)
		if err != nil {
			return err
		}
		b.add(Row{of.what, Bytes, Sample{ours}, Sample{theirs}, how})
	}
	return nil
}

// charactersPerToken is what a token is taken for.
const charactersPerToken = 4

func tokens(text string) float64 {
	return float64(utf8.RuneCountInString(text) / charactersPerToken)
}

// definition is what a model reads of a tool.
type definition struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	InputSchema json.RawMessage `json:"inputSchema"`
}

// tokens measures what a model has to read: the tools, and typical answers.
func (b *bench) tokens(ctx context.Context, u *upstream) error {
	us, them := ours(b.binary, u), wrapper(b.wrapperFolder, u)
	ourSession, theirSession, err := startBoth(ctx, us, them)
	if err != nil {
		return err
	}
	defer ourSession.close()
	defer theirSession.close()
	var served, read [2]float64
	for i, s := range []*session{ourSession, theirSession} {
		list, err := s.request(ctx, "tools/list", nil)
		if err != nil {
			return err
		}
		served[i] = float64(len(list))
		if read[i], err = readOf(list); err != nil {
			return err
		}
	}
	b.add(
		Row{"tools/list, as served", Bytes, Sample{served[0]}, Sample{served[1]},
			"its whole result: of ours with output schemas and annotations"},
		Row{"tools/list, tokens that a model reads", Count, Sample{read[0]}, Sample{read[1]},
			"names, descriptions, input schemas; of ours every tool, of the wrapper Make's calls that audit logs need"},
	)
	b.bound(Bound{"tools/list, as served", Bytes, 40e3, served[0]})
	asked := b.questions.of(0)
	listed, err := theirSession.ask(ctx, them.list(asked))
	if err != nil {
		return err
	}
	for _, of := range []struct {
		what  string
		call  call
		their Sample
	}{
		{"a listing of 20 entries", us.list(asked), Sample{tokens(listed)}},
		{"a month's count by actor", call{"count_audit_logs", map[string]any{"from": "30d", "group_by": []string{"actor"}}}, nil},
		{"a person's month", call{"get_actor_activity", map[string]any{"from": "30d", "actor": asked.person}}, nil},
		{"what stands out of a fortnight", call{"find_suspicious_activity", map[string]any{"from": "14d", "min_severity": "medium"}}, nil},
	} {
		text, err := ourSession.ask(ctx, of.call)
		if err != nil {
			return err
		}
		b.add(Row{of.what + ", tokens", Count, Sample{tokens(text)}, of.their, of.call.Name})
	}
	return nil
}

func readOf(list json.RawMessage) (float64, error) {
	var result struct{ Tools []definition }
	if err := json.Unmarshal(list, &result); err != nil {
		return 0, err
	}
	total := 0.0
	for _, tool := range result.Tools {
		text, err := json.Marshal(tool)
		if err != nil {
			return 0, err
		}
		total += tokens(string(text))
	}
	return total, nil
}

// compile measures how long `go run` takes on a machine that never compiled any of it.
func (b *bench) compile(ctx context.Context) error {
	cache := filepath.Join(b.work, "go-build")
	command := exec.CommandContext(ctx, "go", "run", ".", "--version")
	command.Env = append(os.Environ(), "GOCACHE="+cache)
	command.Stderr = os.Stderr
	began := time.Now()
	if err := command.Run(); err != nil {
		return fmt.Errorf("go run: %w", err)
	}
	took := time.Since(began).Seconds()
	b.add(Row{"cold go run", Seconds, Sample{took}, nil, "go run . --version with an empty build cache, modules at hand, once"})
	b.bound(Bound{"cold go run", Seconds, 100, took})
	return nil
}
