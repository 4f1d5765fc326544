package makesim

import (
	"crypto/sha256"
	"fmt"
	"time"
)

// AddEntries adds entries, at the end of the order that decides ties.
func (s *Server) AddEntries(entries ...Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	added := map[int64][]*record{}
	for _, e := range entries {
		s.added++
		if e.UUID == "" {
			e.UUID = inventUUID(s.options.Seed, s.added)
		}
		if e.CreatedAt.IsZero() {
			e.CreatedAt = e.TriggeredAt
		}
		e.CreatedAt = e.CreatedAt.UTC().Truncate(time.Millisecond)
		e.TriggeredAt = e.TriggeredAt.UTC().Truncate(time.Millisecond)
		r := &record{Entry: e, number: s.added}
		s.byUUID[e.UUID] = r
		added[e.OrganizationID] = append(added[e.OrganizationID], r)
	}
	for organization, records := range added {
		s.log(organization).insert(records)
	}
}

// RemoveEntries takes entries out, as if they had never been or had expired.
func (s *Server) RemoveEntries(uuids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	touched, removed := map[int64]bool{}, map[string]bool{}
	for _, uuid := range uuids {
		if r, ok := s.byUUID[uuid]; ok {
			touched[r.OrganizationID], removed[uuid] = true, true
			delete(s.byUUID, uuid)
		}
	}
	for organization := range touched {
		s.log(organization).remove(func(r *record) bool { return removed[r.UUID] })
	}
}

// Dump returns all entries of an organization that can be seen now, newest first, whatever the quirks: for counting on a path of one's own.
func (s *Server) Dump(organizationID int64) []Entry {
	now := s.options.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	records := s.visible(organizationID, now).newestFirst
	entries := make([]Entry, len(records))
	for i, r := range records {
		entries[i] = r.Entry
	}
	return entries
}

func (s *Server) log(organization int64) *organizationLog {
	log, ok := s.logs[organization]
	if !ok {
		log = &organizationLog{}
		s.logs[organization] = log
	}
	return log
}

func (s *Server) visible(organization int64, now time.Time) *view {
	var retention time.Duration
	if o := s.directory.organizations[organization]; o != nil {
		retention = time.Duration(o.AuditLogsDays) * 24 * time.Hour
	}
	return s.log(organization).visible(now, retention)
}

// inventUUID makes a version 4 uuid that depends on the seed and the number only.
func inventUUID(seed uint64, number int64) string {
	h := sha256.Sum256(fmt.Appendf(nil, "%d/%d", seed, number))
	return formatUUID([16]byte(h[:16]))
}

func formatUUID(b [16]byte) string {
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	const digits = "0123456789abcdef"
	out := make([]byte, 0, 36)
	for i, c := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			out = append(out, '-')
		}
		out = append(out, digits[c>>4], digits[c&0x0f])
	}
	return string(out)
}
