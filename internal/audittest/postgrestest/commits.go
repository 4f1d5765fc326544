package postgrestest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Commits are the transactions that wrote to an archive, in the order in which they were committed, as the server's own log has them: by
// logical decoding, which no writer can lead astray.
type Commits struct {
	server *Server
	schema string
	slot   string
	// Terms are the holders of terms under which something was committed.
	Terms map[int64]string
	last  int64 // term
	// records counts those that were committed.
	records int64
}

// Decoding is the setting of a server whose commits can be followed.
const Decoding = "wal_level=logical"

// Follow follows the commits to an archive in a schema that is still to be made, or after a failover those that come after what was
// followed on the server before; those between are not seen.
func (s *Server) Follow(t testing.TB, schema string, after *Commits) *Commits {
	t.Helper()
	c := &Commits{server: s, schema: schema, slot: "follows_" + schema, Terms: map[int64]string{}}
	if after != nil {
		c.last, c.records = after.last, anyRecord
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
	holder string
	leaves []int64
	head   bool
}

// RequireOneWriterATerm requires of all that was committed since it was last asked: each transaction proved a lease, a term had one
// holder, none wrote after a later one had, and records came one after the other, without a gap and none twice.
func (c *Commits) RequireOneWriterATerm(t testing.TB) {
	t.Helper()
	for _, w := range c.read(t) {
		if !w.head && len(w.leaves) == 0 {
			continue // a lease that was taken, renewed or released
		}
		require.NotZero(t, w.term, "transaction %s wrote without a lease", w.id)
		require.GreaterOrEqual(t, w.term, c.last, "transaction %s wrote under a term that another had followed", w.id)
		c.last = w.term
		if holder, known := c.Terms[w.term]; known {
			require.Equal(t, holder, w.holder, "two wrote under term %d", w.term)
		}
		c.Terms[w.term] = w.holder
		for _, leaf := range w.leaves {
			if c.records == anyRecord {
				c.records = leaf
			}
			require.Equal(t, c.records, leaf, "transaction %s wrote a record that was there, or left one out", w.id)
			c.records++
		}
	}
}

// read reads what was committed since it was last read.
func (c *Commits) read(t testing.TB) (all []*written) {
	t.Helper()
	table := func(name string) string { return fmt.Sprintf("data LIKE 'table %s.%s:%%'", c.schema, name) }
	lines := c.server.Query(t, "", "SELECT xid::text, left(data, 300) FROM pg_logical_slot_get_changes('"+c.slot+"', NULL, NULL) WHERE "+
		table("leases")+" OR "+table("records")+" OR "+table("archive"))
	lease := regexp.MustCompile(`: UPDATE: name\[text\]:'fill' term\[bigint\]:(\d+) holder\[text\]:'(\w*)'`)
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
			w.term, w.holder = number(found[1]), found[2]
		}
		if found := record.FindStringSubmatch(line[1]); found != nil {
			w.leaves = append(w.leaves, number(found[1]))
		}
		w.head = w.head || strings.Contains(line[1], ".archive: UPDATE: ")
	}
	return all
}
