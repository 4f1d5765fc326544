// Command make serves the demo's Make over HTTP on loopback, for what is measured beside the product: it prints the base URL and the token,
// one a line, and serves until its standard input ends. For each line there it prints how many requests came since the line before.
package main

import (
	"bufio"
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
	unlimited := flags.Bool("unlimited", false, "let any number of requests a minute through, instead of the demo's 1,000")
	latency := flags.Duration("latency", 0, "how long each answer takes at least, e.g. 20ms")
	entries := flags.Int("entries", 0, "a year's log of so many entries, spread at random, instead of the demo's")
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
	world := makesim.Demo(now(), 1, tz.Load)
	if *unlimited {
		world.Organizations[0].APILimit = 0
	}
	if *entries > 0 {
		world.Entries = bulk(world, now(), *entries)
	}
	simulated := makesim.New(world, makesim.Options{Now: now, Seed: 1, Latency: *latency})
	world.Entries = nil // the server has them
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	address, err := makesim.Listen(ctx, func() *makesim.Server { return simulated })
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "%s\n%s\n", address, makesim.DemoToken); err != nil {
		return err
	}
	asked := bufio.NewScanner(in)
	for asked.Scan() {
		count := len(simulated.Requests())
		simulated.ResetRequests()
		if _, err := fmt.Fprintln(out, count); err != nil {
			return err
		}
	}
	return asked.Err()
}

// bulk is a year's log of the demo's people, teams and events.
func bulk(world *makesim.World, now time.Time, count int) []makesim.Entry {
	options := makesim.BulkOptions{
		OrganizationID: makesim.DemoOrganizationID, Count: count, From: now.AddDate(0, 0, -360), To: now, Seed: 1, Teams: []int64{0},
	}
	for _, team := range world.Organizations[0].Teams {
		options.Teams = append(options.Teams, team.ID)
	}
	for _, user := range world.Users {
		options.Actors = append(options.Actors, makesim.Actor{ID: user.ID, Name: user.Name, Email: user.Email})
	}
	for _, category := range world.Events {
		for _, event := range category.Items {
			options.Events = append(options.Events, event.Value)
		}
	}
	return makesim.Bulk(options)
}
