// Package archive keeps a durable copy of audit logs, which outlives what Make keeps, answers without calls to Make, and proves that
// nothing in it was changed. Where it lies is a [Store]'s: package sqlite has one in a file.
//
// Its contract:
//
//   - One archive holds the logs of any number of organizations and zones; a log is known by the instance of Make and the organization, and
//     logs are never mixed.
//   - What Make sent is kept as it came, in records that are only ever added. Records are the leaves of one Merkle tree (RFC 9162 hashing,
//     golang.org/x/mod/sumdb/tlog). Columns, names and everything else follow from records, and [Archive.Verify] holds them against each
//     other.
//   - Each batch signs a head: the tree's edge, and sums of all else that answers rest on. Readers hold what they load against it, and what
//     they show against its record; a sync goes on from nothing that does not fit.
//   - An entry is stored once, known by its uuid. One that Make later shows otherwise is a further record; one that Make no longer has
//     stays.
//   - What a sync has read counts as covered in the transaction that stores it, or in a later one. A sync that is killed at any moment goes
//     on where it stopped.
//   - One process at a time fills an archive, any number read it.
//   - A reader vouches for nothing that no sync has read: reports state spans, gaps and the time as of which they speak.
//
// The package knows neither MCP nor Make's API nor SQL: entries come through [Source].
package archive
