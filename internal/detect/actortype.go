package detect

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// ActorType is what an actor seems to be.
type ActorType string

// The types of actor.
const (
	Person         ActorType = "person"
	ServiceAccount ActorType = "service_account"
	System         ActorType = "system"
)

// aroundTheClock is in how many hours of the day somebody must have acted, and in how many entries, to be taken for a machine.
const (
	aroundTheClock        = 20
	aroundTheClockEntries = 100
)

// looksLikeService returns why an actor seems to be a service account, by name or by hours, since Make does not say so; empty for people.
func looksLikeService(actor auditlog.Actor, entries ...[]*auditlog.Entry) string {
	local, _, _ := strings.Cut(string(actor.Email), "@")
	words := strings.FieldsFunc(auditlog.Fold(string(actor.Name)+" "+local),
		func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	telling := []string{"svc", "service", "robot", "automation", "deploy", "deployer", "cicd", "daemon", "noreply"}
	if !strings.Contains(strings.TrimSpace(string(actor.Name)), " ") {
		// People are called so, too, but not by one name alone.
		telling = append(telling, "bot", "ci", "cd", "system", "api", "integration")
	}
	for _, word := range words {
		if slices.Contains(telling, word) {
			return "its name or address has the word " + auditlog.Text(word).Quote()
		}
	}
	var hours uint32
	count := 0
	for _, entry := range slices.Concat(entries...) {
		hours |= 1 << entry.TriggeredAt.UTC().Hour()
		count++
	}
	if count >= aroundTheClockEntries && bits.OnesCount32(hours) >= aroundTheClock {
		return fmt.Sprintf("it acted in %d of the 24 hours of the day", bits.OnesCount32(hours))
	}
	return ""
}
