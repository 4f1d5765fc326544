// Package export writes entries of the audit log out for other programs: as NDJSON, CSV, OCSF or ECS, one line or row for each entry,
// streaming.
//
// It promises that
//   - NDJSON is faithful: the entry as Make gave it, byte for byte but for the whitespace between tokens, and escapes in place
//     of characters that cannot be seen, which mean the same to every parser;
//   - every line of NDJSON, OCSF and ECS is one valid JSON object in valid UTF-8, whatever the entry holds;
//   - no cell of CSV can run as a formula or hide what it says, and how many cells say something else for that is told;
//   - text in OCSF and ECS means what the log says and values are never masked: an export is for those who may see the log, and machines do
//     not mind;
//   - nothing is made up: what the log does not say is left out, or called unknown where a schema insists on a value;
//   - exports of one series go on from each other by a [Checkpoint]: every entry comes once, late ones too, and an export that failed is
//     written anew.
//
// OCSF and ECS want to know what an event means. Make documents only a few values of events and may add more, so that is read from the
// words of the name, see [Options.Category]; an event that cannot be read is still exported, as other.
package export
