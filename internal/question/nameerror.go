package question

import (
	"fmt"
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// maxCandidates is the most names that a NameError lists.
const maxCandidates = 10

// NameError says that a name fits nothing or more than one thing.
type NameError struct {
	// What was looked for: actor, team, event, kind (of object) or object; exclude_event where that leaves none.
	What string
	// Want is the name as given, raw.
	Want string
	// Candidates are those that it fits, or the nearest where it fits none, each ready to print, at most 10.
	Candidates []string
	// More is how many further candidates there are.
	More int
	// Ambiguous says that the name fits more than one.
	Ambiguous bool
	// Hint says what is known of what nothing fits; empty if that is nothing.
	Hint string
}

// Error names the candidates and the next step.
func (e *NameError) Error() string {
	list := listedOf(e.Candidates, e.More)
	want := auditlog.Text(e.Want).Quote()
	if e.What == "exclude_event" {
		return "exclude_event " + want + " leaves nothing; accepted: some of the events, as in event, such as scenario_updated or *_updated"
	}
	if e.Ambiguous {
		plural, pass := "teams", "the id"
		switch e.What {
		case "actor":
			plural, pass = "people", "the id or the address"
		case "kind":
			plural, pass = "kinds", "the whole category"
		case "object":
			plural, pass = "objects", "the id"
		}
		return fmt.Sprintf("%s %s fits %d %s: %s: pass %s", e.What, want, len(e.Candidates)+e.More, plural, list, pass)
	}
	message := fmt.Sprintf("no %s %s", e.What, want)
	switch {
	case list != "" && e.What == "kind":
		message += "; there are: " + list
	case list != "":
		message += "; nearest: " + list
	}
	switch e.What {
	case "actor":
		return message + "; accepted: an id, an e-mail address, a name or the beginning of a word of it, such as 12 or " +
			"jan.novak@example.com; people who have left may be missing from Make's catalog, but an id is always accepted"
	case "team":
		return message + "; accepted: an id, a name or the beginning of a word of it, such as 7 or Marketing"
	case "object":
		return message + "; that is of another kind than event or kind asks for: leave them out, or pass those of the object that is meant"
	case "kind":
		return message + "; accepted: a category of events, such as Webhooks"
	default:
		if e.Hint != "" {
			message += "; " + e.Hint
		}
		return message + "; accepted: a value, a label, a whole category or a pattern, such as webhook_created or *_deleted"
	}
}

// CallersMistake reports that other arguments would help.
func (*NameError) CallersMistake() bool { return true }

// listed puts candidates into one text, at most 10 of them.
func listed(candidates []string) string {
	kept := min(len(candidates), maxCandidates)
	return listedOf(candidates[:kept], len(candidates)-kept)
}

func listedOf(candidates []string, more int) string {
	list := strings.Join(candidates, ", ")
	if more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list
}

func newNameError(what, want string, candidates []string, ambiguous bool) *NameError {
	kept := min(len(candidates), maxCandidates)
	return &NameError{What: what, Want: want, Ambiguous: ambiguous, Candidates: candidates[:kept], More: len(candidates) - kept}
}
