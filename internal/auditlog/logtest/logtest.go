// Package logtest has entries, names and texts that tests of the log are made of.
package logtest

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"time"
	"unicode"

	"make-audit-mcp/internal/auditlog"
)

// RandomText mixes plain, accented, invisible and broken text.
func RandomText(random *rand.Rand) string {
	pieces := []string{"\x1b", "[", "]", "\a", "\x1b\\", "\u009b", "\u009c", "31m", ";", "\u0301", "\u200d", "\ufe0f", "\xff", "\xc2", "\n",
		"…", "é", "字", "](", "<a"}
	var out strings.Builder
	for range random.Intn(40) {
		switch random.Intn(3) {
		case 0:
			out.WriteString(pieces[random.Intn(len(pieces))])
		case 1:
			out.WriteRune(rune(random.Intn(unicode.MaxRune + 1)))
		default:
			out.WriteByte(byte(random.Intn(256)))
		}
		if random.Intn(50) == 0 {
			out.WriteString(strings.Repeat(pieces[random.Intn(len(pieces))], 400))
		}
	}
	return out.String()
}

// IsUnwelcome spells out, character by character, what the product code takes from Unicode's tables.
func IsUnwelcome(r rune) bool {
	in := func(lo, hi rune) bool { return lo <= r && r <= hi }
	return in(0, 0x1f) || in(0x7f, 0x9f) || // controls
		r == 0x61c || in(0x200e, 0x200f) || in(0x202a, 0x202e) || in(0x2066, 0x2069) || // bidi
		in(0x200b, 0x200d) || in(0x2060, 0x2064) || r == 0xfeff || r == 0xad || r == 0x180e || // zero width
		r == 0x115f || r == 0x1160 || r == 0x3164 || r == 0xffa0 || // fillers
		in(0xfe00, 0xfe0f) || in(0xe0100, 0xe01ef) || in(0xe0000, 0xe007f) || // selectors, tags
		in(0xfff9, 0xfffb) || in(0x2028, 0x2029) || // annotation, separators
		in(0xe000, 0xf8ff) || in(0xf0000, 0x10ffff) || // private use
		in(0xfdd0, 0xfdef) || r&0xfffe == 0xfffe // noncharacters
}

// Documented are some of the events that Make documents.
func Documented() *auditlog.Catalog {
	catalog := &auditlog.Catalog{}
	for category, values := range map[string][]auditlog.Text{
		"Scenarios": {"scenario_created", "scenario_updated", "scenario_deleted"},
		"Connections": {"connection_created", "connection_updated", "connection_deleted",
			"connection_reauthorized"},
		"Webhooks":                              {"webhook_created", "webhook_updated", "webhook_deleted"},
		"Keys":                                  {"key_created", "key_updated", "key_deleted"},
		"Team":                                  {"team_created", "team_role_updated", "team_member_removed"},
		"Team Variables":                        {"team_variable_created", "team_variable_updated", "team_variable_deleted"},
		"Organization Variables":                {"organization_variable_created", "organization_variable_updated"},
		"Organization":                          {"organization_created"},
		"Two-factor authentication enforcement": {"two_factor_authentication_enforcement_disabled"},
		"Credential requests":                   {"credential_request_authorized"},
	} {
		for _, value := range values {
			catalog.Events = append(catalog.Events, auditlog.Event{Value: value, Category: auditlog.Text(category)})
		}
	}
	slices.SortFunc(catalog.Events, func(a, b auditlog.Event) int { return slices.Compare([]byte(a.Value), []byte(b.Value)) })
	return catalog
}

// Ada is somebody who does things.
func Ada() auditlog.Actor {
	return auditlog.Actor{ID: "5", Name: "Ada Lovelace", Email: "ada@example.com"}
}

// Did is an entry of somebody's.
func Did(actor auditlog.Actor, event auditlog.Text, at time.Time) *auditlog.Entry {
	return &auditlog.Entry{UUID: fmt.Sprintf("%s-%d", event, at.UnixNano()), Event: event, TriggeredAt: at, Actor: &actor,
		Team: &auditlog.Ref{ID: "1"}}
}
