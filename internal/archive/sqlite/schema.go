package sqlite

// applicationID marks the file as an archive of this program: "MAKa". Source: https://sqlite.org/pragma.html#pragma_application_id
const applicationID = 0x4d414b61

// migrations bring a file from version to version; a file's version is how many it has seen (PRAGMA user_version). Those that were released
// never change, not even in their comments: SQLite keeps the text.
func migrations() []string {
	return []string{`
-- What Make sent, in the order it was stored. Rows are only ever added; leaf counts
-- from 0 without gaps. hash is the RFC 9162 leaf hash of what leafBytes makes of the row.
CREATE TABLE records (
	leaf INTEGER PRIMARY KEY,
	log  INTEGER NOT NULL,
	kind INTEGER NOT NULL, -- 1 entry, 2 details, 3 sync
	hash BLOB NOT NULL,
	raw  BLOB NOT NULL     -- deflate, with this package's dictionary, and a CRC-32
);
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, at INTEGER NOT NULL, note TEXT NOT NULL);

-- One organization's log on one instance of Make. Times are microseconds since 1970.
CREATE TABLE logs (
	id           INTEGER PRIMARY KEY,
	instance     TEXT NOT NULL,
	organization TEXT NOT NULL,
	state        TEXT NOT NULL,              -- JSON: logState
	known        TEXT NOT NULL DEFAULT '{}', -- JSON: known
	rewritten    INTEGER NOT NULL DEFAULT 0, -- how often stored entries changed
	UNIQUE (instance, organization)
);

-- Columns of entries. id is the leaf of the record that brought it, record of the
-- one that shows it now, details of the one with its details.
CREATE TABLE entries (
	id           INTEGER PRIMARY KEY,
	log          INTEGER NOT NULL,
	key          BLOB NOT NULL,   -- the uuid's 16 bytes; text where it has another form or none
	at           INTEGER NOT NULL, -- triggeredAt
	written      INTEGER,          -- createdAt
	organization INTEGER REFERENCES refs,
	event        INTEGER NOT NULL REFERENCES events,
	actor        INTEGER REFERENCES actors,
	team         INTEGER REFERENCES refs,
	target       INTEGER REFERENCES targets,
	version_from TEXT,
	version_to   TEXT,
	extra        TEXT,             -- JSON of the fields that this program does not know
	record       INTEGER NOT NULL,
	details      INTEGER
);
CREATE UNIQUE INDEX entries_by_key ON entries (log, key);

CREATE TABLE events (id INTEGER PRIMARY KEY, value TEXT NOT NULL UNIQUE);
CREATE TABLE targets (id INTEGER PRIMARY KEY, value TEXT NOT NULL UNIQUE);
CREATE TABLE refs (id INTEGER PRIMARY KEY, ref TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (ref, name));
CREATE TABLE actors (id INTEGER PRIMARY KEY, actor TEXT NOT NULL, name TEXT NOT NULL, email TEXT NOT NULL, UNIQUE (actor, name, email));

-- What objects were called, by details.
CREATE TABLE names (
	log    INTEGER NOT NULL,
	target INTEGER NOT NULL,
	object TEXT NOT NULL, -- the event without its verb: webhook
	name   TEXT NOT NULL,
	record INTEGER NOT NULL, -- the newest that says so
	PRIMARY KEY (log, target, object, name)
) WITHOUT ROWID;
`}
}
