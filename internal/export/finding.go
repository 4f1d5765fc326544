package export

import (
	"bufio"
	"io"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
)

// ocsfFinding is an event of the class Detection Finding. Source: events/findings/detection_finding.json of github.com/ocsf/ocsf-schema.
type ocsfFinding struct {
	ocsfBase                      // its time is when it was found
	StartTime   int64             `json:"start_time"`
	EndTime     int64             `json:"end_time"`
	IsAlert     bool              `json:"is_alert"`
	Count       int               `json:"count"`
	FindingInfo ocsfFindingInfo   `json:"finding_info"`
	Evidences   []ocsfEvidence    `json:"evidences,omitempty"`
	Remediation *ocsfRemediation  `json:"remediation,omitempty"`
	Unmapped    ocsfFindingsExtra `json:"unmapped"`
}

// ocsfFindingInfo is https://schema.ocsf.io/1.7.0/objects/finding_info.
type ocsfFindingInfo struct {
	UID           string             `json:"uid"`
	Title         string             `json:"title"`
	Desc          string             `json:"desc"`
	CreatedTime   int64              `json:"created_time"`
	FirstSeen     int64              `json:"first_seen_time"`
	LastSeen      int64              `json:"last_seen_time"`
	DataSources   []string           `json:"data_sources"`
	Analytic      ocsfAnalytic       `json:"analytic"`
	RelatedEvents []ocsfRelatedEvent `json:"related_events,omitempty"`
}

// ocsfAnalytic is https://schema.ocsf.io/1.7.0/objects/analytic.
type ocsfAnalytic struct {
	UID    string `json:"uid"`
	Name   string `json:"name"`
	TypeID int    `json:"type_id"`
	Type   string `json:"type"`
}

// ocsfRelatedEvent is https://schema.ocsf.io/1.7.0/objects/related_event: an entry, by the uid that its own OCSF event has.
type ocsfRelatedEvent struct {
	UID     string `json:"uid"`
	TypeUID int    `json:"type_uid"`
	Type    string `json:"type"`
}

// ocsfEvidence is https://schema.ocsf.io/1.7.0/objects/evidences.
type ocsfEvidence struct {
	Actor ocsfActor `json:"actor"`
}

// ocsfRemediation is https://schema.ocsf.io/1.7.0/objects/remediation.
type ocsfRemediation struct {
	Desc string `json:"desc"`
}

// ocsfFindingsExtra holds what the schema has no place for.
type ocsfFindingsExtra struct {
	Observed  float64  `json:"observed"`
	Threshold float64  `json:"threshold"`
	Also      []string `json:"also,omitempty"`
}

// maxRelated is how many entries a finding names; count has how many there are.
const maxRelated = 100

// FindingWriter writes findings as OCSF events of the class Detection Finding, one a line. It is not safe for concurrent use.
type FindingWriter struct {
	entries *ocsfWriter
	out     *bufio.Writer
	encode  func(any) error
	now     time.Time
}

// NewFindingWriter returns a FindingWriter to a sink; now is when the findings were found. What is written is buffered: call Flush at the
// end.
func NewFindingWriter(to io.Writer, now time.Time, options Options) *FindingWriter {
	if options.Category == nil {
		options.Category = func(auditlog.Text) auditlog.Text { return "" }
	}
	out := bufio.NewWriter(to)
	return &FindingWriter{
		entries: &ocsfWriter{options: options, vocabulary: newVocabulary(), classes: ocsfClasses()},
		out:     out, encode: auditlog.PlainEncoder(visibleJSON{out}).Encode, now: now,
	}
}

// Write writes a finding.
func (w *FindingWriter) Write(f *detect.Finding) error {
	first := f.Evidence[0]
	organization := w.entries.options.organizationOf(first)
	id := f.ID()
	analytic := ocsfAnalytic{UID: f.Rule, Name: f.Title, TypeID: 1, Type: "Rule"}
	if f.IsOfBaseline() {
		analytic.TypeID, analytic.Type = 2, "Behavioral"
	}
	event := &ocsfFinding{
		ocsfBase: ocsfBase{
			ActivityID: 1, ActivityName: "Create", CategoryUID: 2, CategoryName: "Findings", ClassUID: 2004, ClassName: "Detection Finding",
			TypeUID: 200401, TypeName: "Detection Finding: Create",
			Time: w.now.UnixMilli(), StatusID: 1, Status: "New", Message: f.Title + ": " + f.Reason,
			Metadata: w.entries.metadata(first, organization), Cloud: w.entries.cloud(organization, f.Team),
		},
		StartTime: f.From.UnixMilli(), EndTime: f.To.UnixMilli(),
		IsAlert: f.Severity.AtLeast(detect.SeverityMedium), Count: len(f.Evidence),
		FindingInfo: ocsfFindingInfo{
			UID: id, Title: f.Title, Desc: f.Reason, CreatedTime: w.now.UnixMilli(), FirstSeen: f.From.UnixMilli(),
			LastSeen: f.To.UnixMilli(), DataSources: []string{"Make audit log"}, Analytic: analytic,
		},
		Unmapped: ocsfFindingsExtra{Observed: f.Observed, Threshold: f.Threshold, Also: f.Also},
	}
	event.SeverityID, event.Severity = ocsfSeverity(f.Severity)
	event.Metadata.UID, event.Metadata.OriginalEventUID, event.Metadata.EventCode = id, id, f.Rule
	event.Metadata.LoggedTime, event.Metadata.OriginalTime = 0, w.now.UTC().Format(time.RFC3339Nano)
	if f.Actor != nil {
		event.Evidences = []ocsfEvidence{{Actor: ocsfActorOf(f.Actor)}}
	}
	if f.NextStep != "" {
		event.Remediation = &ocsfRemediation{Desc: f.NextStep}
	}
	for _, entry := range f.Sample(maxRelated) {
		if entry.UUID == "" {
			continue // it cannot be told apart
		}
		of := w.entries.event(entry)
		event.FindingInfo.RelatedEvents = append(event.FindingInfo.RelatedEvents,
			ocsfRelatedEvent{UID: entry.UUID, TypeUID: of.TypeUID, Type: of.TypeName})
	}
	return w.encode(event)
}

// Flush writes what is buffered.
func (w *FindingWriter) Flush() error { return w.out.Flush() }

func ocsfSeverity(severity detect.Severity) (id int, name string) {
	switch severity {
	case detect.SeverityCritical:
		return 5, "Critical"
	case detect.SeverityHigh:
		return 4, "High"
	case detect.SeverityMedium:
		return 3, "Medium"
	default:
		return 2, "Low"
	}
}
