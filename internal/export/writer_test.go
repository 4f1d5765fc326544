package export_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/export"
)

func TestFormatsAreReadByName(t *testing.T) {
	t.Parallel()
	for _, format := range export.Formats() {
		for _, name := range []string{string(format), strings.ToUpper(string(format)), " " + string(format) + "\n"} {
			parsed, err := export.ParseFormat(name)
			require.NoError(t, err)
			assert.Equal(t, format, parsed)
		}
	}
}

func TestUnknownFormatsAreRefusedWithThoseThatAreAccepted(t *testing.T) {
	t.Parallel()
	_, err := export.ParseFormat("xml" + bidi)
	assert.EqualError(t, err, `the format "xml" is not known; accepted are "ndjson", "csv", "ocsf", "ecs"`)

	_, err = export.NewWriter(io.Discard, "NDJSON", export.Options{})
	assert.ErrorContains(t, err, `"NDJSON" is not known`, "a Format is what ParseFormat made of a name")
}

func TestEntriesAreGatheredAndStreamThroughBeforeTheEnd(t *testing.T) {
	t.Parallel()
	for _, format := range export.Formats() {
		var sink bytes.Buffer
		w, err := export.NewWriter(&sink, format, export.Options{})
		require.NoError(t, err)
		require.NoError(t, w.Write(event("webhook_created")))
		assert.Zero(t, sink.Len(), format)
		require.NoError(t, w.Flush())
		flushed := sink.Len()
		assert.NotZero(t, flushed, format)
		for range 5_000 {
			require.NoError(t, w.Write(event("webhook_created")))
		}
		assert.Greater(t, sink.Len(), flushed, format)
	}
}

func TestWithoutEntriesThereIsOnlyTheHeader(t *testing.T) {
	t.Parallel()
	for _, format := range []export.Format{export.NDJSON, export.OCSF, export.ECS} {
		assert.Empty(t, written(t, format, options()))
	}
	assert.True(t, bytes.HasPrefix(written(t, export.CSV, options()), []byte("\ufeffuuid,triggered_at,created_at,")))
}

func TestAFailedSinkStaysFailed(t *testing.T) {
	t.Parallel()
	full := errors.New("no space left")
	for _, format := range export.Formats() {
		sink := &failing{after: 100_000, err: full}
		w, err := export.NewWriter(sink, format, options())
		require.NoError(t, err)
		for range 5_000 {
			if err = w.Write(event("webhook_created")); err != nil {
				break
			}
		}
		require.ErrorIs(t, err, full, format)
		assert.ErrorContains(t, err, "export as "+string(format))

		sink.err = nil // however well it is later
		assert.Equal(t, err, w.Write(event("webhook_created")))
		assert.Equal(t, err, w.Flush())
	}
}

func TestFlushTellsOfAFailedSink(t *testing.T) {
	t.Parallel()
	for _, format := range export.Formats() {
		w, err := export.NewWriter(&failing{err: io.ErrClosedPipe}, format, options())
		require.NoError(t, err)
		require.NoError(t, w.Write(event("webhook_created")))
		require.ErrorIs(t, w.Flush(), io.ErrClosedPipe, format)
		assert.ErrorIs(t, w.Write(event("webhook_created")), io.ErrClosedPipe)
	}
}

// failing fails with err after so many bytes.
type failing struct {
	after int
	err   error
}

func (f *failing) Write(data []byte) (int, error) {
	f.after -= len(data)
	if f.after < 0 && f.err != nil {
		return 0, f.err
	}
	return len(data), nil
}

func BenchmarkWrite(b *testing.B) {
	for _, format := range export.Formats() {
		b.Run(string(format), func(b *testing.B) {
			w, err := export.NewWriter(io.Discard, format, options())
			require.NoError(b, err)
			entry := entries()[0]
			for b.Loop() {
				require.NoError(b, w.Write(entry))
			}
		})
	}
}

func TestOptionsAddWhatEntriesDoNotSayOfTheirOrganization(t *testing.T) {
	t.Parallel()
	ours := map[string]any{"id": "1001", "name": "Northwind"}
	for _, c := range []struct {
		said *auditlog.Ref
		want map[string]any
	}{
		{nil, ours}, {&auditlog.Ref{}, ours}, {&auditlog.Ref{ID: "1001"}, ours},
		{&auditlog.Ref{ID: "1001", Name: "Its name then"}, map[string]any{"id": "1001", "name": "Its name then"}},
		{&auditlog.Ref{ID: "2"}, map[string]any{"id": "2"}},
	} {
		entry := event("webhook_created")
		entry.Organization = c.said
		assert.Equal(t, c.want, exported(t, export.ECS, entry)["organization"])
	}
}
