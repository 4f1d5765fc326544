package analysis

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/internal/order"
	"make-audit-mcp/internal/question"
)

// PersonStatus is what somebody is to an organization, or to some teams of it, by a window of its log and by Make's list.
type PersonStatus string

// The statuses, in the order in which a review looks at them.
const (
	// Gone is who has entries and is not listed any more.
	Gone PersonStatus = "gone"
	// Dormant is who is listed and has no entry in the window.
	Dormant PersonStatus = "dormant"
	// New is whose first entry is in the window.
	New PersonStatus = "new"
	// Active is everybody else.
	Active PersonStatus = "active"
)

// Person is somebody whom Make lists or the log has.
type Person struct {
	// Member has nothing but the actor where Make does not list the person.
	auditlog.Member
	Status PersonStatus
	// Entries, Teams and Powers are of the window: Teams those acted in, Powers what gives access and was made or changed, the weightiest
	// first.
	Entries int
	Teams   []auditlog.Ref
	Powers  []PowerUse
	// FirstAt and LastAt are of everything that is covered; zero if there is nothing.
	FirstAt, LastAt time.Time
	// Findings are about the person, in the window; nil for none.
	Findings *PersonFindings
	// IsService says that the name is that of a service account.
	IsService bool

	events map[auditlog.Text]int
}

// PowerUse is how often a sort of object that gives access was made and changed. Deletions do not count: they take access away.
type PowerUse struct {
	// Object is as auditlog.Event has it.
	Object auditlog.Text
	// Power is the weightiest that was touched.
	Power         auditlog.Power
	Made, Changed int
}

// People are those of an organization, or of some teams.
type People struct {
	// People come by status and id.
	People []*Person
	Roster *auditlog.Roster
	// FindingsNote says why nobody's findings were looked for, FindingsError why they could not be; empty if they were.
	FindingsNote  string
	FindingsError error
	Report        auditlog.Report
	// Before is about the time before the window, as far back as anything is kept; its coverage is empty where that is nothing, and then
	// nobody is told to be new.
	Before auditlog.Report
	// After is about the time behind it, up to now; complete where there is none.
	After auditlog.Report
	// Unlisted counts those who acted before the window, and of whom cannot be told whether they are gone: the list is of some teams only.
	Unlisted int
	// Unidentified counts entries of the window whose actor has no id.
	Unidentified int
}

// SortKey is text by whose bytes people are in order.
func (p *Person) SortKey() string {
	rank := slices.Index([]PersonStatus{Gone, Dormant, New, Active}, p.Status)
	return fmt.Sprint(rank) + question.SortText(&auditlog.Entry{TargetID: auditlog.Text(p.ID)}, question.ByTargetID)
}

// Matches reports whether name, address or id, as they are shown, contain a text, ignoring case and accents.
func (p *Person) Matches(text string) bool {
	needle := auditlog.Fold(auditlog.Text(text).Clean())
	return slices.ContainsFunc([]auditlog.Text{p.Name, p.Email, auditlog.Text(p.ID)},
		func(field auditlog.Text) bool { return strings.Contains(auditlog.Fold(field.Clean()), needle) })
}

// People reads who is there and what they did in a query's window, of which the organization and the teams count. everything is the window
// of all that is kept.
func (s *Service) People(ctx context.Context, q auditlog.Query, everything auditlog.Window) (*People, error) {
	catalog, err := s.Directory.Catalog(ctx, q.Organization.ID)
	if err != nil {
		return nil, err
	}
	found := &People{}
	if found.Roster, err = s.Directory.Roster(ctx, q.Organization.ID); err != nil {
		return nil, err
	}
	counted := &crowd{window: q.Window, people: map[auditlog.ID]*Person{}}
	if err := counted.read(ctx, s, q, everything, found); err != nil {
		return nil, err
	}
	isAsked, err := s.belongingTo(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, member := range found.Roster.Members {
		if counted.people[member.ID] != nil || isAsked(member.ID) {
			person := counted.person(member.Actor)
			person.Member, person.Status = member, Active // as long as nothing else is known
		}
	}
	findings, note, err := s.findingsOfPeople(ctx, q, found)
	found.FindingsNote, found.FindingsError = note, err
	knowsBefore := !found.Before.Coverage.IsEmpty()
	for _, person := range counted.people {
		isListed := person.Status != ""
		switch {
		case !isListed && !found.Roster.OfTeams:
			person.Status = Gone
		case person.Entries > 0 && knowsBefore && !person.FirstAt.Before(q.Window.From):
			person.Status = New
		case person.Entries > 0:
			person.Status = Active
		case !isListed:
			found.Unlisted++
			continue
		case !isAsked(person.ID):
			continue // somebody of another team, who was here before
		default:
			person.Status = Dormant
		}
		person.finish(catalog)
		person.Findings = findings[person.ID]
		found.People = append(found.People, person)
	}
	slices.SortFunc(found.People, func(a, b *Person) int { return strings.Compare(a.SortKey(), b.SortKey()) })
	return found, nil
}

// belongingTo returns who belongs to the teams of a query; everybody where it names none.
func (s *Service) belongingTo(ctx context.Context, q auditlog.Query) (func(auditlog.ID) bool, error) {
	if len(q.Teams) == 0 {
		return func(auditlog.ID) bool { return true }, nil
	}
	belongs := map[auditlog.ID]bool{}
	for _, team := range q.Teams {
		catalog, err := s.Directory.TeamCatalog(ctx, q.Organization.ID, team.ID)
		if err != nil {
			return nil, err
		}
		for _, user := range catalog.Users {
			belongs[user.ID] = true
		}
	}
	return func(id auditlog.ID) bool { return belongs[id] }, nil
}

// crowd counts bins by who acted. They come newest first.
type crowd struct {
	window       auditlog.Window
	people       map[auditlog.ID]*Person
	unidentified int
}

// read counts everything that is kept, each part of it once.
func (c *crowd) read(ctx context.Context, s *Service, q auditlog.Query, everything auditlog.Window, found *People) error {
	after := q
	after.Window.From, after.Window.To = q.Window.To, everything.To
	if after.Window.From.Before(after.Window.To) {
		report, err := s.tally(ctx, after, auditlog.TallyBy{Actor: true}, c.add)
		if err != nil {
			return err
		}
		found.After = report
	} else {
		found.After.Complete = true // there is nothing of it
	}
	if everything.From.Before(q.Window.From) {
		q.Window.From = everything.From
	}
	report, err := s.tally(ctx, q, auditlog.TallyBy{Actor: true, Team: true, Event: true, Split: c.window.From}, c.add)
	if err != nil {
		return err
	}
	before := q.Window
	before.To = c.window.From
	found.Report, found.Before, found.Unidentified = report.Within(c.window), report.Within(before), c.unidentified
	return nil
}

func (c *crowd) add(bin auditlog.Bin) {
	actor, isInWindow := bin.Entry.Actor, c.window.Contains(bin.Last)
	if actor == nil {
		return // the system
	}
	if actor.ID == "" {
		if isInWindow {
			c.unidentified += bin.Count
		}
		return
	}
	person := c.person(*actor)
	if person.LastAt.IsZero() {
		person.LastAt = bin.Last
	}
	if person.FirstAt.IsZero() || bin.First.Before(person.FirstAt) {
		person.FirstAt = bin.First
	}
	if !isInWindow {
		return
	}
	person.Entries += bin.Count
	person.events[bin.Entry.Event] += bin.Count
	if team := bin.Entry.Team; team != nil && !slices.ContainsFunc(person.Teams, func(t auditlog.Ref) bool { return t.ID == team.ID }) {
		person.Teams = append(person.Teams, *team)
	}
}

// person is who an actor is, named as when first asked for.
func (c *crowd) person(actor auditlog.Actor) *Person {
	person, ok := c.people[actor.ID]
	if !ok {
		person = &Person{Member: auditlog.Member{Actor: actor}, events: map[auditlog.Text]int{}}
		c.people[actor.ID] = person
	}
	return person
}

// finish fills in what can be told once everything is counted.
func (p *Person) finish(catalog *auditlog.Catalog) {
	p.IsService = detect.LooksLikeService(p.Actor) != ""
	order.By(p.Teams, func(a, b auditlog.Ref) int { return a.ID.Compare(b.ID) })
	for value, count := range p.events {
		if power := detect.PowerOf(value, catalog); givesAccess(value, power) {
			p.used(auditlog.Event{Value: value}, power, count)
		}
	}
	order.By(p.Powers, func(a, b PowerUse) int { return cmp.Or(cmp.Compare(b.Power, a.Power), cmp.Compare(a.Object, b.Object)) })
}

func (p *Person) used(event auditlog.Event, power auditlog.Power, count int) {
	at := slices.IndexFunc(p.Powers, func(u PowerUse) bool { return u.Object == event.Object() })
	if at < 0 {
		at = len(p.Powers)
		p.Powers = append(p.Powers, PowerUse{Object: event.Object()})
	}
	use := &p.Powers[at]
	use.Power = max(use.Power, power)
	if event.Verb() == auditlog.VerbCreated {
		use.Made += count
	} else {
		use.Changed += count
	}
}

// givesAccess reports whether an event, by the power that it touches, makes or changes a way in or out.
func givesAccess(event auditlog.Text, power auditlog.Power) bool {
	switch (auditlog.Event{Value: event}).Verb() {
	case auditlog.VerbDeleted, auditlog.VerbRemoved, auditlog.VerbUsed:
		return false
	}
	switch power {
	case auditlog.PowerRole, auditlog.PowerKey, auditlog.PowerCredential, auditlog.PowerConnection, auditlog.PowerConnectionUpdate,
		auditlog.PowerWebhook:
		return true
	case auditlog.PowerNone, auditlog.PowerOrganizationVariable, auditlog.PowerDeletion, auditlog.PowerOrganization,
		auditlog.PowerSignOn:
	}
	return false
}
