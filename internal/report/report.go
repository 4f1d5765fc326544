package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/schemas"
)

// Format is the version of the form that [Report] has as JSON. What is added to it leaves the number as it is.
const Format = 1

// Kind is what a report is for: it chooses the sections.
type Kind string

// The kinds.
const (
	Full         Kind = "full"
	AccessReview Kind = "access-review"
	Changes      Kind = "changes"
	Incident     Kind = "incident"
)

// Kinds are all of them.
func Kinds() []Kind { return []Kind{Full, AccessReview, Changes, Incident} }

// ParseKind reads a kind; empty is [Full].
func ParseKind(text string) (Kind, error) {
	kind := Kind(strings.ToLower(strings.TrimSpace(text)))
	switch {
	case kind == "":
		return Full, nil
	case slices.Contains(Kinds(), kind):
		return kind, nil
	}
	return "", fmt.Errorf("there is no kind of report %s; accepted: full, access-review, changes, incident", auditlog.Text(text).Quote())
}

// title is what a report of the kind is called.
func (k Kind) title() string {
	switch k {
	case AccessReview:
		return "Review of access"
	case Changes:
		return "Changes"
	case Incident:
		return "Report on an incident"
	case Full:
	}
	return "Evidence pack"
}

// Report is the evidence pack of a window, as `report --json` writes it.
type Report struct {
	// Format is the version of this form.
	Format int    `json:"format"`
	Kind   Kind   `json:"kind"`
	Title  string `json:"title"`
	// MadeAt is when the report was made, by Make's clock, and Version what made it.
	MadeAt  string `json:"made_at"`
	Version string `json:"version"`
	// Answer is what holds of the whole window: the organization, the window and its zone, where the entries came from, which part of the
	// window they really cover, and whether all of it was read. Where Coverage is null, no number in the report says anything.
	schemas.Answer
	// WeekStart is where weeks begin, as the program's --week-start takes it: monday or sunday.
	WeekStart string `json:"week_start"`
	// Account is whom Make's key belongs to: the report shows what that person may see. Organization is what Make says the key may read,
	// and how long Make keeps the log; absent where that could not be asked.
	Account      *schemas.User         `json:"account,omitempty"`
	Organization *schemas.Organization `json:"organization,omitempty"`
	// NotLogged is what no entry of the window can tell.
	NotLogged NotLogged `json:"not_logged"`
	Sections  []Section `json:"sections"`
	// Exceptions are all that could not be read or proved, and whatever else an answer warns of.
	Exceptions []Exception `json:"exceptions"`
	Proof      Proof       `json:"proof"`

	location    *time.Location // the window's
	firstOfWeek time.Weekday
}

// NotLogged is what Make's log does not have.
type NotLogged struct {
	// Late are sorts of events that Make did not always log.
	Late []LateEvents `json:"late"`
	// Never are sorts of events that Make's own list of events did not have on the day NeverAsOf.
	Never     string `json:"never"`
	NeverAsOf string `json:"never_as_of"`
}

// LateEvents is a sort of events that Make did not always log.
type LateEvents struct {
	Events string `json:"events"`
	Since  string `json:"since"`
	// InWindow says that the window begins before that day, so that having no such entries proves nothing for the time before it.
	InWindow bool `json:"in_window"`
}

// Section is what a part of the report is about, with the questions that it rests on.
type Section struct {
	// ID is the same in every report.
	ID    string `json:"id"`
	Title string `json:"title"`
	// About says what the section shows, and what not.
	About     string     `json:"about"`
	Questions []Question `json:"questions"`
}

// Question is what a tool was asked, and what it answered.
type Question struct {
	// ID is the same in every report, but for those about single people, which end in the person's id.
	ID    string `json:"id"`
	Title string `json:"title"`
	// Tool and Arguments ask it again: `make-audit-mcp call TOOL 'ARGUMENTS'`, or an agent that has the tool. Where they count weeks, the
	// answer is the same where weeks begin on the same day.
	Tool      string `json:"tool"`
	Arguments any    `json:"arguments"`
	// Answer is the tool's result, in the form of its output schema; null where Error says why there is none. Its list of entries, people
	// or findings may be longer than a page of the tool; the totals beside it are those of all.
	Answer schemas.Result `json:"answer"`
	Error  string         `json:"error,omitempty"`

	picture picture
	failure error // which Error tells
}

// countsWeeks reports whether the answer depends on where weeks begin.
func (q *Question) countsWeeks() bool {
	counted, ok := q.Arguments.(schemas.CountAuditLogsArguments)
	return ok && slices.Contains(counted.GroupBy, "week")
}

// picture is how an answer is drawn, beside its table.
type picture int

const (
	noPicture picture = iota
	timeline
	stacked
	heatMap
	bars
)

// Exception is something that could not be read or proved, or that has to be known before numbers are relied on.
type Exception struct {
	Problem string `json:"problem"`
	// Questions are the ids of those whose answers it is about; empty where it is about the whole report.
	Questions []string `json:"questions"`
}

// question returns a question of the report; nil if it has none of the id.
func (r *Report) question(id string) *Question {
	for i := range r.Sections {
		for j := range r.Sections[i].Questions {
			if q := &r.Sections[i].Questions[j]; q.ID == id {
				return q
			}
		}
	}
	return nil
}

// IsCovered reports whether anything vouches for any part of the window.
func (r *Report) IsCovered() bool { return r.Coverage.From != nil }

// Lacking are the ids of questions that were not answered, or not from all that they are about. A report may lack answers although the
// whole window was read for its first numbers.
func (r *Report) Lacking() (ids []string) {
	for _, section := range r.Sections {
		for _, q := range section.Questions {
			if said := answerOf(q.Answer); q.Error != "" || said != nil && !said.Complete {
				ids = append(ids, q.ID)
			}
		}
	}
	return ids
}

// Total is how many entries the window has, as far as that is known; nil if nothing is.
func (r *Report) Total() *int {
	if total := r.question("total"); total != nil {
		if counted, ok := total.Answer.(*schemas.CountAuditLogsResult); ok {
			return counted.Total
		}
	}
	return nil
}
