package report

import (
	"fmt"
	"slices"

	"make-audit-mcp/schemas"
)

// addExceptions collects what could not be read or proved, and what the answers warn of, each once.
func (r *Report) addExceptions() {
	for _, gap := range r.Coverage.Gaps {
		r.except("", fmt.Sprintf("not covered: %s to %s: %s", gap.From, gap.To, gap.Reason))
	}
	if r.Unreadable > 0 {
		r.except("", fmt.Sprintf("%d records of Make's could not be read", r.Unreadable))
	}
	for _, late := range r.NotLogged.Late {
		if late.InWindow {
			r.except("", fmt.Sprintf("Make logs %s only since %s: that there are no entries from before proves nothing", late.Events, late.Since))
		}
	}
	if r.Proof.State != Verified {
		r.except("", r.Proof.Meaning)
	}
	for _, warning := range r.Warnings {
		r.except("", warning)
	}
	for i := range r.Sections {
		for j := range r.Sections[i].Questions {
			r.addExceptionsOf(&r.Sections[i].Questions[j])
		}
	}
}

func (r *Report) addExceptionsOf(q *Question) {
	if q.Error != "" {
		r.except(q.ID, "not answered: "+q.Error)
		return
	}
	if said := answerOf(q.Answer); said != nil && r.Complete && !said.Complete {
		r.except(q.ID, "not all that the question is about could be read: numbers are lower bounds")
	}
	for _, warning := range warningsOf(q.Answer) {
		r.except(q.ID, warning)
	}
	if people, ok := q.Answer.(*schemas.ListPeopleResult); ok && !people.Roster.Complete {
		r.except(q.ID, "the list of people is not complete: "+people.Roster.Reason)
	}
}

// answerOf is what an answer says of itself; nil where it is about no window.
func answerOf(result schemas.Result) *schemas.Answer {
	switch result := result.(type) {
	case *schemas.CountAuditLogsResult:
		return &result.Answer
	case *schemas.ListAuditLogsResult:
		return &result.Answer
	case *schemas.ListPeopleResult:
		return &result.Answer
	case *schemas.GetActorActivityResult:
		return &result.Answer
	case *schemas.FindSuspiciousActivityResult:
		return &result.Answer
	}
	return nil
}

// warningsOf are those of an answer.
func warningsOf(result schemas.Result) []string {
	if organizations, ok := result.(*schemas.ListOrganizationsResult); ok {
		return organizations.Warnings
	}
	if said := answerOf(result); said != nil {
		return said.Warnings
	}
	return nil
}

// except notes an exception of a question, or of the whole report. What is already said of the whole report need not be said of a part.
func (r *Report) except(question, problem string) {
	at := slices.IndexFunc(r.Exceptions, func(e Exception) bool { return e.Problem == problem })
	switch {
	case at < 0 && question == "":
		r.Exceptions = append(r.Exceptions, Exception{Problem: problem, Questions: []string{}})
	case at < 0:
		r.Exceptions = append(r.Exceptions, Exception{Problem: problem, Questions: []string{question}})
	case len(r.Exceptions[at].Questions) > 0 && question != "":
		r.Exceptions[at].Questions = append(r.Exceptions[at].Questions, question)
	}
}
