package schemas

import "make-audit-mcp/internal/auditlog"

// ArchiveStatus is what the resource make://archive/status holds.
type ArchiveStatus struct {
	// Archive is whether there is one.
	Archive bool         `json:"archive"`
	Logs    []ArchiveLog `json:"logs"`
	// Checkpoint is the last signed one, as sync printed it.
	Checkpoint   string   `json:"checkpoint,omitempty"`
	CheckpointAt string   `json:"checkpoint_at,omitempty"`
	Warnings     []string `json:"warnings"`
}

// ArchiveLog is what the archive holds of one organization's log.
type ArchiveLog struct {
	Organization auditlog.Ref `json:"organization"`
	// CoveredFrom is where it begins to vouch for the log, LastSync up to when.
	CoveredFrom string `json:"covered_from,omitempty"`
	LastSync    string `json:"last_sync"`
	Entries     int    `json:"entries"`
	FirstAt     string `json:"first_at,omitempty"`
	LastAt      string `json:"last_at,omitempty"`
	Gaps        []Gap  `json:"gaps"`
	GapsTotal   int    `json:"gaps_total"`
	Unreadable  int    `json:"unreadable"`
}
