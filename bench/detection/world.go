package detection

import (
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// The days of a world: the baseline, and the window behind it.
const (
	BaselineDays = 90
	WindowDays   = 30
	days         = BaselineDays + WindowDays
)

// Level is how much an incident matters, or a finding.
type Level int

// The levels.
const (
	LevelLow Level = iota
	LevelMedium
	LevelHigh
	LevelCritical
)

// String returns the level's name: low, medium, high or critical.
func (l Level) String() string { return [...]string{"low", "medium", "high", "critical"}[l] }

// Incident is something that an analyst should hear of.
type Incident struct {
	Kind  string
	Level Level
	Actor auditlog.ID
	// Team is where most of it happened; empty for the organization itself.
	Team auditlog.ID
	// From and To are when its first and last entry were triggered.
	From, To time.Time
	// UUIDs are its entries', the oldest first.
	UUIDs []string
}

// World is an organization's log, and what there is to find in its window.
type World struct {
	Seed         uint64
	Organization auditlog.Ref
	// Traits are the occasions of its life, in words.
	Traits []string
	// People is how many people there are, service accounts not among them.
	People int
	// Window is what findings are asked of, Baseline the time before it, both in the organization's zone.
	Window, Baseline auditlog.Window
	Catalog          auditlog.Catalog
	// Entries are those of baseline and window, in the order of listings.
	Entries []*auditlog.Entry
	// Incidents are in the order of time.
	Incidents []Incident
	zones     map[auditlog.ID]*time.Location
}

// Zone returns where somebody lives, nil if Make does not know.
func (w *World) Zone(actor auditlog.ID) *time.Location { return w.zones[actor] }

// Calm returns the world as it would be without its incidents.
func (w *World) Calm() *World {
	planted := map[string]bool{}
	for _, incident := range w.Incidents {
		for _, uuid := range incident.UUIDs {
			planted[uuid] = true
		}
	}
	calm := *w
	calm.Incidents = nil
	calm.Entries = slices.DeleteFunc(slices.Clone(w.Entries), func(e *auditlog.Entry) bool { return planted[e.UUID] })
	return &calm
}

// TuningSeeds are the seeds that detectors may be tuned on.
func TuningSeeds() []uint64 { return seedsFrom(0) }

// HeldOutSeeds are the seeds that figures are claimed for.
func HeldOutSeeds() []uint64 { return seedsFrom(1) }

func seedsFrom(first uint64) []uint64 {
	var seeds []uint64
	for i := range uint64(organizations) {
		seeds = append(seeds, first+2*i)
	}
	return seeds
}

// Organization generates the world of a seed.
func Organization(seed uint64) (*World, error) {
	g, err := newGenerator(seed)
	if err != nil {
		return nil, err
	}
	g.found()
	g.stageWork()
	g.stageOccasions()
	g.play()
	incidents := g.plantIncidents()

	world := &World{
		Seed: seed, Organization: g.organization, Traits: g.traits(), People: g.size, Catalog: g.catalog(), zones: g.knownZones(),
		Window:   auditlog.Window{From: g.dayAt(BaselineDays), To: g.dayAt(days), Location: g.zone},
		Baseline: auditlog.Window{From: g.dayAt(0), To: g.dayAt(BaselineDays), Location: g.zone},
		Entries:  g.entries, Incidents: incidents,
	}
	slices.SortFunc(world.Entries, auditlog.CompareNewestFirst)
	return world, nil
}
