package postgrestest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Commits are the transactions that wrote to an archive, in the order in which they were committed, and who committed them: by what the
// server itself has logged, whatever the writers believed. Each process needs a name of its own (application_name).
type Commits struct {
	server *Server
	schema string
	slot   string
	// Writers are those who were granted a term and committed something under it.
	Writers map[int64]string

	granted map[int64]string // whom each term was granted
	last    int64            // term that something was committed under
	records int64            // that were committed
	named   map[string]string
	read    int // of the log
}

// Followed are the settings of a server whose commits can be followed.
func Followed() []string {
	return []string{"wal_level=logical", "log_min_duration_statement=0", "log_parameter_max_length=0", "log_line_prefix=xid=%x by=%a "}
}

// Follow follows the commits to an archive in a schema that is still to be made, or after a failover those that come after what was
// followed on the server before; those between are not seen.
func (s *Server) Follow(t testing.TB, schema string, after *Commits) *Commits {
	t.Helper()
	c := &Commits{server: s, schema: schema, slot: "follows_" + schema, Writers: map[int64]string{}, granted: map[int64]string{},
		named: map[string]string{}}
	if after != nil {
		c.last, c.records, c.granted = after.last, anyRecord, after.granted
	}
	s.Query(t, "", "SELECT lsn::text FROM pg_create_logical_replication_slot('"+c.slot+"', 'test_decoding')")
	return c
}

// anyRecord may be the next one.
const anyRecord = -1

// End lets the server forget what was not looked at.
func (c *Commits) End(t testing.TB) {
	t.Helper()
	c.server.Query(t, "", "SELECT pg_drop_replication_slot('"+c.slot+"')::text")
}

// written is what a transaction wrote.
type written struct {
	id     string
	term   int64
	leaves []int64
	head   bool
}

// RequireOneWriterATerm requires of all that was committed since it was last asked: what was written was written under a term by whom it
// was granted, none after somebody wrote under a later one, and records came one after the other, without a gap and none twice.
func (c *Commits) RequireOneWriterATerm(t testing.TB) {
	t.Helper()
	all := c.decode(t)
	c.name(t)
	for _, w := range all {
		by := c.named[w.id] // empty is the test itself
		if w.term > 0 && c.granted[w.term] == "" {
			c.granted[w.term] = by // it is the first that knows of the term
		}
		if !w.head && len(w.leaves) == 0 {
			continue // a lease that was taken, renewed or released
		}
		require.NotEmpty(t, by, "nobody is known to have committed transaction %s", w.id)
		require.NotZero(t, w.term, "%s wrote transaction %s without a lease", by, w.id)
		require.GreaterOrEqual(t, w.term, c.last, "%s wrote transaction %s under a term that another had followed", by, w.id)
		require.Equal(t, c.granted[w.term], by, "who wrote transaction %s under term %d is not whom it was granted", w.id, w.term)
		c.last = w.term
		c.Writers[w.term] = by
		for _, leaf := range w.leaves {
			if c.records == anyRecord {
				c.records = leaf
			}
			require.Equal(t, c.records, leaf, "%s wrote a record in transaction %s that was there, or left one out", by, w.id)
			c.records++
		}
	}
}

// decode reads what was committed since it was last read, by logical decoding.
func (c *Commits) decode(t testing.TB) (all []*written) {
	t.Helper()
	table := func(name string) string { return fmt.Sprintf("data LIKE 'table %s.%s:%%'", c.schema, name) }
	lines := c.server.Query(t, "", "SELECT xid::text, left(data, 300) FROM pg_logical_slot_get_changes('"+c.slot+"', NULL, NULL) WHERE "+
		table("leases")+" OR "+table("records")+" OR "+table("archive"))
	lease := regexp.MustCompile(`: UPDATE: name\[text\]:'fill' term\[bigint\]:(\d+) holder`)
	record := regexp.MustCompile(`\.records: INSERT: log\[bigint\]:\d+ leaf\[bigint\]:(\d+) `)
	number := func(text string) int64 {
		n, err := strconv.ParseInt(text, 10, 64)
		require.NoError(t, err)
		return n
	}
	for _, line := range lines {
		if len(all) == 0 || all[len(all)-1].id != line[0] {
			all = append(all, &written{id: line[0]})
		}
		w := all[len(all)-1]
		if found := lease.FindStringSubmatch(line[1]); found != nil {
			w.term = number(found[1])
		}
		if found := record.FindStringSubmatch(line[1]); found != nil {
			w.leaves = append(w.leaves, number(found[1]))
		}
		w.head = w.head || strings.Contains(line[1], ".archive: UPDATE: ")
	}
	return all
}

// name reads of the server's log whose transactions are whose.
func (c *Commits) name(t testing.TB) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(c.server.Folder, "log"))
	require.NoError(t, err)
	for _, found := range regexp.MustCompile(`(?m)^xid=([1-9]\d*) by=(\S+) `).FindAllSubmatch(text[c.read:], -1) {
		c.named[string(found[1])] = string(found[2])
	}
	c.read = len(text)
}
