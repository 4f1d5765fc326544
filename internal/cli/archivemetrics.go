package cli

import (
	"context"
	"math"
	"sync"
	"time"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/postgres"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/makeapi"
)

// surveyor tells of an archive what was known of it lately: whoever reads metrics neither waits for its store nor keeps it busy.
type surveyor struct {
	archive  *archive.Archive
	detector *detect.Detector
	now      func() time.Time // by Make's clock
	// instance is that of Make whose logs are looked at; empty for all.
	instance string
	// fills reports whether this process keeps a log filled; nil where it fills none.
	fills func(auditlog.ID) bool

	mu    sync.Mutex
	asked time.Time
	done  chan struct{} // closed when the survey under way is done; nil while there is none
	last  *archive.Survey
	err   error
}

const (
	// surveyFor is how long a survey is believed to be the latest, surveyWait how long who asks for one waits, surveyTimeout how long it
	// may take.
	surveyFor     = 5 * time.Second
	surveyWait    = time.Second
	surveyTimeout = 5 * time.Second
)

// latest is the last survey, nil before the first; err is why the last attempt failed.
func (s *surveyor) latest() (last *archive.Survey, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done == nil && time.Since(s.asked) >= surveyFor {
		done := make(chan struct{})
		s.done, s.asked = done, time.Now()
		go s.survey(done)
		s.mu.Unlock()
		select { // only who had it begun waits
		case <-done:
		case <-time.After(surveyWait):
		}
		s.mu.Lock()
	}
	return s.last, s.err
}

func (s *surveyor) survey(done chan struct{}) {
	defer close(done)
	ctx, cancel := context.WithTimeout(context.Background(), surveyTimeout)
	defer cancel()
	survey, err := s.archive.Survey(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done, s.err = nil, err
	if err == nil {
		s.last = survey
	}
}

// unknown leaves a metric out.
func unknown() float64 { return math.NaN() }

// of reads a number of the last survey.
func (s *surveyor) of(read func(*archive.Survey) float64) func() float64 {
	return func() float64 {
		if last, _ := s.latest(); last != nil {
			return read(last)
		}
		return unknown()
	}
}

// isReadable is 1 if the last survey succeeded.
func (s *surveyor) isReadable() float64 {
	last, err := s.latest()
	switch {
	case err != nil:
		return 0
	case last == nil:
		return unknown()
	}
	return 1
}

func entriesOf(survey *archive.Survey) (sum float64) {
	for i := range survey.Logs {
		sum += float64(survey.Logs[i].Entries)
	}
	return sum
}

// watched are the logs that this process fills, or where it fills none, all of its instance of Make.
func (s *surveyor) watched(survey *archive.Survey) (logs []*archive.SurveyedLog) {
	for i := range survey.Logs {
		log := &survey.Logs[i]
		if s.instance != "" && log.Instance != s.instance || s.fills != nil && !s.fills(auditlog.ID(log.Organization)) {
			continue
		}
		logs = append(logs, log)
	}
	return logs
}

// lag is by how much the log that is furthest behind is behind Make.
func (s *surveyor) lag(survey *archive.Survey) float64 {
	most := unknown()
	for _, log := range s.watched(survey) {
		since := log.AsOf
		if since.IsZero() {
			since = log.Since
		}
		if since.IsZero() {
			continue
		}
		if age := max(0, s.now().Sub(since).Seconds()); math.IsNaN(most) || age > most {
			most = age
		}
	}
	return most
}

// lull is that which comes nearest to its limit, or goes furthest beyond it, and how many go beyond.
func (s *surveyor) lull(survey *archive.Survey) (told lull, beyond int) {
	for _, log := range s.watched(survey) {
		one := lullOf(s.detector, log)
		if one.limit == 0 {
			continue
		}
		if one.stands() {
			beyond++
		}
		if told.limit == 0 || float64(one.lasts)/float64(one.limit) > float64(told.lasts)/float64(told.limit) {
			told = one
		}
	}
	return told, beyond
}

func (s *surveyor) lullLasts(survey *archive.Survey) float64 {
	if told, _ := s.lull(survey); told.limit > 0 {
		return told.lasts.Seconds()
	}
	return unknown()
}

func (s *surveyor) lullLimit(survey *archive.Survey) float64 {
	if told, _ := s.lull(survey); told.limit > 0 {
		return told.limit.Seconds()
	}
	return unknown()
}

func (s *surveyor) lulls(survey *archive.Survey) float64 {
	_, beyond := s.lull(survey)
	return float64(beyond)
}

// measureArchive has the archive measured.
func (r *runtime) measureArchive(s *surveyor) {
	t := r.telemetry
	t.Gauge("archive_readable", "1 if the archive's store answered when it was asked last, else 0.", s.isReadable)
	t.Gauge("archive_logs", "Logs in the archive, one for each organization of an instance of Make.",
		s.of(func(of *archive.Survey) float64 { return float64(len(of.Logs)) }))
	t.Gauge("archive_entries", "Entries in the archive, of all logs.", s.of(entriesOf))
	t.Gauge("archive_records", "Records in the archive, which are what its checkpoints count: entries, details and what was vouched for.",
		s.of(func(of *archive.Survey) float64 { return float64(of.Records) }))
	t.Gauge("archive_lag_seconds", "How far the archive is behind Make: the time since the last sync of the log that is furthest behind, of those "+
		"that this process fills, or of all where it fills none.", s.of(s.lag))
	t.Gauge("archive_lull_seconds", "Time for which nothing had been logged at the last sync, of the log for which that is longest beside "+
		"archive_lull_limit_seconds.", s.of(s.lullLasts))
	t.Gauge("archive_lull_limit_seconds", "How long that log may be without an entry, learned from its last 90 days.", s.of(s.lullLimit))
	t.Gauge("archive_lulls", "Logs without an entry for longer than that: logging may have failed, or nobody works.", s.of(s.lulls))
	r.measureMemory(s.archive)
	if store, is := s.archive.Store().(*postgres.Store); is {
		r.measureStore(store)
	}
}

// measureBudget has measured how the budget of calls to Make is shared.
func (r *runtime) measureBudget(budget *makeapi.Budget) {
	r.telemetry.Gauge("budget_replicas", "Processes that share the budget of calls to Make as far as is known, this one included.",
		func() float64 { return float64(budget.Sharing().Replicas) })
	r.telemetry.Gauge("budget_shared", "1 while what the budget is shared through answers, 0 while it does not and this process keeps to an "+
		"equal part; left out where the budget is this process's own.", func() float64 {
		switch sharing := budget.Sharing(); {
		case sharing.Own:
			return unknown()
		case sharing.Err != nil:
			return 0
		}
		return 1
	})
}

// measureMemory has what is held of the archive in memory measured.
func (r *runtime) measureMemory(stored *archive.Archive) {
	t := r.telemetry
	t.Gauge("archive_memory_bytes", "Bytes that are held of the archive in memory (--cache-memory bounds them).",
		func() float64 { return float64(stored.CacheStats().Bytes) })
	t.Gauge("archive_memory_limit_bytes", "Bytes that may be held of the archive in memory.",
		func() float64 { return float64(stored.CacheStats().Limit) })
	t.Gauge("archive_memory_logs", "Logs that are held in memory.", func() float64 { return float64(stored.CacheStats().Logs) })
	t.Count("archive_memory_hits_total", "Questions that found their log in memory.",
		func() float64 { return float64(stored.CacheStats().Hits) })
	t.Count("archive_memory_misses_total", "Questions that read their log into memory first.",
		func() float64 { return float64(stored.CacheStats().Misses) })
	t.Count("archive_memory_pushdowns_total", "Questions that were left to the store, since their log does not fit into memory.",
		func() float64 { return float64(stored.CacheStats().PushedDown) })
	t.Count("archive_memory_evictions_total", "Logs that made room in memory for others.",
		func() float64 { return float64(stored.CacheStats().Evictions) })
}

// measureStore has the store in PostgreSQL measured; nothing is asked of the server for it.
func (r *runtime) measureStore(store *postgres.Store) {
	t := r.telemetry
	t.Gauge("archive_lease_held", "1 while this process holds the lease to fill the archive.", func() float64 {
		if store.Stats().Term == 0 {
			return 0
		}
		return 1
	})
	t.Gauge("archive_lease_term", "Number of the lease that this process holds: the latest there is writes; left out while it holds none.",
		func() float64 {
			if term := store.Stats().Term; term > 0 {
				return float64(term)
			}
			return unknown()
		})
	t.Count("archive_lease_takeovers_total", "Leases to fill the archive that this process took from one that had let them run out, as one that "+
		"died does.", func() float64 { return float64(store.Stats().Takeovers) })
	t.Gauge("archive_connections_in_use", "Connections to PostgreSQL that are in use.", func() float64 { return float64(store.Stats().InUse) })
	t.Gauge("archive_connections_idle", "Connections to PostgreSQL that are open and idle.", func() float64 { return float64(store.Stats().Idle) })
	t.Gauge("archive_connections_limit", "Connections to PostgreSQL that this process opens at most (pool_max_conns).",
		func() float64 { return float64(store.Stats().Most) })
	t.Count("archive_connection_waits_total", "Times that somebody waited for a connection to PostgreSQL, or for one to be made.",
		func() float64 { return float64(store.Stats().Waited) })
	t.Count("archive_connection_failures_total", "Connections to PostgreSQL that could not be made.",
		func() float64 { return float64(store.Stats().Failed) })
}
