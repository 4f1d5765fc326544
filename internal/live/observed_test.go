package live_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
)

func TestActorsAndEventsOfEntriesReadAreRemembered(t *testing.T) {
	t.Parallel()
	entries := ladder(40, now().Add(-time.Minute), time.Minute)
	entries[7].Event, entries[9].Event, entries[11].Event = "webhook_deleted", "a_rare_one", "a_rare_one"
	reader := start(t, entries, makesim.Options{}).reader(adminKey, live.Options{})
	assert.Empty(t, reader.ObservedEvents(t.Context(), "77"))
	assert.Empty(t, reader.ObservedActors(t.Context(), "77"))
	readAll(t, reader, query(window(now().Add(-time.Hour), now())))
	assert.Equal(t, []auditlog.Text{"a_rare_one", "webhook_created", "webhook_deleted"}, reader.ObservedEvents(t.Context(), "77"))
	var actors []auditlog.ID
	for _, actor := range reader.ObservedActors(t.Context(), "77") {
		actors = append(actors, actor.ID)
	}
	assert.Equal(t, []auditlog.ID{"900", "901", "902"}, actors)
	assert.Empty(t, reader.ObservedEvents(t.Context(), "78"))
	assert.Empty(t, reader.ObservedActors(t.Context(), "78"))
}

func TestObservedEventsAreBounded(t *testing.T) {
	t.Parallel()
	entries := ladder(1200, now().Add(-time.Minute), time.Second)
	for i := range entries {
		entries[i].Event = fmt.Sprintf("event_%04d", i)
	}
	reader := start(t, entries, makesim.Options{}).reader(adminKey, live.Options{})
	readAll(t, reader, query(window(now().Add(-time.Hour), now())))
	assert.Len(t, reader.ObservedEvents(t.Context(), "77"), 1000)
	assert.True(t, slices.IsSorted(reader.ObservedEvents(t.Context(), "77")))
}
