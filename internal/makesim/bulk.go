package makesim

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// BulkOptions say what [Bulk] makes.
type BulkOptions struct {
	OrganizationID int64
	Count          int
	// From (inclusive) and To (exclusive) bound the instants.
	From, To time.Time
	// BurstSize of the entries fall into one whole second amid the window.
	BurstSize int
	Seed      uint64
	// Teams, Actors and Events to draw from; nil: no team, twenty made-up actors, three kinds of event.
	Teams  []int64
	Actors []Actor
	Events []string
}

// Bulk makes entries in numbers, spread over a window at random, in no order. All of them can be seen from o.To on. The same options make
// the same entries.
func Bulk(o BulkOptions) []Entry {
	if o.Actors == nil {
		for i := range int64(20) {
			o.Actors = append(o.Actors, Actor{ID: 900 + i, Name: fmt.Sprintf("Actor %d", i), Email: fmt.Sprintf("actor%d@example.com", i)})
		}
	}
	if o.Events == nil {
		o.Events = []string{"scenario_updated", "webhook_created", "connection_deleted"}
	}
	random := rand.New(rand.NewPCG(o.Seed, uint64(o.OrganizationID)))
	milliseconds := max(o.To.Sub(o.From).Milliseconds(), 1)
	burst := o.From.Add(o.To.Sub(o.From) / 2).Truncate(time.Second)
	entries := make([]Entry, o.Count)
	for i := range entries {
		at := o.From.Add(time.Duration(random.Int64N(milliseconds)) * time.Millisecond)
		if i < o.BurstSize {
			at = burst
		}
		written := at.Add(time.Duration(random.IntN(3000)) * time.Millisecond)
		if written.After(o.To) { // so that a window up to now holds all of them
			written = o.To
		}
		actor := o.Actors[random.IntN(len(o.Actors))]
		entries[i] = Entry{
			UUID:           randomUUID(random),
			CreatedAt:      written,
			TriggeredAt:    at,
			OrganizationID: o.OrganizationID,
			Event:          o.Events[random.IntN(len(o.Events))],
			Actor:          &actor,
			TargetID:       strconv.Itoa(3000 + random.IntN(500)),
		}
		if len(o.Teams) > 0 {
			entries[i].TeamID = o.Teams[random.IntN(len(o.Teams))]
		}
	}
	random.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	return entries
}

func randomUUID(random *rand.Rand) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], random.Uint64())
	binary.BigEndian.PutUint64(b[8:], random.Uint64())
	return formatUUID(b)
}
