package export

import (
	"time"

	"make-audit-mcp/internal/auditlog"
)

// Series is what exports that go on from each other have in common. A checkpoint is good for its own series only.
type Series struct {
	Organization auditlog.ID `json:"organization"`
	Format       Format      `json:"format"`
	// Output is the file that is continued; empty for standard output.
	Output string `json:"output,omitempty"`
}

// Checkpoint is how far a series came: what its next export goes on from. It is stored as JSON.
type Checkpoint struct {
	Series
	// Position is how far the archive was read; nil for an export from Make.
	Position *ArchivePosition `json:"position,omitempty"`
	// AsOf is, for an export from Make, the instant up to which it was read, and Recent the keys of the entries that were written shortly
	// before: the next export reads them again.
	AsOf   time.Time `json:"as_of,omitzero"`
	Recent []string  `json:"recent,omitempty"`
	// Bytes is how long the output was.
	Bytes int64 `json:"bytes,omitempty"`
}

// ArchivePosition is a place in the order in which an archive stored things. It means nothing in another archive.
type ArchivePosition struct {
	Archive string `json:"archive"`
	Next    int64  `json:"next"`
}

// CheckpointError says why a checkpoint is not one that an export can go on from.
type CheckpointError struct{ Problem string }

func (e *CheckpointError) Error() string { return e.Problem }

// checkFor refuses a checkpoint of another series. That of another output is refused too: else that file would be cut to the length of this
// one.
func (s *Series) checkFor(other *Series) error {
	switch {
	case s.Organization != other.Organization:
		return &CheckpointError{"it is about organization " + auditlog.Text(s.Organization).Clean()}
	case s.Format != other.Format:
		return &CheckpointError{"it is of an export as " + auditlog.Text(s.Format).Clean()}
	case s.Output == other.Output:
		return nil
	case s.Output == "":
		return &CheckpointError{"it is of an export to standard output"}
	}
	return &CheckpointError{"it is of an export to " + auditlog.Text(s.Output).Quote()}
}
