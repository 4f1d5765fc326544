package auditlog

import (
	"context"
	"time"
)

// ArchiveSpan is what a durable copy of a log holds.
type ArchiveSpan struct {
	// From is where it begins to vouch for the log.
	From time.Time
	// FirstAt and LastAt are when the oldest and the newest entry was triggered; zero
	// if there is none.
	FirstAt, LastAt time.Time
	Entries         int
	// AsOf is when it was last filled up.
	AsOf time.Time
}

// ArchiveKeeper is a Directory that has a durable copy of logs.
type ArchiveKeeper interface {
	// ArchiveStatus returns what the copy holds of the logs that may be read.
	ArchiveStatus(ctx context.Context) (*ArchiveStatus, error)
}

// ArchiveStatus is what a durable copy holds, and what was last signed of it.
type ArchiveStatus struct {
	Logs []ArchiveLog
	// Checkpoint is the last signed one; empty if there is none. It is about the whole
	// copy, whoever asks: a number of records and a hash.
	Checkpoint   string
	CheckpointAt time.Time
}

// ArchiveLog is what a durable copy holds of one log.
type ArchiveLog struct {
	Organization Ref
	Span         ArchiveSpan
	Gaps         []Gap
	// Unreadable counts records of Make's that could not be read; Doubts say why
	// entries may be missing elsewhere.
	Unreadable int
	Doubts     []string
}
