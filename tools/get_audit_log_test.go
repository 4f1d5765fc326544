package tools_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/schemas"
)

const missingUUID = "99999999-9999-4999-8999-999999999999"

func (c *caller) get(uuids ...string) schemas.GetAuditLogResult {
	c.T.Helper()
	return ok[schemas.GetAuditLogResult](c, "get_audit_log", args{"uuid": uuids})
}

func TestEntriesAreFoundInTheOrderAskedFor(t *testing.T) {
	t.Parallel()
	for _, path := range []string{makesim.DetailPathBoth, makesim.DetailPathTwo, makesim.DetailPathOne} {
		u := demo(t, makesim.Quirks{DetailPath: path})
		c := u.caller(makesim.DemoToken)
		held := u.Dump(demoOrganization)
		want := []string{held[7].UUID, held[0].UUID, held[9000].UUID, held[20000].UUID, held[3].UUID, held[1].UUID}
		got := c.get(slices.Insert(slices.Clone(want), 0, missingUUID)...)
		assert.Equal(t, want, uuidsOf(got.Entries), path)
		assert.Equal(t, []string{missingUUID}, got.NotFound, "missing first, it does not hide where details are")
		assert.Empty(t, got.Warnings)
		assert.Equal(t, held[9000].Event, string(got.Entries[2].Event))
		for _, entry := range got.Entries {
			assert.NotEmpty(t, entry.Details)
			assert.NotEmpty(t, entry.Label)
			assert.NotEmpty(t, entry.CreatedAt)
		}

		again := c.get(missingUUID, want[0], want[0], missingUUID, want[1])
		assert.Equal(t, want[:2], uuidsOf(again.Entries), "one entry for a uuid that is given twice")
		assert.Equal(t, []string{missingUUID}, again.NotFound)

		none := c.Call("get_audit_log", args{"uuid": missingUUID})
		require.True(t, none.IsError)
		assert.Contains(t, none.Text, missingUUID)
		assert.Contains(t, none.Text, "Next: ")
		require.NotNil(t, none.Raw)
		assert.Equal(t, []string{missingUUID}, mcptest.Read[schemas.GetAuditLogResult](t, none).NotFound)
	}
}

func TestUUIDsAreCheckedBeforeTheyBecomeAPath(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	valid := u.Dump(demoOrganization)[0].UUID
	for _, bad := range []string{
		"../../users/me", "..%2f..%2fusers", "%2e%2e/users", "organization/4721", valid + "/..", valid + "?x=1", valid + "#x", "short",
		"\u212a\u212a\u212a\u212a\u212a\u212a\u212a\u212a", "a b c d e f g h", ".........", strings.Repeat("a", 129),
	} {
		c.Fails("get_audit_log", args{"uuid": []string{valid, bad}}, "uuid")
	}
	many := make([]string, 21)
	for i := range many {
		many[i] = fmt.Sprintf("%08d-0000-4000-8000-000000000000", i)
	}
	c.Fails("get_audit_log", args{"uuid": many}, "21", "1 to 20")
	c.Fails("get_audit_log", args{}, "uuid", "required")
	c.Fails("get_audit_log", args{"uuid": []string{}}, "uuid")
	assert.Empty(t, u.Requests(), "nothing of this is worth a call")
	c.Fails("get_audit_log", args{"uuid": many[:20]}, many[0], many[19])
	c.Fails("get_audit_log", args{"uuid": []string{"filters-", "organization"}}, "organization")
	for _, request := range u.Requests() {
		assert.NotContains(t, request.Path, "..")
	}
}

func TestEntriesOfAnotherOrganizationAreNotTold(t *testing.T) {
	t.Parallel()
	for _, quirks := range []makesim.Quirks{{DetailIgnoresOrganization: true}, {DetailPath: makesim.DetailPathOne}, {}} {
		u := start(t, twoOrganizations(), makesim.Options{Quirks: quirks})
		c := u.caller(makesim.DemoToken)
		c.Fails("get_audit_log", args{"uuid": foreignUUID, "organization_id": demoOrganization}, foreignUUID, "Next: ")
		r := c.Call("get_audit_log", args{"uuid": foreignUUID, "organization_id": demoOrganization})
		assert.NotContains(t, r.Text+string(r.Raw), "foreign_secret")
		own := ok[schemas.GetAuditLogResult](c, "get_audit_log", args{"uuid": foreignUUID, "organization_id": 5555})
		assert.Len(t, own.Entries, 1)
		c.Fails("get_audit_log", args{"uuid": foreignUUID}, "name one", "4721", "5555")
	}
}

const foreignUUID = "aaaaaaaa-1111-4111-8111-111111111111"

// twoOrganizations is the demo with a second organization that its admin reads.
func twoOrganizations() *makesim.World {
	world := *demoWorld()
	world.Organizations = append(slices.Clone(world.Organizations), makesim.Organization{
		ID: 5555, Name: "Southwind", Zone: "eu1.make.com", Timezone: "UTC", AuditLogsDays: 30,
		Teams: []makesim.Team{{ID: 9501, Name: "South"}},
	})
	world.OrganizationRoles = append(slices.Clone(world.OrganizationRoles),
		makesim.OrganizationRole{UserID: 5001, OrganizationID: 5555, RoleID: makesim.RoleOrganizationAdmin})
	world.Entries = append(slices.Clone(world.Entries[:200]), makesim.Entry{
		UUID: foreignUUID, OrganizationID: 5555, Event: "foreign_secret", TriggeredAt: now().Add(-time.Hour), TeamID: 9501,
		Actor: &makesim.Actor{ID: 5001, Name: "Alena Veselá"},
	})
	return &world
}

func TestHugeDetailsAreCut(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := recent(t, makesim.Quirks{})
	uuids := make([]string, 20)
	for i := range uuids {
		uuids[i] = fmt.Sprintf("%08d-0000-4000-8000-000000000000", i)
		details := map[string]any{}
		for j := range 16 {
			details[fmt.Sprintf("field-%d", j)] = strings.Repeat("é<", 400)
		}
		u.AddEntries(makesim.Entry{UUID: uuids[i], OrganizationID: demoOrganization, Event: "webhook_created",
			TriggeredAt: now().Add(-time.Minute), Details: details})
	}
	c := u.caller(makesim.DemoToken)
	var got []string
	for left := uuids; len(left) > 0; {
		page := c.get(left...) // less than 40,000 characters, as every result
		require.NotEmpty(t, page.Entries)
		got = append(got, uuidsOf(page.Entries)...)
		if left = page.NotRead; len(left) > 0 {
			assert.Contains(t, strings.Join(page.Warnings, "\n"), "not_read")
		}
	}
	assert.ElementsMatch(t, uuids, got)
}
