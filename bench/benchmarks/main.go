// Command benchmarks measures the product beside a plain OpenAPI-to-MCP wrapper, and prints a page about it. scripts/benchmarks makes what
// it needs, and starts it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
}

// size is how much is measured.
type size struct {
	starts, idles, listings, load, loadRounds, counts int
	archives                                          []int // entries of each
	firsts, questions, verifies, judgings             int
	compile                                           bool
}

func quick() size {
	return size{starts: 3, idles: 1, listings: 30, load: 60, loadRounds: 1, counts: 1, archives: []int{10_000}, firsts: 1, questions: 3,
		verifies: 1, judgings: 1}
}

func usual() size {
	return size{starts: 21, idles: 5, listings: 500, load: 300, loadRounds: 5, counts: 3, archives: []int{100_000}, firsts: 5,
		questions: 21, verifies: 3, judgings: 7}
}

func full() size {
	s := usual()
	s.starts, s.listings, s.loadRounds, s.counts, s.compile = 51, 2000, 11, 5, true
	s.archives = append(s.archives, 1_000_000)
	return s
}

// bench is a run.
type bench struct {
	binary, makeBinary, wrapperFolder string
	work                              string // a folder for what is made
	size                              size
	questions                         *questions
	page                              Page
}

func (b *bench) add(rows ...Row) { b.page.Rows = append(b.page.Rows, rows...) }

func (b *bench) bound(bound Bound) { b.page.Bounds = append(b.page.Bounds, bound) }

// run measures, prints the page to out, and says on notes what it is at.
func run(ctx context.Context, arguments []string, out, notes io.Writer) error {
	b := &bench{}
	flags := flag.NewFlagSet("benchmarks", flag.ContinueOnError)
	flags.SetOutput(notes)
	flags.StringVar(&b.binary, "binary", "", "the stripped binary")
	flags.StringVar(&b.makeBinary, "make", "", "bench/make's")
	flags.StringVar(&b.wrapperFolder, "wrapper", "", "where the wrapper is installed")
	isQuick := flags.Bool("quick", false, "a minute: to see that all of it runs, not to go by")
	isFull := flags.Bool("full", false, "longer: a million entries, and compiling from nothing")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if b.binary == "" || b.makeBinary == "" || b.wrapperFolder == "" || *isQuick && *isFull || flags.NArg() > 0 {
		return errors.New("want --binary, --make and --wrapper, and at most one of --quick and --full; scripts/benchmarks knows the former: " +
			"for example scripts/benchmarks --quick")
	}
	b.size, b.page.Command = usual(), "scripts/benchmarks"
	switch {
	case *isQuick:
		b.size, b.page.Command = quick(), b.page.Command+" --quick"
	case *isFull:
		b.size, b.page.Command = full(), b.page.Command+" --full"
	}
	if err := b.measure(ctx, notes); err != nil {
		return err
	}
	return b.page.Write(out)
}

func (b *bench) measure(ctx context.Context, notes io.Writer) (err error) {
	b.page.Date = time.Now().UTC().Format(time.DateOnly)
	if b.page.Commit, err = commit(ctx); err != nil {
		return err
	}
	if b.page.Facts, err = facts(ctx, b); err != nil {
		return err
	}
	if b.work, err = os.MkdirTemp("", "benchmarks"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.work)) }()
	u, err := startUpstream(ctx, b.makeBinary)
	if err != nil {
		return err
	}
	defer u.stop()
	if b.questions, err = newQuestions(ctx, u); err != nil {
		return err
	}
	at := func(measure func(context.Context, *upstream) error) func(context.Context) error {
		return func(ctx context.Context) error { return measure(ctx, u) }
	}
	parts := []part{{"sizes", b.sizes}, {"cold start", at(b.coldStart)}, {"latency", at(b.latency)}, {"throughput", at(b.throughput)},
		{"tokens", at(b.tokens)}, {"counting", b.counting}}
	for _, entries := range b.size.archives {
		archived := func(ctx context.Context) error { return b.archived(ctx, entries) }
		parts = append(parts, part{"archive of " + grouped(float64(entries)), archived})
	}
	parts = append(parts, part{"detection", b.judging})
	if b.size.compile {
		parts = append(parts, part{"compiling", b.compile})
	}
	for _, part := range parts {
		began := time.Now()
		if err := part.measure(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		if _, err := fmt.Fprintf(notes, "%s: %s\n", part.name, time.Since(began).Round(time.Second/10)); err != nil {
			return err
		}
	}
	return nil
}

// part is what is measured together.
type part struct {
	name    string
	measure func(context.Context) error
}
