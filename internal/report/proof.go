package report

import (
	"strings"
	"time"

	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/schemas"
)

// ProofState is what a verification came to.
type ProofState string

// The states.
const (
	// NotProved is where there is no archive, or nobody verified it: the numbers are what Make, or the archive, says now.
	NotProved ProofState = "not_proved"
	// Verified is where every record of the archive is as it was stored, and signed.
	Verified ProofState = "verified"
	// Failed is where something in the archive is not as it was stored.
	Failed ProofState = "failed"
)

// Proof says whether what the report rests on was altered since it was stored.
type Proof struct {
	State ProofState `json:"state"`
	// Meaning says in words what that is worth, and what to do to have more.
	Meaning string `json:"meaning"`
	// Records are all that the archive holds of all logs, Entries those of them that are entries.
	Records     int64 `json:"records,omitempty"`
	Entries     int   `json:"entries,omitempty"`
	Checkpoints int   `json:"checkpoints,omitempty"`
	// Checkpoint is the last signed statement of what the archive holds, as `verify --checkpoint` takes it.
	Checkpoint   string `json:"checkpoint,omitempty"`
	CheckpointAt string `json:"checkpoint_at,omitempty"`
	// PublicKeys are those that signed, as `verify --public-key` takes them.
	PublicKeys []string `json:"public_keys,omitempty"`
	// Log is what the archive vouches for of this organization.
	Log           *schemas.ArchiveLog `json:"log,omitempty"`
	Problems      []string            `json:"problems,omitempty"`
	ProblemsTotal int                 `json:"problems_total,omitempty"`
}

// notInArchive is what a proof of the archive does not say of a report.
const notInArchive = "What the archive did not have was read from Make, and of that nothing is proved. Next: sync, and make the report again."

// limitProof says what of the report the verified archive does not hold.
func (r *Report) limitProof() {
	if r.restsOnMore() {
		r.Proof.Meaning += " " + notInArchive
		r.except("", notInArchive)
	}
}

// restsOnMore reports whether an archive was verified that does not hold all that the report's entries were read from.
func (r *Report) restsOnMore() bool {
	return r.Proof.State == Verified && r.Source != auditlog.SourceArchive
}

// maxGaps bounds the gaps of a log that a proof lists.
const maxGaps = 50

// Prove tells what a verification found, of which the log of one organization is of interest; nil is none.
func Prove(found *archive.Verification, organization auditlog.ID, location *time.Location) Proof {
	if found == nil {
		return Proof{State: NotProved, Meaning: "Nothing proves that these numbers were not altered: they were read from Make, whose log is " +
			"believed as it is. To have a proof, keep an archive (make-audit-mcp --archive audit.db sync, again and again), keep the " +
			"checkpoints that sync prints somewhere else, and make the report from that archive."}
	}
	proof := Proof{
		State: Verified, Records: found.Records, Entries: found.Entries, Checkpoints: found.Checkpoints, ProblemsTotal: found.Total,
		Meaning: "Every record of the archive is as it was stored, and the checkpoint below is about all of them. That holds against whoever " +
			"does not have the signing key. Whoever had both the archive and the key could have made both anew: compare this checkpoint, " +
			"or the public key, with those that were kept elsewhere (make-audit-mcp verify --checkpoint FILE --public-key KEY).",
	}
	if !found.Intact() {
		proof.State = Failed
		proof.Meaning = "The archive is not as it was stored, so that the numbers of this report are not proved. The problems are listed " +
			"below. Next: restore the archive from a copy, and make the report again."
	}
	for _, problem := range found.Problems {
		proof.Problems = append(proof.Problems, auditlog.Text(problem.String()).Clean())
	}
	for _, key := range found.Keys {
		proof.PublicKeys = append(proof.PublicKeys, auditlog.Text(key).Clean())
	}
	if found.Last != nil {
		proof.Checkpoint, proof.CheckpointAt = cleanLines(found.Last.Note), answer.Time(found.Last.At, location)
	}
	for _, log := range found.Logs {
		if log.OrganizationID == string(organization) {
			proof.Log = verifiedLog(log, location)
		}
	}
	return proof
}

// cleanLines cleans a text whose lines mean something.
func cleanLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = auditlog.Text(line).Clean()
	}
	return strings.Join(lines, "\n")
}

func verifiedLog(log archive.VerifiedLog, location *time.Location) *schemas.ArchiveLog {
	shown := &schemas.ArchiveLog{
		Organization: auditlog.Ref{ID: auditlog.ID(log.OrganizationID), Name: log.Name}, LastSync: answer.Time(log.AsOf, location),
		Entries: log.Entries, Gaps: []schemas.Gap{}, GapsTotal: len(log.Gaps), Unreadable: log.Unreadable,
	}
	if !log.From.IsZero() {
		shown.CoveredFrom = answer.Time(log.From, location)
	}
	for _, gap := range log.Gaps[:min(len(log.Gaps), maxGaps)] {
		shown.Gaps = append(shown.Gaps, schemas.Gap{From: answer.Time(gap.From, location), To: answer.Time(gap.To, location),
			Reason: auditlog.Text(gap.Reason).Clean()})
	}
	return shown
}
