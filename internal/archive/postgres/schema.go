package postgres

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
)

// program marks a schema as an archive of this program, version is that of its tables; from oldestVersion on they can be brought up.
const (
	program       = "make-audit-mcp"
	oldestVersion = 1
	version       = 2
)

// table is one of a schema. All columns are NOT NULL and without defaults.
type table struct {
	name    string
	columns []string // "name type", the types as PostgreSQL spells them
	key     string
	indexes []index
	since   int32 // the version that brought it
}

type index struct {
	name, columns string
	isUnique      bool
	since         int32 // as a table's
}

// schema is all that an archive of this version has. A later version adds to what an earlier one has, so that what makes an archive also
// brings an older one up. Where rows are of a log, keys begin with it, so that engines that spread tables over
// machines can go by it. Texts and what has no bound are bytes; where they must be unique, their SHA-256 is, since keys have a bound.
//
//   - records: what Make sent, in the order it was stored. Rows are only ever added; leaf counts from 0 without gaps over all logs. hash is
//     the RFC 9162 leaf hash, raw is compressed.
//   - entries: what entries are asked for by. id is the leaf of the record that brought it, record of the one that shows it now, details of
//     the one with its details or 0; at is triggeredAt in microseconds since 1970; actor, team and target are 0 for none.
//   - words: what entries refer to, by dictionary. names: what objects were called, by details.
//   - logs: one organization's log on one instance of Make each. archive: one row, with the head that signs everything.
//   - leases: who may write. checkpoints: signed ones that are kept. budget: what processes that share one keep there (see Change).
func schema() []table {
	return []table{
		{
			name:    "leases",
			columns: []string{"name text", "term bigint", "holder text", "until timestamp with time zone"},
			key:     "name",
		},
		{
			name:    "records",
			columns: []string{"log bigint", "leaf bigint", "kind integer", "hash bytea", "raw bytea"},
			key:     "log, leaf",
			indexes: []index{{name: "records_by_leaf", columns: "leaf"}},
		},
		{
			name: "entries",
			columns: []string{"log bigint", "id bigint", "key bytea", "at bigint", "event integer", "actor integer", "team integer",
				"target integer", "record bigint", "details bigint"},
			key: "log, id",
			indexes: []index{{name: "entries_by_key", columns: "log, key", isUnique: true},
				{name: "entries_by_time", columns: "log, at", since: 2}},
		},
		{
			name:    "words",
			columns: []string{"dictionary integer", "id integer", "sum bytea", "first bytea", "second bytea", "third bytea"},
			key:     "dictionary, id",
			indexes: []index{{name: "words_by_sum", columns: "dictionary, sum", isUnique: true}},
		},
		{
			name:    "names",
			columns: []string{"log bigint", "sum bytea", "target integer", "object bytea", "name bytea", "record bigint"},
			key:     "log, sum",
		},
		{
			name:    "logs",
			columns: []string{"id bigint", "instance bytea", "organization bytea", "state bytea", "known bytea"},
			key:     "id",
			indexes: []index{{name: "logs_by_organization", columns: "instance, organization", isUnique: true}},
		},
		{
			name:    "checkpoints",
			columns: []string{"size bigint", "note bytea"},
			key:     "size",
		},
		{
			name:    "budget",
			columns: []string{"name bytea", "value bytea"},
			key:     "name",
			since:   2,
		},
		{ // the last, since what has it is whole
			name:    "archive",
			columns: []string{"key integer", "program text", "version integer", "world bytea", "id text", "head bytea"},
			key:     "key",
		},
	}
}

// creating are the statements that make the tables, each of which does nothing if it was run before.
func creating() (statements []string) {
	for _, t := range schema() {
		statements = append(statements, fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (%s NOT NULL, PRIMARY KEY (%s))", t.name,
			strings.Join(t.columns, " NOT NULL, "), t.key))
		for _, i := range t.indexes {
			unique := ""
			if i.isUnique {
				unique = "UNIQUE "
			}
			statements = append(statements, fmt.Sprintf("CREATE %sINDEX IF NOT EXISTS %s ON %s (%s)", unique, i.name, t.name, i.columns))
		}
	}
	return statements
}

// described is the schema of a version as findObjects lists it.
func described(of int32) (objects []string) {
	for _, t := range schema() {
		if t.since > of {
			continue
		}
		objects = append(objects, "table "+t.name, "unique index "+t.name+"_pkey on "+t.name)
		for _, column := range t.columns {
			objects = append(objects, "column "+t.name+"."+column+" NOT NULL")
		}
		for _, i := range t.indexes {
			if i.since > of {
				continue
			}
			kind := "index "
			if i.isUnique {
				kind = "unique index "
			}
			objects = append(objects, kind+i.name+" on "+t.name)
		}
	}
	return objects
}

// findObjects lists what is in a schema, one line each. What can act by itself, or shows other rows than there are, is spelled so that
// nothing expects it.
const findObjects = `WITH ours AS (
	SELECT c.oid, c.relname::text AS name, c.relkind::text AS kind, c.relrowsecurity
	FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1
)
SELECT CASE kind WHEN 'r' THEN 'table ' WHEN 'p' THEN 'table ' WHEN 'v' THEN 'view ' WHEN 'S' THEN 'sequence '
	ELSE 'object of kind ' || kind || ' ' END || name || CASE WHEN relrowsecurity THEN ' with row security' ELSE '' END AS found
FROM ours WHERE kind NOT IN ('i', 'I', 't')
UNION ALL
SELECT 'column ' || o.name || '.' || a.attname::text || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod)
	|| CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END || CASE WHEN a.atthasdef THEN ' with a default' ELSE '' END
FROM ours o JOIN pg_catalog.pg_attribute a ON a.attrelid = o.oid
WHERE o.kind NOT IN ('i', 'I', 't') AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT CASE WHEN x.indisunique THEN 'unique index ' ELSE 'index ' END || i.relname::text || ' on ' || o.name
	|| CASE WHEN x.indexprs IS NULL AND x.indpred IS NULL THEN '' ELSE ' with an expression' END
FROM ours o JOIN pg_catalog.pg_index x ON x.indrelid = o.oid JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid WHERE o.kind <> 't'
UNION ALL
SELECT 'trigger ' || t.tgname::text || ' on ' || o.name FROM ours o JOIN pg_catalog.pg_trigger t ON t.tgrelid = o.oid
WHERE NOT t.tgisinternal
UNION ALL
SELECT 'rule ' || r.rulename::text || ' on ' || o.name FROM ours o JOIN pg_catalog.pg_rewrite r ON r.ev_class = o.oid
UNION ALL
SELECT 'constraint ' || k.conname::text || ' on ' || o.name FROM ours o JOIN pg_catalog.pg_constraint k ON k.conrelid = o.oid
WHERE k.contype NOT IN ('p', 'u', 'n')
UNION ALL
SELECT 'child of ' || o.name FROM ours o JOIN pg_catalog.pg_inherits h ON h.inhparent = o.oid WHERE o.kind NOT IN ('i', 'I')
ORDER BY found LIMIT $2`

// objects lists what is in the schema.
func (r reads) objects(ctx context.Context) ([]string, error) {
	return all(each(ctx, r, func(text *string, row values) { *text = row.text(0) }, findObjects, r.store.schema,
		len(described(version))+20))
}

// foreign returns, as an error, what is in the schema that this program did not make, such as triggers and views, and what is missing.
func (r reads) foreign(ctx context.Context) error {
	found, err := r.objects(ctx)
	if err != nil {
		return err
	}
	return r.store.compare(found, version)
}

// compare holds what was found against what an archive of a version must have; what later ones add may be there in part.
func (s *Store) compare(found []string, of int32) error {
	known := described(version)
	for _, object := range found {
		if !slices.Contains(known, object) {
			return s.refuse(fmt.Sprintf("its schema has a %s that this program did not make so", auditlog.Text(object).Quote()), nextRestore, nil)
		}
	}
	for _, object := range described(of) {
		if !slices.Contains(found, object) {
			return s.refuse("its schema lacks the "+object, nextRestore, nil)
		}
	}
	return nil
}

// prepare checks what the schema is, makes an archive of one that is not there, and brings an older one up.
func (s *Store) prepare(ctx context.Context) error {
	is, err := s.identity(ctx)
	if err == nil && s.options.Create && (is == nil || is.isOlder()) {
		if err = s.bringUp(ctx, is); err == nil {
			is, err = s.identity(ctx)
		}
	}
	switch {
	case err != nil:
		return s.explain(ctx, "opening it", err)
	case is == nil:
		return s.refuse("it is empty", "fill it with make-audit-mcp sync", nil)
	case is.program != program:
		return s.refuse("it is a database of another program", "name another database, or another schema of it by search_path=NAME", nil)
	case is.version > version:
		return s.refuse(fmt.Sprintf("it is of version %d, and this program knows up to %d", is.version, version),
			"use the newer program that wrote it", nil)
	case is.isOlder():
		return s.older(is.version, "it is only read here, so it stays so", nil)
	case is.version < oldestVersion:
		return s.refuse(fmt.Sprintf("its version %d cannot be", is.version), nextRestore, nil)
	}
	if err := s.foreign(ctx); err != nil {
		return err
	}
	if is.world != s.options.World {
		return &archive.WorldError{Store: s.name, Holds: is.world, Wanted: s.options.World}
	}
	s.id = is.id
	return nil
}

// identity is what an archive says of itself.
type identity struct {
	program, world, id string
	version            int32
}

// isOlder reports that it can be brought up to this version.
func (i *identity) isOlder() bool {
	return i.program == program && i.version >= oldestVersion && i.version < version
}

// older refuses an archive of an older version.
func (s *Store) older(found int32, why string, err error) error {
	return s.refuse(fmt.Sprintf("it is of version %d, and this program needs version %d: %s", found, version, why),
		"run make-audit-mcp sync of this program once as the role that made it, which brings it up, and then the statements of "+
			"docs/archive.md that grant rights; end programs of the older version", err)
}

// bringUp makes an archive, or makes an older one this version's. What is not the older one's is not touched.
func (s *Store) bringUp(ctx context.Context, is *identity) error {
	if is == nil {
		return s.migrate(ctx)
	}
	found, err := s.objects(ctx)
	if err == nil {
		err = s.compare(found, is.version)
	}
	if err == nil {
		err = s.migrate(ctx)
	}
	switch codeOf(err) {
	case noRight:
		return s.older(is.version, "this role may not bring it up", err)
	case readOnlyTransaction:
		return s.older(is.version, "it is read only here", err)
	}
	return err
}

// identity reads it; nil if there is nothing, or something that somebody is making.
func (s *Store) identity(ctx context.Context) (*identity, error) {
	usable, err := all(each(ctx, s.reads, func(is *bool, row values) { *is = row.text(0) == "yes" },
		"SELECT CASE WHEN pg_catalog.has_schema_privilege(oid, 'USAGE') THEN 'yes' ELSE 'no' END FROM pg_catalog.pg_namespace "+
			"WHERE nspname = $1", s.schema))
	if err != nil || len(usable) == 0 {
		return nil, err
	}
	if !usable[0] {
		return nil, s.refuse("this role may not use its schema "+s.schema, nextRights, nil)
	}
	found, err := s.objects(ctx)
	if err != nil {
		return nil, err
	}
	isOurs := func(object string) bool { return slices.Contains(described(version), object) }
	if !slices.Contains(found, "table archive") {
		if i := slices.IndexFunc(found, func(object string) bool { return !isOurs(object) }); i >= 0 {
			return &identity{}, nil
		}
		return nil, nil
	}
	list, err := all(each(ctx, s.reads, func(is *identity, row values) {
		*is = identity{program: row.text(0), version: row.int32(1), world: row.text(2), id: row.text(3)}
	}, "SELECT program, version, world, id FROM archive WHERE key = 1"))
	switch {
	case codeOf(err) == noSuchColumn:
		return &identity{}, nil
	case err != nil || len(list) == 0:
		return nil, err
	}
	return &list[0], nil
}

// migrate makes what is missing, under a lease, so that processes that start together do not collide. Its statements can be run again: one
// that dies leaves to the next what is not done.
func (s *Store) migrate(ctx context.Context) error {
	// Two processes may do this at once, and one of them then fails.
	collides := func(err error) bool {
		return passes(err) || slices.Contains([]string{uniqueViolation, duplicateSchema, duplicateTable, duplicateObject}, codeOf(err))
	}
	leases := creating()[0]
	if err := s.persistWhile(ctx, collides, func() error {
		there, err := s.run(ctx, "SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1", s.schema)
		if err == nil && there == 0 { // asked, since IF NOT EXISTS takes the right to create schemas even where there is one
			_, err = s.run(ctx, "CREATE SCHEMA IF NOT EXISTS "+s.schema)
		}
		if err == nil {
			_, err = s.run(ctx, leases)
		}
		for _, name := range []string{leaseToMigrate, leaseToFill} {
			if err == nil {
				_, err = s.run(ctx, "INSERT INTO leases (name, term, holder, until) VALUES ($1, 0, '', TIMESTAMPTZ '2000-01-01 00:00:00Z') "+
					"ON CONFLICT DO NOTHING", name)
			}
		}
		return err
	}); err != nil {
		return err
	}
	for {
		held, err := s.acquire(ctx, leaseToMigrate)
		if err == nil {
			defer held.release()
			return s.create(ctx, held)
		}
		if !isA[*archive.BusyError](err) {
			return err
		}
		select { // another process makes them
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// create makes what is not there yet.
func (s *Store) create(ctx context.Context, held *lease) error {
	for _, statement := range creating() {
		if err := s.persist(ctx, func() error {
			_, err := s.run(ctx, statement)
			return err
		}); err != nil {
			return err
		}
	}
	return s.transact(ctx, func(of *connection) error {
		if err := held.prove(ctx, of); err != nil {
			return err
		}
		_, err := of.run(ctx, "INSERT INTO archive (key, program, version, world, id, head) VALUES (1, $1, $2, $3, $4, $5) "+
			"ON CONFLICT DO NOTHING", program, int32(version), []byte(s.options.World), cmp.Or(s.options.ID, rand.Text()), []byte{})
		if err == nil { // last, since what says that it is of a version has all that this has
			_, err = of.run(ctx, "UPDATE archive SET version = $1 WHERE key = 1 AND version < $1", int32(version))
		}
		return err
	})
}
