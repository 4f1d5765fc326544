package analysis

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"golang.org/x/sync/errgroup"

	"make-audit-mcp/internal/auditlog"
)

const (
	// detailsAtOnce is how many details are fetched side by side.
	detailsAtOnce = 4
	// maxFailuresTried is after how many failures, from the first entry on, the others are not asked for.
	maxFailuresTried = 2
)

// Details gets entries with their details side by side; for each uuid it returns the entry or why there is none, or both where the entry
// lacks its details. Where Make fails from the first on, as for a refused key, the rest is not asked for and has the same failure.
func (s *Service) Details(ctx context.Context, organization auditlog.ID, uuids []string) ([]*auditlog.Entry, []error) {
	entries, failures := make([]*auditlog.Entry, len(uuids)), make([]error, len(uuids))
	// One alone finds out which form of the path this instance knows, and whether it answers at all.
	first := 0
	for ; first < len(uuids); first++ {
		entries[first], failures[first] = s.Entries.Detail(ctx, organization, uuids[first])
		if !isUpstreams(failures[first]) {
			first++
			break
		}
		if first+1 == maxFailuresTried {
			for i := range failures[first:] {
				failures[first+i] = failures[first]
			}
			return entries, failures
		}
	}
	var group errgroup.Group
	group.SetLimit(detailsAtOnce)
	for i, uuid := range uuids[first:] {
		group.Go(func() (panicked error) {
			defer func() {
				if r := recover(); r != nil {
					panicked = fmt.Errorf("%v\n%s", r, debug.Stack())
				}
			}()
			entries[first+i], failures[first+i] = s.Entries.Detail(ctx, organization, uuid)
			return nil // each failure is kept with its uuid
		})
	}
	if panicked := group.Wait(); panicked != nil {
		panic(panicked) // where the caller recovers
	}
	return entries, failures
}

// isUpstreams reports whether a failure has nothing to do with the entry.
func isUpstreams(err error) bool {
	var missing *auditlog.NotFoundError
	var bare *auditlog.DetailsError
	return err != nil && !errors.As(err, &missing) && !errors.As(err, &bare)
}
