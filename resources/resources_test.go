package resources_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/sqlite"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/makeapi"
	"make-audit-mcp/resources"
	"make-audit-mcp/schemas"
)

const missingUUID = "99999999-9999-4999-8999-999999999999"

func TestAddressesAreListed(t *testing.T) {
	t.Parallel()
	c := connect(t, nil)
	listed, err := c.ListResources(t.Context(), mcp.ListResourcesRequest{})
	require.NoError(t, err)
	var fixed []string
	for _, resource := range listed.Resources {
		fixed = append(fixed, resource.URI)
	}
	assert.ElementsMatch(t, []string{resources.OrganizationsURI, resources.ArchiveStatusURI, resources.DetectionRulesURI,
		answer.ActivityView, answer.FindingsView, answer.PeopleView, answer.PersonView}, fixed)
	templates, err := c.ListResourceTemplates(t.Context(), mcp.ListResourceTemplatesRequest{})
	require.NoError(t, err)
	var addresses []string
	for _, template := range templates.ResourceTemplates {
		addresses = append(addresses, template.URITemplate.Raw())
		assert.NotEmpty(t, template.Title)
		assert.NotEmpty(t, template.Description)
		assert.Equal(t, "application/json", template.MIMEType)
	}
	assert.ElementsMatch(t, []string{
		"make://organizations/{organization_id}/audit-log-filters", "make://teams/{team_id}/audit-log-filters",
		"make://organizations/{organization_id}/audit-logs/{uuid}",
	}, addresses)
}

func TestResourcesAreRead(t *testing.T) {
	t.Parallel()
	for _, quirks := range []makesim.Quirks{
		{},
		{
			NullWhenEmpty: true, SingleObject: true, NumericTriggeredAt: "ms", NullActorTeam: true, IDsAsText: true, UnknownFields: true,
			MaxLimit: 100, PageCap: 7, DetailPath: makesim.DetailPathOne, FailEvery: 7, HTMLForbiddenWithoutUserAgent: true,
		},
		{DetailPath: makesim.DetailPathTwo, OddTypes: true, CutBodyEvery: 5},
	} {
		u := start(t, demoWorld(), quirks)
		c := u.caller(makesim.DemoToken)
		organizations := ok[schemas.ListOrganizationsResult](c, "make://organizations")
		assert.Equal(t, 2, organizations.OrganizationsTotal)
		filters := ok[schemas.ListFiltersResult](c, "make://organizations/4721/audit-log-filters")
		assert.Len(t, filters.Users, filters.UsersTotal)
		assert.Len(t, filters.Teams, 8)
		team := ok[schemas.ListFiltersResult](c, "make://teams/8102/audit-log-filters")
		assert.Equal(t, auditlog.ID("4721"), team.Organization.ID)
		assert.NotEmpty(t, team.Users)
		assert.Less(t, len(team.Users), len(filters.Users))
		held := u.Dump(makesim.DemoOrganizationID)[0]
		entry := ok[schemas.Entry](c, "make://organizations/4721/audit-logs/"+held.UUID)
		assert.Equal(t, held.UUID, entry.UUID)
		assert.Equal(t, held.Event, string(entry.Event))
		assert.NotEmpty(t, entry.Details)
		assert.NotEmpty(t, entry.Label)
	}
}

func TestReadersOfOneTeamReadIt(t *testing.T) {
	t.Parallel()
	u := start(t, demoWorld(), makesim.Quirks{})
	c := u.caller(makesim.DemoTeamAdminToken)
	assert.NotEmpty(t, ok[schemas.ListFiltersResult](c, "make://teams/8102/audit-log-filters").Users)
	assert.Contains(t, c.fails("make://teams/8105/audit-log-filters"), "403")
	var own, other string
	for _, entry := range u.Dump(makesim.DemoOrganizationID) {
		if entry.TeamID == 8102 {
			own = entry.UUID
		} else {
			other = entry.UUID
		}
	}
	assert.Equal(t, own, ok[schemas.Entry](c, "make://organizations/4721/audit-logs/"+own).UUID)
	c.fails("make://organizations/4721/audit-logs/" + other)
	member := u.caller(makesim.DemoMemberToken)
	assert.Contains(t, member.fails("make://organizations/4721/audit-log-filters"), "Admin or Owner")
	assert.False(t, ok[schemas.ListOrganizationsResult](member, "make://organizations").Organizations[0].CanReadAuditLogs)
}

func TestBadAddressesAreRefused(t *testing.T) {
	t.Parallel()
	world := *demoWorld()
	world.Organizations = append(slices.Clone(world.Organizations),
		makesim.Organization{ID: 6666, Name: "Not mine", Zone: "eu1.make.com", AuditLogsDays: 365,
			Teams: []makesim.Team{{ID: 9601, Name: "Theirs"}}})
	const foreign = "bbbbbbbb-1111-4111-8111-111111111111"
	world.Entries = append(slices.Clone(world.Entries[:50]),
		makesim.Entry{UUID: foreign, OrganizationID: 6666, Event: "foreign_secret", TriggeredAt: now().Add(-time.Hour)})
	u := start(t, &world, makesim.Quirks{DetailIgnoresOrganization: true, DetailPath: makesim.DetailPathBoth})
	c := u.caller(makesim.DemoToken)
	held := u.Dump(makesim.DemoOrganizationID)[0].UUID
	u.ResetRequests()
	for _, uri := range []string{
		"make://organizations/4721/audit-logs/..", "make://organizations/4721/audit-logs/a%2Fb",
		"make://organizations/..%2F..%2Fusers/audit-log-filters",
		"make://organizations/%2e%2e/audit-log-filters", "make://organizations/4721%0a/audit-log-filters",
		"make://teams/8102%3Fx/audit-log-filters",
		"make://teams/%E2%80%AE8102/audit-log-filters", "make://organizations/4721/audit-logs/" + strings.Repeat("a", 200),
		"make://organizations/Northwind%20Automation/audit-log-filters",
		// These match no template at all.
		"make://organizations//audit-log-filters", "make://teams//audit-log-filters", "make://organizations/4721/audit-logs/",
		"make://organizations/4721/audit-logs",
		"make://organizations/4721", "make://users", "file:///etc/passwd", "make://organizations/4721/audit-logs/" + held + "/x", "",
	} {
		c.fails(uri)
	}
	assert.Empty(t, u.Requests(), "nothing of this is worth a call")
	for uri, says := range map[string]string{
		"make://organizations/12/audit-log-filters":             "4721",
		"make://organizations/9034/audit-log-filters":           "MAKE_ZONE",
		"make://organizations/6666/audit-log-filters":           "not visible",
		"make://organizations/6666/audit-logs/" + foreign:       "not visible",
		"make://organizations/4721/audit-logs/" + foreign:       foreign,
		"make://organizations/4721/audit-logs/" + missingUUID:   missingUUID,
		"make://teams/9601/audit-log-filters":                   "",
		"make://teams/12345/audit-log-filters":                  "404",
		"make://organizations/4721/audit-logs/organization-log": "organization-log",
	} {
		text := c.fails(uri)
		assert.Contains(t, text, says)
		assert.NotContains(t, text, "foreign_secret")
	}
}

func TestArgumentsAreCompleted(t *testing.T) {
	t.Parallel()
	u := start(t, demoWorld(), makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	organization := map[string]string{"organization_id": "4721"}
	for _, uri := range []string{resources.OrganizationFilters, resources.EntryOfOrganization} {
		for _, typed := range []string{"", "4", "4721", "northwind", "AUTOM"} {
			assert.Equal(t, []string{"4721"}, c.complete(uri, "organization_id", typed, nil).Completion.Values, typed)
		}
		assert.Empty(t, c.complete(uri, "organization_id", "9", nil).Completion.Values)
	}
	assert.Len(t, c.complete(resources.TeamFilters, "team_id", "", nil).Completion.Values, 8)
	assert.Equal(t, []string{"8103"}, c.complete(resources.TeamFilters, "team_id", "zakaz", nil).Completion.Values)
	assert.Equal(t, []string{"8104"}, c.complete(resources.TeamFilters, "team_id", "8104", nil).Completion.Values)

	held := u.Dump(makesim.DemoOrganizationID)
	recent := c.complete(resources.EntryOfOrganization, "uuid", "", organization).Completion.Values
	require.NotEmpty(t, recent)
	assert.Equal(t, held[0].UUID, recent[0], "newest first")
	assert.Contains(t, c.complete(resources.EntryOfOrganization, "uuid", strings.ToUpper(held[0].UUID[:4]), organization).Completion.Values,
		held[0].UUID)
	assert.NotEmpty(t, c.complete(resources.EntryOfOrganization, "uuid", "", nil).Completion.Values, "the only organization is meant")
	assert.Empty(t, c.complete(resources.EntryOfOrganization, "uuid", "zzz", organization).Completion.Values)

	for _, other := range [][2]string{{resources.OrganizationFilters, "team_id"}, {resources.TeamFilters, "uuid"},
		{"make://nothing/{x}", "x"}, {"make://organizations", "organization_id"}} {
		assert.Empty(t, c.complete(other[0], other[1], "", nil).Completion.Values)
	}
	assert.Equal(t, []string{"8102"}, u.caller(makesim.DemoTeamAdminToken).complete(resources.TeamFilters, "team_id", "",
		nil).Completion.Values)
	assert.Empty(t, u.caller(makesim.DemoMemberToken).complete(resources.TeamFilters, "team_id", "", nil).Completion.Values)
}

func TestFailuresAreExplained(t *testing.T) {
	t.Parallel()
	wrongKey := start(t, demoWorld(), makesim.Quirks{}).caller("00000000-0000-4000-8000-00000000dead")
	noService := connect(t, func(context.Context) (*analysis.Service, error) { return nil, errors.New("no key \u202eset") })
	for _, uri := range []string{
		"make://organizations", "make://organizations/4721/audit-log-filters", "make://teams/8102/audit-log-filters",
		"make://organizations/4721/audit-logs/" + missingUUID,
	} {
		text := wrongKey.fails(uri)
		assert.Contains(t, text, "401")
		assert.Contains(t, text, "MAKE_ZONE")
		assert.Contains(t, noService.fails(uri), "no key set")
	}
	request := mcp.CompleteRequest{}
	request.Params.Ref = mcp.ResourceReference{Type: "ref/resource", URI: resources.TeamFilters}
	request.Params.Argument = mcp.CompleteArgument{Name: "team_id"}
	_, err := wrongKey.Complete(t.Context(), request)
	require.ErrorContains(t, err, "401")
}

func TestTheStatusOfTheArchiveIsTold(t *testing.T) {
	t.Parallel()
	world := *demoWorld()
	world.Entries = world.Entries[len(world.Entries)-1500:]
	u := start(t, &world, makesim.Quirks{})
	none := ok[schemas.ArchiveStatus](u.caller(makesim.DemoToken), "make://archive/status")
	assert.False(t, none.Archive)
	assert.Contains(t, none.Warnings[0], "make-audit-mcp sync")

	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "audit.db"), sqlite.Options{Create: true})
	require.NoError(t, err)
	stored := archive.New(store, archive.Options{Decode: live.Decode, KeyFile: store.KeyFile(), Now: now})
	t.Cleanup(func() { require.NoError(t, stored.Close()) })
	source := u.session(makesim.DemoToken, live.Options{Zone: "eu1.make.com", KeepRaw: true})
	_, err = stored.Sync(t.Context(), source, archive.SyncOptions{
		Instance: "test", Organization: auditlog.Organization{Ref: auditlog.Ref{ID: "4721", Name: "Northwind Automation"}, Here: true},
		Details: archive.NoDetails,
	})
	require.NoError(t, err)
	asks := func(key string) schemas.ArchiveStatus {
		reader := &archive.Reader{Source: u.session(key, live.Options{Zone: "eu1.make.com"}), Archive: stored, Instance: "test",
			IsUnreachable: makeapi.IsUnreachable}
		service := &analysis.Service{Entries: reader, Resolver: question.Resolver{Reader: reader, Directory: reader}}
		return ok[schemas.ArchiveStatus](connect(t, func(context.Context) (*analysis.Service, error) { return service, nil }),
			"make://archive/status")
	}

	status := asks(makesim.DemoToken)
	assert.True(t, status.Archive)
	assert.Contains(t, status.Checkpoint, "make-audit-mcp/")
	require.Len(t, status.Logs, 1)
	assert.Equal(t, len(u.Dump(makesim.DemoOrganizationID)), status.Logs[0].Entries)
	assert.Equal(t, "2026-11-20T13:00:00+01:00", status.Logs[0].LastSync)
	assert.Empty(t, status.Logs[0].Gaps)

	ofTeam := asks(makesim.DemoTeamAdminToken)
	require.Len(t, ofTeam.Logs, 1)
	assert.Less(t, ofTeam.Logs[0].Entries, status.Logs[0].Entries, "of the own team only")
	assert.Empty(t, asks(makesim.DemoMemberToken).Logs, "who may not read the log learns nothing of it")
}

func TestRulesOfTheOperatorAreToldCleaned(t *testing.T) {
	t.Parallel()
	hostile := "![x](https://e.example)\u202e <b> \x1b[31m" + strings.Repeat("A\u0301\u200b", 5_000)
	rule := fmt.Sprintf("title: Odd\nname: odd\ndescription: %q\nfalsepositives: [%q]\nnext_step: %q\n"+
		"detection: {gone: {object: webhook, verb: deleted}, condition: gone}\n", hostile, hostile, hostile)
	detector, err := detect.New(fstest.MapFS{"odd.yml": {Data: []byte(rule)}})
	require.NoError(t, err)
	service := start(t, audittest.LittleWorld(nil), makesim.Quirks{}).Service(audittest.AdminKey)
	service.Detector = detector
	c := connect(t, func(context.Context) (*analysis.Service, error) { return service, nil })
	text, err := c.read(resources.DetectionRulesURI)
	require.NoError(t, err)
	var told schemas.DetectionRules
	require.NoError(t, json.Unmarshal([]byte(text), &told))
	odd := told.Rules[slices.IndexFunc(told.Rules, func(r schemas.DetectionRule) bool { return r.Name == "odd" })]
	assert.Equal(t, "operator", odd.Origin)
	for _, said := range []string{odd.Description, odd.NextStep, odd.FalsePositives[0]} {
		mcptest.RequireClean(t, said)
		assert.NotContains(t, said, "](")
		assert.LessOrEqual(t, len([]rune(said)), 300)
	}
	assert.Equal(t, "builtin", told.Rules[0].Origin)
	assert.Len(t, told.Limits, len(detect.DescribeLimits()))
}
