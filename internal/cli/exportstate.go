package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/export"
)

// exportState is how far an export came: what --since-checkpoint remembers.
type exportState struct {
	Organization auditlog.ID   `json:"organization"`
	Format       export.Format `json:"format"`
	// Position is the place in the archive; nil for an export from Make.
	Position *archive.Position `json:"position,omitempty"`
	// AsOf and Recent are, without an archive, the instant up to which Make was read,
	// and the entries written shortly before, which will be read again.
	AsOf   time.Time `json:"as_of,omitzero"`
	Recent []string  `json:"recent,omitempty"`
	// Output is the file that is continued, empty for standard output; Bytes is how
	// long it was.
	Output string `json:"output,omitempty"`
	Bytes  int64  `json:"bytes,omitempty"`
}

// exportOverlap is how long before the last export the next one reads again: entries
// show up some time after they were written.
const exportOverlap = 10 * time.Minute

// sinceCheckpoint exports what is new since the last time. How far it came is
// remembered only once everything is written.
func (e *exporting) sinceCheckpoint() (err error) {
	path := e.command.SinceCheckpoint
	state, err := e.loadState(path)
	if err != nil {
		return err
	}
	if err := tryFolder(path); err != nil {
		return err
	}
	isFirst := state == nil
	if isFirst {
		state = &exportState{Organization: e.question.Query.Organization.ID, Format: e.format, Output: e.command.Output}
	}
	file, err := e.continueOutput(state)
	if err != nil {
		return err
	}
	if file != nil {
		defer func() { err = errors.Join(err, file.Close()) }()
	}
	w, err := e.writer(!isFirst)
	if err != nil {
		return err
	}
	if e.reader() != nil {
		err = e.fromArchive(w, state)
	} else {
		err = e.fromMake(w, state, isFirst)
	}
	if flushErr := w.Flush(); err == nil {
		err = flushErr
	}
	if err != nil {
		return err
	}
	if file != nil {
		if err := file.Sync(); err != nil {
			return fmt.Errorf("writing the output: %w", err)
		}
		if state.Bytes, err = file.Seek(0, io.SeekEnd); err != nil {
			return fmt.Errorf("writing the output: %w", err)
		}
	}
	if err := saveState(path, state); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(e.runtime.streams.Err, "%d entries exported\n", e.written)
	return nil
}

// loadState reads what the last export remembered; nil if there was none.
func (e *exporting) loadState(path string) (*exportState, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the user names the file
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	state := &exportState{}
	if err == nil {
		err = json.Unmarshal(text, state)
	}
	var problem string
	switch {
	case err != nil:
		problem = "it cannot be read: " + err.Error()
	case state.Position == nil && state.AsOf.IsZero():
		problem = "it is not of an export"
	case state.Organization != e.question.Query.Organization.ID:
		problem = "it is about organization " + auditlog.Text(state.Organization).Clean()
	case state.Format != e.format:
		problem = "it is of an export as " + auditlog.Text(state.Format).Clean()
	case state.Output != e.command.Output:
		// Else another file would be cut to the length of that one.
		problem = "it is of an export to " + nameOfOutput(state.Output)
	case (state.Position != nil) != (e.reader() != nil):
		problem = "the last export was with an archive and this one is not, or the other way round"
	default:
		return state, nil
	}
	return nil, &SettingError{Problem: "--since-checkpoint " + auditlog.Text(path).Quote() + ": " + problem, Next: "name the file that this export wrote, or one that does not exist, to begin anew"}
}

func nameOfOutput(path string) string {
	if path == "" {
		return "standard output"
	}
	return auditlog.Text(path).Quote()
}

// tryFolder finds out whether the state can be remembered, before anything is
// exported: else all of it would be exported again the next time.
func tryFolder(path string) error {
	probe, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return &SettingError{Problem: "--since-checkpoint: it cannot be remembered how far the export comes: " + err.Error(), Next: "name a file in a folder that exists and may be written"}
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// saveState writes the state whole or not at all.
func saveState(path string, state *exportState) error {
	text, err := json.Marshal(state)
	if err != nil {
		return err
	}
	next, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("remembering how far the export came: %w", err)
	}
	_, err = next.Write(append(text, '\n'))
	if err = errors.Join(err, next.Sync(), next.Close()); err == nil {
		err = os.Rename(next.Name(), path)
	}
	if err != nil {
		_ = os.Remove(next.Name())
		return fmt.Errorf("remembering how far the export came: %w", err)
	}
	return nil
}

// continueOutput opens the file to go on with, cut to where the last export ended; nil
// for standard output.
func (e *exporting) continueOutput(state *exportState) (*os.File, error) {
	if e.command.Output == "" {
		return nil, nil
	}
	refuse := func(err error) (*os.File, error) {
		return nil, &SettingError{Problem: "the output cannot be continued: " + err.Error(), Next: "name the file that the last export wrote, or begin anew with another --since-checkpoint"}
	}
	file, err := os.OpenFile(e.command.Output, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return refuse(err)
	}
	info, err := file.Stat()
	if err == nil && info.Size() < state.Bytes {
		err = fmt.Errorf("it has %d bytes, and the last export left %d", info.Size(), state.Bytes)
	}
	if err == nil {
		err = file.Truncate(state.Bytes)
	}
	if err == nil {
		_, err = file.Seek(state.Bytes, io.SeekStart)
	}
	if err != nil {
		_ = file.Close()
		return refuse(err)
	}
	e.to = file
	return file, nil
}

// fromArchive exports what was stored since.
func (e *exporting) fromArchive(w *export.Writer, state *exportState) error {
	from := archive.Position{}
	if state.Position != nil {
		from = *state.Position
	}
	q := e.question.Query
	organization, err := e.upstream.service.ResolveOrganization(e.runtime.ctx, q.Organization.ID)
	if err != nil {
		return err
	}
	next, err := e.reader().Since(e.runtime.ctx, organization, from, func(entry *auditlog.Entry) error {
		if !e.wants(entry) {
			return nil
		}
		e.written++
		return w.Write(entry)
	})
	if err != nil {
		return err
	}
	state.Position = &next
	return nil
}

// wants tells whether an entry is to be exported: an end that was not asked for does
// not bound what comes.
func (e *exporting) wants(entry *auditlog.Entry) bool {
	q := e.question.Query
	if e.command.To != "" && !entry.TriggeredAt.Before(q.Window.To) {
		return false
	}
	if e.command.From != "all" && entry.TriggeredAt.Before(q.Window.From) {
		return false
	}
	return q.MatchesFilters(entry)
}

// fromMake exports what was written since.
func (e *exporting) fromMake(w *export.Writer, state *exportState, isFirst bool) error {
	ctx := e.runtime.ctx
	known := make(map[string]bool, len(state.Recent))
	for _, key := range state.Recent {
		known[key] = true
	}
	recent := map[string]time.Time{} // when they were written
	take := func(entry *auditlog.Entry) error {
		written := entry.CreatedAt
		if written.IsZero() {
			written = entry.TriggeredAt
		}
		recent[entry.Key()] = written
		// Pages bring older ones as well, which an export before had, and which the last
		// one need not have read.
		isOld := !isFirst && written.Before(state.AsOf.Add(-exportOverlap))
		if isOld || known[entry.Key()] || !e.wants(entry) {
			return nil
		}
		e.written++
		return w.Write(entry)
	}
	asOf := e.session().Now()
	if isFirst {
		report, err := e.first(take)
		if err != nil {
			return err
		}
		if !report.Exhausted {
			return &exitError{code: exitFailed, message: "not all of it could be read, so it is not remembered; run it again"}
		}
	} else {
		var failure error
		until, report, err := e.session().Written(ctx, e.question.Query.Organization, state.AsOf.Add(-exportOverlap), func(entry *auditlog.Entry) {
			if failure == nil {
				failure = take(entry)
			}
		})
		switch {
		case err != nil || failure != nil:
			return errors.Join(err, failure)
		case !report.Exhausted:
			return &exitError{code: exitFailed, message: "not all of it could be read, so it is not remembered; run it again"}
		}
		asOf = until
	}
	state.AsOf, state.Recent = asOf, nil
	for key, written := range recent {
		// As far back as the next export may reach, and some more for its slack.
		if !written.Before(asOf.Add(-2 * exportOverlap)) {
			state.Recent = append(state.Recent, key)
		}
	}
	return nil
}

// first reads everything that Make keeps, page of a bound after page.
func (e *exporting) first(take func(*auditlog.Entry) error) (auditlog.Report, error) {
	q := auditlog.Query{Organization: e.question.Query.Organization, Window: e.question.Query.Window}
	for count := -1; ; {
		before := count
		var failure error
		report, err := e.session().Read(e.runtime.ctx, q, func(entry *auditlog.Entry) bool {
			if failure = take(entry); failure != nil {
				return false
			}
			count++
			q.Resume = &auditlog.Resume{After: auditlog.Position{TriggeredAt: entry.TriggeredAt, UUID: entry.UUID}}
			return true
		})
		if err != nil || failure != nil || report.Exhausted || count == before {
			return report, errors.Join(err, failure)
		}
	}
}
