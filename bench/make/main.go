// Command make serves the demo's Make over HTTP on loopback, for what is measured beside the product: it prints the base URL and the token,
// one a line, and serves until its standard input ends.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/tz"
)

func main() {
	if err := serve(context.Background(), os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "make:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("make", flag.ContinueOnError)
	at := flags.String("now", "", "the demo's clock stands still at this instant, RFC 3339; without, it goes on")
	if err := flags.Parse(args); err != nil {
		return err
	}
	now := time.Now
	if *at != "" {
		pinned, err := time.Parse(time.RFC3339, *at)
		if err != nil {
			return fmt.Errorf("-now: %w", err)
		}
		now = func() time.Time { return pinned }
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	address, err := makesim.New(makesim.Demo(now(), 1, tz.Load), makesim.Options{Now: now, Seed: 1}).Listen(ctx)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "%s\n%s\n", address, makesim.DemoToken); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, in)
	return err
}
