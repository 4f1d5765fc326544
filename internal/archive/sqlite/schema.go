package sqlite

import "strings"

const (
	// applicationID marks the file as an archive of this program: "MAKa". Source:
	// https://sqlite.org/pragma.html#pragma_application_id
	applicationID = 0x4d414b61
	// version is that of the schema (PRAGMA user_version). Version 1 kept more columns, and versions 1 and 2 signed less.
	version = 3
)

// object is something in the file's schema, as SQLite lists it.
type object struct{ kind, name, table, sql string }

// String names it.
func (o object) String() string { return o.kind + " " + o.name }

// schema is all that a file of this version has. SQLite keeps the texts, and a file whose texts are others is refused: never change them
// within a version, not even in their comments. STRICT and CHECK have SQLite's own check of integrity find what cannot be in a column.
func schema() []object {
	table := func(name, sql string) object { return object{"table", name, name, "CREATE TABLE " + name + " " + sql} }
	auto := func(table string) object { return object{"index", "sqlite_autoindex_" + table + "_1", table, ""} }
	return []object{
		table("records", `(
	-- What Make sent, in the order it was stored. Rows are only ever added; leaf counts
	-- from 0 without gaps. hash is the RFC 9162 leaf hash.
	leaf INTEGER PRIMARY KEY,
	log  INTEGER NOT NULL,
	kind INTEGER NOT NULL, -- 1 entry, 2 details, 3 sync, 4 no details
	hash BLOB NOT NULL,
	raw  BLOB NOT NULL     -- deflate, with this program's dictionary, and a CRC-32
) STRICT`),
		table("meta", "(key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID"),
		table("checkpoints", "(size INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT"),
		table("logs", `(
	-- One organization's log on one instance of Make.
	id           INTEGER PRIMARY KEY,
	instance     TEXT NOT NULL,
	organization TEXT NOT NULL,
	state        BLOB NOT NULL,                 -- JSON: logState
	known        BLOB NOT NULL DEFAULT (x'7b7d'), -- JSON: directorySnapshot
	UNIQUE (instance, organization)
) STRICT`),
		auto("logs"),
		table("entries", `(
	-- What entries are asked for by. id is the leaf of the record that brought it, record
	-- of the one that shows it now, details of the one with its details, if any.
	id      INTEGER PRIMARY KEY,
	log     INTEGER NOT NULL,
	key     ANY NOT NULL,     -- the uuid's 16 bytes; text where it has another form or none
	at      INTEGER NOT NULL, -- triggeredAt, microseconds since 1970
	event   INTEGER NOT NULL CHECK (event BETWEEN 1 AND 2147483647),
	actor   INTEGER CHECK (actor BETWEEN 1 AND 2147483647),
	team    INTEGER CHECK (team BETWEEN 1 AND 2147483647),
	target  INTEGER CHECK (target BETWEEN 1 AND 2147483647),
	record  INTEGER NOT NULL,
	details INTEGER
) STRICT`),
		{"index", "entries_by_key", "entries", "CREATE UNIQUE INDEX entries_by_key ON entries (log, key)"},
		table("events", "(id INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 2147483647), value TEXT NOT NULL UNIQUE) STRICT"),
		auto("events"),
		table("targets", "(id INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 2147483647), value TEXT NOT NULL UNIQUE) STRICT"),
		auto("targets"),
		table("refs", "(id INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 2147483647), ref TEXT NOT NULL, name TEXT NOT NULL, "+
			"UNIQUE (ref, name)) STRICT"),
		auto("refs"),
		table("actors", "(id INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 2147483647), actor TEXT NOT NULL, name TEXT NOT NULL, "+
			"email TEXT NOT NULL, UNIQUE (actor, name, email)) STRICT"),
		auto("actors"),
		table("names", `(
	-- What objects were called, by details.
	log    INTEGER NOT NULL,
	target INTEGER NOT NULL CHECK (target BETWEEN 1 AND 2147483647),
	object TEXT NOT NULL, -- the event without its verb: webhook
	name   TEXT NOT NULL,
	record INTEGER NOT NULL, -- the newest that says so
	PRIMARY KEY (log, target, object, name)
) STRICT, WITHOUT ROWID`),
	}
}

// creating are the statements that make the schema.
func creating() string {
	var text strings.Builder
	for _, o := range schema() {
		if o.sql != "" {
			text.WriteString(o.sql + ";\n")
		}
	}
	return text.String()
}
