package main

import (
	"context"
	"fmt"
	"time"

	"make-audit-mcp/bench/detection"
	"make-audit-mcp/internal/detect"
)

// judging measures what finding incidents takes, without reading the log: 30 days against the 90 before.
func (b *bench) judging(ctx context.Context) error {
	detector, err := detect.New()
	if err != nil {
		return err
	}
	for _, seed := range []uint64{10, 18} { // of those for tuning: about 12,000 and 60,000 entries
		world, err := detection.Organization(seed)
		if err != nil {
			return err
		}
		log := &detect.Log{Entries: world.Entries, Window: world.Window, Baseline: world.Baseline, Catalog: &world.Catalog,
			Zone: world.Zone}
		samples, err := inTurn(1, b.size.judgings, func(int) (float64, error) {
			began := time.Now()
			_, err := detector.Find(ctx, log)
			return time.Since(began).Seconds(), err
		})
		if err != nil {
			return err
		}
		b.add(Row{"detection over " + grouped(float64(len(world.Entries))) + " entries", Seconds, samples[0], nil, fmt.Sprintf(
			"30 days against the 90 before, of a generated organization of %d people, in memory, %s", world.People, times(b.size.judgings))})
	}
	return nil
}
