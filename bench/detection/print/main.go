// Command print evaluates the detector of this tree over generated organizations and prints the page about it.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"make-audit-mcp/bench/detection"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run prints the page of a half to out; of the tuning half it also says what went wrong, on notes.
func run(ctx context.Context, arguments []string, out, notes io.Writer) error {
	half := "heldout"
	if len(arguments) > 0 {
		half = arguments[0]
	}
	seeds := map[string][]uint64{"tuning": detection.TuningSeeds(), "heldout": detection.HeldOutSeeds()}[half]
	if seeds == nil || len(arguments) > 1 {
		return fmt.Errorf("want one half of the seeds, tuning or heldout, not %q; for example: scripts/detection tuning", arguments)
	}
	outcomes, err := detection.Evaluate(ctx, find, seeds)
	if err != nil {
		return err
	}
	if half == "tuning" {
		if err := detection.Mistakes(notes, outcomes); err != nil {
			return err
		}
	}
	return detection.Report(out, half, outcomes)
}

// find asks internal/detect about each actor of a world.
func find(_ context.Context, world *detection.World) ([]detection.Finding, error) {
	records := map[auditlog.ID]*detect.Record{}
	var actors []auditlog.ID
	for _, entry := range world.Entries {
		record := records[entry.ActorID()]
		if record == nil {
			record = &detect.Record{Actor: entry.Actor, Location: world.Window.Location, Own: world.Zone(entry.ActorID()),
				Catalog: &world.Catalog}
			records[entry.ActorID()] = record
			actors = append(actors, entry.ActorID())
		}
		if world.Window.Contains(entry.TriggeredAt) {
			record.Entries = append(record.Entries, entry)
		} else {
			record.Baseline = append(record.Baseline, entry)
		}
	}
	levels := map[detect.Severity]detection.Level{detect.SeverityLow: detection.LevelLow, detect.SeverityMedium: detection.LevelMedium,
		detect.SeverityHigh: detection.LevelHigh}
	var findings []detection.Finding
	for _, actor := range actors {
		for _, found := range records[actor].Assess().Findings {
			finding := detection.Finding{Rule: found.Rule, Severity: levels[found.Severity], Actor: actor,
				From: found.Evidence[len(found.Evidence)-1].TriggeredAt, To: found.Evidence[0].TriggeredAt}
			for _, entry := range found.Evidence {
				finding.Evidence = append(finding.Evidence, entry.UUID)
			}
			findings = append(findings, finding)
		}
	}
	return findings, nil
}
