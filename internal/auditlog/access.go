package auditlog

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Access is what may be read of an organization's log.
type Access struct {
	// Organization says that the organization's own list may be read.
	Organization bool
	// Teams are the organization's teams, as far as they can be known.
	Teams []TeamAccess
	// Reason says why something may not be read, and what would help.
	Reason string
	// APILimit is the limit of API requests per minute; 0 if not known.
	APILimit int
	// RetentionDays is how many days of log Make keeps.
	RetentionDays int
	// Oldest is when the oldest entry was triggered that may be read; zero if there is none.
	Oldest time.Time
	// Archive is what a durable copy holds of the log; nil if there is none that may be read with the credential.
	Archive *ArchiveSpan
	// Recalled says that this is not what Make says now; nil if it is.
	Recalled *Recalled `json:"-"`
}

// TeamAccess is a team and whether its log may be read.
type TeamAccess struct {
	Ref
	Role     Text
	Readable bool
}

// Readable reports whether anything may be read.
func (a *Access) Readable() bool { return a.Organization || len(a.ReadableTeams()) > 0 }

// TeamsFor are the teams whose logs answer a query, where the organization's own log may not be read; warnings say what is not seen. If
// none of those that are asked about may be read, the error is an [AccessError].
func (a *Access) TeamsFor(q *Query) (teams []Ref, warnings []string, err error) {
	readable := a.ReadableTeams()
	isAmong := func(id ID, among []Ref) bool {
		return slices.ContainsFunc(among, func(r Ref) bool { return r.ID == id })
	}
	var hidden []string
	for _, team := range q.Teams {
		if !isAmong(team.ID, readable) {
			label := string(team.ID)
			if team.Name != "" { // which is not known of a team that cannot be seen
				label += " " + team.Name.Quote()
			}
			hidden = append(hidden, label)
		}
	}
	for _, team := range readable {
		if len(q.Teams) == 0 || isAmong(team.ID, q.Teams) {
			teams = append(teams, team)
		}
	}
	if len(teams) == 0 {
		reason := a.Reason
		if len(hidden) > 0 {
			reason = "this key may not read the log of team " + strings.Join(hidden, ", ") + "; " + reason
		}
		return nil, nil, &AccessError{Organization: q.Organization, Reason: reason}
	}
	warnings = append(warnings, fmt.Sprintf("this key may read the logs of %d team(s) only, not the organization's: entries of other "+
		"teams and of the organization itself are not seen", len(teams)))
	if len(hidden) > 0 {
		warnings = append(warnings, "not readable with this key: team "+strings.Join(hidden, ", "))
	}
	if q.NoTeam {
		warnings = append(warnings,
			"entries without a team (team none) are in the organization's log only, which this key may not read")
	}
	return teams, warnings, nil
}

// ReadableTeams are the teams whose log may be read.
func (a *Access) ReadableTeams() []Ref {
	var teams []Ref
	for _, team := range a.Teams {
		if team.Readable {
			teams = append(teams, team.Ref)
		}
	}
	return teams
}

// AccessError says that a log may not be read, and why.
type AccessError struct {
	Organization Ref
	Reason       string
}

func (e *AccessError) Error() string {
	return "the audit log of organization " + e.Organization.Name.Quote() + " (id " + string(e.Organization.ID) + ") cannot be read: " +
		e.Reason
}
