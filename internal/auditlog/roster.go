package auditlog

import "time"

// Roster is the people whom Make lists in an organization.
type Roster struct {
	Members []Member
	// Source is the list that says who is there.
	Source RosterSource
	// OfTeams says that only the people of some teams are listed, so that who is not may still belong to the organization.
	OfTeams bool
	// Unknown says what could not be learnt of the people, and why; empty if everything was.
	Unknown []string
	// Recalled says that this is not what Make says now; nil if it is.
	Recalled *Recalled
}

// RosterSource is a list of people.
type RosterSource string

// The lists of people: that of the organization's users, and that of the people whom its log can be filtered by, which may lack some and
// may still have some who left.
const (
	RosterOfUsers   RosterSource = "users"
	RosterOfFilters RosterSource = "filters"
)

// Member is someone whom Make lists. What is not known is zero.
type Member struct {
	Actor
	// Role is the one in the organization, in words.
	Role Text
	// TeamRoles are those in its teams.
	TeamRoles []TeamRole
	// LastLoginAt is when the member last signed in.
	LastLoginAt time.Time
	// TwoFactor is the state of two-factor authentication: on, off, or else Make's own value.
	TwoFactor Text
}

// TeamRole is a role in a team, in words.
type TeamRole struct {
	Team Ref
	Role Text
}
