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

// find asks internal/detect about a world.
func find(ctx context.Context, world *detection.World) ([]detection.Finding, error) {
	detector, err := detect.New()
	if err != nil {
		return nil, err
	}
	report, err := detector.Find(ctx, &detect.Log{Entries: world.Entries, Window: world.Window, Baseline: world.Baseline,
		Catalog: &world.Catalog, Zone: world.Zone,
		Read: auditlog.Report{Endpoint: "organization", Coverage: auditlog.Coverage{From: world.Baseline.From, To: world.Window.To}}})
	if err != nil {
		return nil, err
	}
	levels := map[detect.Severity]detection.Level{detect.SeverityLow: detection.LevelLow, detect.SeverityMedium: detection.LevelMedium,
		detect.SeverityHigh: detection.LevelHigh, detect.SeverityCritical: detection.LevelCritical}
	var findings []detection.Finding
	for _, found := range report.Findings {
		finding := detection.Finding{Rule: found.Rule, Severity: levels[found.Severity], From: found.From, To: found.To}
		if found.Actor != nil {
			finding.Actor = found.Actor.ID
		}
		for _, entry := range found.Evidence {
			finding.Evidence = append(finding.Evidence, entry.UUID)
		}
		findings = append(findings, finding)
	}
	return findings, nil
}
