package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// logState is how far a log is filled. It is stored with every batch of rows.
type logState struct {
	vouched
	// Unreadable are records of Make's that could not be read.
	Unreadable []auditlog.Span `json:"unreadable,omitempty"`
	// Doubts say why entries may be missing elsewhere.
	Doubts []string `json:"doubts,omitempty"`
	// Pulse is that of the time before the last sync; nil where not everything is vouched for.
	Pulse *auditlog.Pulse `json:"pulse,omitempty"`
}

// vouched is what a log vouches for: a record of its own whenever it changes, so that nobody can claim more.
type vouched struct {
	// Name is the organization's.
	Name auditlog.Text `json:"name,omitempty"`
	// Scope is what may be read with the key that fills the log.
	Scope scope `json:"scope"`
	// AsOf is the instant up to which everything that Make had written down is here; zero until the first fill is done.
	AsOf time.Time `json:"as_of,omitzero"`
	// From is where the log begins to be covered: the oldest entry that Make had.
	From time.Time `json:"from,omitzero"`
	// Gaps are parts of it that no sync could read.
	Gaps []auditlog.Gap `json:"gaps,omitempty"`
	// Fill is a fill under way; nil if there is none.
	Fill *fill `json:"fill,omitempty"`
	// Noted is a hash of what could not be read and of the doubts, which may be long; empty if there are none, and in the log's state.
	Noted string `json:"noted,omitempty"`
	// Directory is the hash of the log's directory snapshot.
	Directory string `json:"around,omitempty"`
}

func (l *logState) vouches() vouched {
	v := l.vouched
	v.Noted = l.noted()
	return v
}

func (l *logState) noted() string {
	if len(l.Unreadable)+len(l.Doubts) == 0 {
		return ""
	}
	hash := sha256.New()
	for _, span := range l.Unreadable {
		_, _ = fmt.Fprintln(hash, span.From.UnixNano(), span.To.UnixNano())
	}
	for _, doubt := range l.Doubts {
		_, _ = fmt.Fprintf(hash, "%q\n", strings.ToValidUTF8(doubt, "\ufffd")) // as JSON has it
	}
	return base64.StdEncoding.EncodeToString(hash.Sum(nil))
}

// text is the record of it.
func (v vouched) text() ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("the log's state: %w", err)
	}
	return text, nil
}

func (v vouched) equal(other vouched) bool {
	one, errOne := v.text()
	two, errTwo := other.text()
	return errors.Join(errOne, errTwo) == nil && bytes.Equal(one, two)
}

// hashDirectory is the hash of a log's directory snapshot, as it is stored.
func hashDirectory(snapshot []byte) string {
	hash := sha256.Sum256(snapshot)
	return base64.StdEncoding.EncodeToString(hash[:])
}

// fill is a walk back through all that Make keeps.
type fill struct {
	// At is when it began: it reads what was triggered before, and what is written later is read after it.
	At time.Time `json:"at"`
	// Reached is how far back it came: everything from there to At is stored.
	Reached time.Time `json:"reached"`
	// Until is where it ends.
	Until time.Time `json:"until"`
}

// directorySnapshot is what the directory said of a log at its last sync: it serves whoever fills the log when Make cannot be asked.
type directorySnapshot struct {
	Account      auditlog.Account      `json:"account"`
	Organization auditlog.Organization `json:"organization"`
	Access       auditlog.Access       `json:"access"`
	Catalog      *auditlog.Catalog     `json:"catalog,omitempty"`

	asOf time.Time // the log's
}

// scope is whose entries of an organization a key may read.
type scope struct {
	// Organization means that it is all of them; else it is those of Teams.
	Organization bool          `json:"organization,omitempty"`
	Teams        []auditlog.ID `json:"teams,omitempty"`
}

func scopeOf(access *auditlog.Access) scope {
	if access.Organization {
		return scope{Organization: true}
	}
	s := scope{}
	for _, team := range access.ReadableTeams() {
		s.Teams = append(s.Teams, team.ID)
	}
	slices.SortFunc(s.Teams, auditlog.ID.Compare)
	return s
}

// has reports whether everything that other may read is in the scope.
func (s scope) has(other scope) bool {
	if s.Organization {
		return true
	}
	return !other.Organization && !slices.ContainsFunc(other.Teams, func(id auditlog.ID) bool { return !slices.Contains(s.Teams, id) })
}

func (s scope) String() string {
	if s.Organization {
		return "the whole organization"
	}
	ids := make([]string, len(s.Teams))
	for i, id := range s.Teams {
		ids[i] = string(id)
	}
	return "team " + strings.Join(ids, ", ")
}

// stateOf reads a log's state.
func (a *Archive) stateOf(log *Log) (*logState, error) {
	state := &logState{}
	if err := json.Unmarshal(log.State, state); err != nil {
		return nil, a.refused(err, "the state of the log of organization %s is damaged", log.Organization)
	}
	return state, nil
}
