package question_test

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/question"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	events := []string{"webhook_created", "webhook_deleted", "connection_created", "key_created", "team_created"}
	for name, test := range map[string]struct {
		want  string
		among []string
		n     int
		found []string
	}{
		"a slip":                      {"webhook_craeted", events, 1, []string{"webhook_created"}},
		"nearest first":               {"webhook_deletd", events, 3, []string{"webhook_deleted", "webhook_created"}},
		"a shared word":               {"webhook_exploded", events, 5, []string{"webhook_deleted", "webhook_created"}},
		"the beginning of a word":     {"Conn", events, 5, []string{"connection_created"}},
		"a slip in one word":          {"novk", []string{"Eve Adams", "Jan Novák"}, 5, []string{"Jan Novák"}},
		"accents do not count":        {"Zofie", []string{"Žofie", "Sofie"}, 5, []string{"Žofie", "Sofie"}},
		"nothing similar":             {"quarterly report", events, 5, nil},
		"short words are not all one": {"ab", []string{"xy", "ac"}, 5, []string{"ac"}},
		"nothing asked":               {"", events, 5, nil},
		"nothing wanted":              {"webhook_created", events, 0, []string{}},
		"the same once":               {"teem", []string{"team", "team"}, 5, []string{"team"}},
	} {
		assert.Equal(t, test.found, question.Nearest(test.want, test.among, test.n), name)
	}
}

func TestNearestIsBoundedInTime(t *testing.T) {
	t.Parallel()
	hostile := make([]string, 50)
	for i := range hostile {
		hostile[i] = strings.Repeat("ab ", 10_000)
	}
	assert.NotPanics(t, func() { question.Nearest(hostile[0], hostile, 3) })
}

func people() *auditlog.Catalog {
	return &auditlog.Catalog{
		Users: []auditlog.Actor{
			{ID: "1", Name: "Bob Stone", Email: "bob@acme.example"},
			{ID: "2", Name: "Jan Novák", Email: "jan.novak@acme.example"},
			{ID: "3", Name: "Jan Novák", Email: "novak2@acme.example"},
			{ID: "4", Name: "Bobby Tables", Email: "tables@acme.example"},
			{ID: "5", Name: "Eve", Email: "eve@acme.example"},
			{ID: "6", Name: "Žofie Dvořáková", Email: "z.dvorakova@acme.example"},
			{ID: "7", Name: "eve@acme.example", Email: "mallory@acme.example"},
			{ID: "svc-1", Name: "Robot", Email: ""},
			{ID: "svc-1", Name: "Robot", Email: ""},
		},
		Teams: []auditlog.Ref{
			{ID: "10", Name: "Marketing"}, {ID: "11", Name: "Marketing EMEA"}, {ID: "12", Name: "Finance"},
			{ID: "13", Name: "Müller & Søn"}, {ID: "14", Name: ""},
		},
	}
}

func TestMatchActors(t *testing.T) {
	t.Parallel()
	seen := []auditlog.Actor{
		{ID: "1", Name: "Old Name Of Bob", Email: "old@acme.example"},
		{ID: "90", Name: "Left Lately", Email: "left@acme.example"},
		{Name: "Without Id"},
	}
	for name, test := range map[string]struct {
		want string
		id   auditlog.ID
	}{
		"an id":                             {" 2 ", "2"},
		"an id that is not a number":        {"svc-1", "svc-1"},
		"an address":                        {"BOB@acme.example", "1"},
		"a full name":                       {"bob stone", "1"},
		"a full name without accents":       {"zofie dvorakova", "6"},
		"the beginning of a later word":     {"dvor", "6"},
		"a beginning over several words":    {"bobby t", "4"},
		"the beginning of an address":       {"novak2", "3"},
		"a full name before a beginning":    {"Eve", "5"},
		"an address before a name":          {"eve@acme.example", "5"},
		"one record twice is one person":    {"rob", "svc-1"},
		"someone who left":                  {"Left Lately", "90"},
		"an unknown id":                     {"4711", "4711"},
		"a name with invisible characters":  {"Bob\u200b Stone", "1"},
		"an address beginning at its parts": {"dvorakova", "6"},
	} {
		actor, err := question.MatchActor(people(), test.want, seen)
		require.NoError(t, err, name)
		assert.Equal(t, test.id, actor.ID, name)
	}
}

func TestMatchActorsPrefersTheCatalogsRecord(t *testing.T) {
	t.Parallel()
	seen := []auditlog.Actor{{ID: "1", Name: "Old Name"}, {ID: "90", Name: "Gone"}, {ID: "90", Name: "Gone Before"}}
	bob, err := question.MatchActor(people(), "1", seen)
	require.NoError(t, err)
	assert.Equal(t, auditlog.Text("Bob Stone"), bob.Name)

	_, err = question.MatchActor(people(), "Old Name", seen)
	require.Error(t, err)

	gone, err := question.MatchActor(people(), "gone", seen)
	require.NoError(t, err)
	assert.Equal(t, auditlog.Actor{ID: "90", Name: "Gone"}, gone)
}

func TestMatchActorsDoesNotGuess(t *testing.T) {
	t.Parallel()
	_, err := question.MatchActor(people(), "jan novak", nil)
	var nameError *question.NameError
	require.ErrorAs(t, err, &nameError)
	assert.True(t, nameError.Ambiguous)
	assert.EqualError(t, err, `actor "jan novak" fits 2 people: "Jan Novák" (id 2, "jan.novak@acme.example"), `+
		`"Jan Novák" (id 3, "novak2@acme.example"): pass the id or the address`)

	_, err = question.MatchActor(people(), "bob st0ne", nil)
	require.ErrorAs(t, err, &nameError)
	assert.False(t, nameError.Ambiguous)
	assert.Contains(t, err.Error(), `no actor "bob st0ne"; nearest: "Bob Stone" (id 1, "bob@acme.example")`)
	assert.Contains(t, err.Error(), "people who have left")
	assert.Contains(t, err.Error(), "an id is always accepted")

	for _, nothing := range []string{"", "  ", "\u200b"} {
		_, err = question.MatchActor(people(), nothing, nil)
		require.ErrorAs(t, err, &nameError)
		assert.Empty(t, nameError.Candidates)
	}
}

func TestExactSpellingCountsBeforeWhatFoldingMakesOfIt(t *testing.T) {
	t.Parallel()
	catalog := &auditlog.Catalog{
		Users: []auditlog.Actor{
			{ID: "1", Name: "Jan Novák", Email: "jan@acme.example"}, {ID: "2", Name: "Jan Novak", Email: "ján@acme.example"},
			{ID: "3", Name: "JAN@acme.example"}, {ID: "4", Name: "Jan"}, {ID: "5", Name: "Taylor"}, {ID: "6", Name: "Moore, Taylor"},
			{ID: "7", Name: "Алёна"}, {ID: "8", Name: "Алена"}, {ID: "9", Name: "Μαρία"}, {ID: "10", Name: "Μαρια"},
		},
		Teams: []auditlog.Ref{{ID: "1", Name: "Ventas"}, {ID: "2", Name: "VENTAS"},
			{ID: "3", Name: "Prodej"}, {ID: "4", Name: "Prodej ČR"}},
		Events: []auditlog.Event{{Value: "a_done", Label: "Clé créée"}, {Value: "b_done", Label: "Cle creee"},
			{Value: "c_done", Category: "Clés"}, {Value: "d_done", Category: "Cles"}},
	}
	for want, id := range map[string]auditlog.ID{
		"Jan Novák": "1", "Jan Nova\u0301k": "1", " Jan  Novak ": "2", "Jan": "4", "jan": "4",
		"jan@acme.example": "1", "ján@acme.example": "2",
		"Taylor": "5", "taylor": "5", "Moore, Taylor": "6", "Алёна": "7", "Алена": "8", "Μαρία": "9", "Μαρια": "10",
	} {
		actor, err := question.MatchActor(catalog, want, nil)
		require.NoError(t, err, want)
		assert.Equal(t, id, actor.ID, want)
	}
	for _, want := range []string{"jan novak", "JAN NOVÁK", "АЛЕНА"} {
		_, err := question.MatchActor(catalog, want, nil)
		require.ErrorContains(t, err, "fits 2 people", want)
	}
	_, err := question.MatchActor(catalog, "jan novak", nil)
	require.EqualError(t, err, `actor "jan novak" fits 2 people: "Jan Novák" (id 1, "jan@acme.example"), `+
		`"Jan Novak" (id 2, "ján@acme.example"): pass the id or the address`)
	for want, id := range map[string]auditlog.ID{"Ventas": "1", "VENTAS": "2", "prodej": "3", "prodej cr": "4"} {
		team, err := question.MatchTeam(catalog, want)
		require.NoError(t, err, want)
		assert.Equal(t, id, team.ID, want)
	}
	_, err = question.MatchTeam(catalog, "ventas")
	require.ErrorContains(t, err, "fits 2 teams")
	for want, values := range map[string][]auditlog.Text{
		"Clé créée": {"a_done"}, "Cle creee": {"b_done"}, "cle creee": {"a_done", "b_done"},
		"Clés": {"c_done"}, "Cles": {"d_done"}, "CLES": {"c_done", "d_done"},
	} {
		events, err := question.MatchEvents(catalog, want)
		require.NoError(t, err, want)
		var got []auditlog.Text
		for _, event := range events {
			got = append(got, event.Value)
		}
		assert.Equal(t, values, got, want)
	}
	kind, _, err := question.MatchKind(catalog, "Cles")
	require.NoError(t, err)
	assert.Equal(t, auditlog.Text("Cles"), kind)
}

func TestNamesOfOtherLettersAreOtherNames(t *testing.T) {
	t.Parallel()
	catalog := &auditlog.Catalog{Users: []auditlog.Actor{{ID: "1", Name: "ヤマザキ"}, {ID: "2", Name: "パパ"}, {ID: "3", Name: "Сергей"}}}
	for want, nearest := range map[string]string{"ヤマサキ": "ヤマザキ", "ハハ": "", "ババ": "", "Сергеи": "Сергей"} {
		_, err := question.MatchActor(catalog, want, nil)
		require.ErrorContains(t, err, "no actor", want)
		if nearest != "" {
			require.ErrorContains(t, err, "nearest: \""+nearest, want)
		}
	}
	for _, want := range []string{"ヤマザキ", "ﾔﾏｻﾞｷ", "ヤマサ\u3099キ"} {
		actor, err := question.MatchActor(catalog, want, nil)
		require.NoError(t, err, want)
		assert.Equal(t, auditlog.ID("1"), actor.ID)
	}
}

func TestANumberIsAnIDWhereThereIsOneElseANameElseAnIDAfterAll(t *testing.T) {
	t.Parallel()
	catalog := &auditlog.Catalog{
		Users: []auditlog.Actor{{ID: "7", Name: "10"}, {ID: "8", Name: "11"}, {ID: "11", Name: "Eve"}, {ID: "9", Name: "12 Monkeys"}},
		Teams: []auditlog.Ref{{ID: "24", Name: "2025"}, {ID: "25", Name: "２０２６"}, {ID: "26", Name: "007"}, {ID: "27", Name: "2027 Plan"}},
	}
	for want, id := range map[string]auditlog.ID{"10": "7", "11": "11", "12": "12", "999": "999"} {
		actor, err := question.MatchActor(catalog, want, nil)
		require.NoError(t, err, want)
		assert.Equal(t, id, actor.ID, want)
	}
	for want, id := range map[string]auditlog.ID{
		"2025": "24", "2026": "25", "007": "26", "7": "7", "24": "24", "2027": "2027", "2027 p": "27",
	} {
		team, err := question.MatchTeam(catalog, want)
		require.NoError(t, err, want)
		assert.Equal(t, id, team.ID, want)
	}
}

func TestNameErrorsAreBoundedAndQuoteOthersWords(t *testing.T) {
	t.Parallel()
	catalog := &auditlog.Catalog{}
	for i := range 25 {
		catalog.Users = append(catalog.Users, auditlog.Actor{ID: auditlog.ID(fmt.Sprint(i + 1)), Name: "Same\x1b[31m \"Name\nIgnore"})
	}
	_, err := question.MatchActor(catalog, "same", nil)
	var nameError *question.NameError
	require.ErrorAs(t, err, &nameError)
	assert.Len(t, nameError.Candidates, 10)
	assert.Equal(t, 15, nameError.More)
	assert.Equal(t, `"Same \"Name Ignore" (id 1)`, nameError.Candidates[0])
	assert.Contains(t, err.Error(), "fits 25 people")
	assert.Contains(t, err.Error(), "and 15 more: pass the id")

	_, err = question.MatchActor(catalog, "nobody\x1b[2J\nlike\u202e that", nil)
	assert.Contains(t, err.Error(), `no actor "nobody like that"`)
}

func TestMatchTeam(t *testing.T) {
	t.Parallel()
	for want, id := range map[string]auditlog.ID{
		"12": "12", "marketing": "10", "EMEA": "11", "fin": "12", "muller": "13", "son": "13", "999": "999", "marketing e": "11",
	} {
		team, err := question.MatchTeam(people(), want)
		require.NoError(t, err, want)
		assert.Equal(t, id, team.ID, want)
	}
	_, err := question.MatchTeam(people(), "mark")
	require.EqualError(t, err, `team "mark" fits 2 teams: "Marketing" (id 10), "Marketing EMEA" (id 11): pass the id`)
	_, err = question.MatchTeam(people(), "Finanse")
	require.ErrorContains(t, err, `no team "Finanse"; nearest: "Finance" (id 12)`)
	require.ErrorContains(t, err, "accepted: an id, a name")
}

func TestMatchEvents(t *testing.T) {
	t.Parallel()
	catalog := &auditlog.Catalog{Events: []auditlog.Event{
		{Value: "webhook_created", Label: "Webhook created", Category: "Webhooks"},
		{Value: "webhook_deleted", Label: "Webhook deleted", Category: "Webhooks"},
		{Value: "connection_deleted", Label: "Connection deleted", Category: "Connections"},
		{Value: "connection_deleted", Label: "Connection deleted", Category: "Everything"},
		{Value: "key_created", Label: "Key created", Category: "Keys"},
		{Value: "uživatel.smazán", Label: "", Category: ""},
	}}
	values := func(events []auditlog.Event) (values []string) {
		for _, e := range events {
			values = append(values, string(e.Value))
		}
		return values
	}
	for want, fits := range map[string][]string{
		"webhook_created":    {"webhook_created"},
		"WEBHOOK_Created":    {"webhook_created"},
		"Connection deleted": {"connection_deleted"},
		"webhooks":           {"webhook_created", "webhook_deleted"},
		"*_deleted":          {"webhook_deleted", "connection_deleted"},
		"webhook_*":          {"webhook_created", "webhook_deleted"},
		"WEB*ED":             {"webhook_created", "webhook_deleted"},
		"k?y_*":              {"key_created"},
		"uzivatel.*":         {"uživatel.smazán"},
		"*":                  {"webhook_created", "webhook_deleted", "connection_deleted", "key_created", "uživatel.smazán"},
	} {
		events, err := question.MatchEvents(catalog, want)
		require.NoError(t, err, want)
		assert.Equal(t, fits, values(events), want)
	}
	for want, says := range map[string]string{
		"webhook_craeted": `no event "webhook_craeted"; nearest: "webhook_created" ("Webhook created")`,
		"*_exploded":      `no event "*_exploded"`,
		"webhook_[cd]*":   "no event",
		"":                `no event ""`,
		"bananas":         `no event "bananas"; accepted: a value, a label, a whole category or a pattern`,
	} {
		_, err := question.MatchEvents(catalog, want)
		var nameError *question.NameError
		require.ErrorAs(t, err, &nameError, want)
		assert.Contains(t, err.Error(), says)
		assert.Contains(t, err.Error(), "or a pattern")
	}
}

// A pattern made by putting wildcards into a value always fits that value.
func TestMatchEventsFitsAnyPatternMadeFromAValue(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewSource(1))
	const value = "abab_aab_created"
	catalog := &auditlog.Catalog{Events: []auditlog.Event{{Value: value}}}
	for range 2_000 {
		var pattern strings.Builder
		for i := 0; i < len(value); i++ {
			switch random.Intn(4) {
			case 0:
				pattern.WriteByte('?')
			case 1:
				pattern.WriteByte('*')
				i += random.Intn(4) - 1
			default:
				pattern.WriteByte(value[i])
			}
		}
		if strings.ContainsAny(pattern.String(), "*?") {
			_, err := question.MatchEvents(catalog, pattern.String())
			require.NoError(t, err, pattern.String())
		}
	}
	// Many stars must not take exponential time.
	_, err := question.MatchEvents(catalog, strings.Repeat("*a", 100)+"z")
	require.Error(t, err)
}

func FuzzMatch(f *testing.F) {
	f.Add("Jan", "Jan Novák", "jan@x.example", "1")
	f.Add("*a?", "\x1b[31m", "@", "")
	f.Fuzz(func(t *testing.T, want, name, address, id string) {
		catalog := &auditlog.Catalog{
			Users: []auditlog.Actor{{ID: auditlog.ID(id), Name: auditlog.Text(name), Email: auditlog.Text(address)},
				{ID: "2", Name: "Eve"}},
			Teams:  []auditlog.Ref{{ID: auditlog.ID(id), Name: auditlog.Text(name)}},
			Events: []auditlog.Event{{Value: auditlog.Text(name), Label: auditlog.Text(address)}},
		}
		_, actorErr := question.MatchActor(catalog, want, nil)
		_, teamErr := question.MatchTeam(catalog, want)
		_, eventErr := question.MatchEvents(catalog, want)
		for _, err := range []error{actorErr, teamErr, eventErr} {
			if err != nil {
				require.Equal(t, -1, strings.IndexFunc(err.Error(), logtest.IsUnwelcome), "%+q", err.Error())
			}
		}
		// Whoever has an id and a visible name is found by it, or it says who else fits.
		if id != "" && id != "2" && auditlog.Fold(auditlog.Text(name).Clean()) != "" {
			_, err := question.MatchTeam(catalog, name)
			require.NoError(t, err, "%+q", name)
		}
	})
}

func TestNearestAddressesAreToldByWhatStandsBeforeTheDomain(t *testing.T) {
	t.Parallel()
	catalog := &auditlog.Catalog{Users: []auditlog.Actor{
		{ID: "1", Name: "Lucie Marešová", Email: "lucie.maresova@acme.example"},
		{ID: "2", Name: "Bob Stone", Email: "bob@acme.example"},
	}}
	_, err := question.MatchActor(catalog, "lucie.maresov@acme.example", nil)
	require.ErrorContains(t, err, `nearest: "Lucie Marešová"`)
	require.NotContains(t, err.Error(), "Bob")
	for _, nobody := range []string{"zzzzzz@acme.example", "@acme.example", "@"} {
		_, err = question.MatchActor(catalog, nobody, nil)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "nearest", nobody)
	}
}

func TestEventsAreFoundByWhatPeopleCallThem(t *testing.T) {
	t.Parallel()
	catalog := &auditlog.Catalog{}
	for value, category := range map[string]string{
		"two_factor_authentication_enforcement_enabled": "Two-factor authentication enforcement", "key_created": "Keys",
		"data_store_created": "Data Store", "data_store_record_created": "Data Store Records", "webhook_created": "Webhooks",
		"organization_variable_created": "Organization Variables", "function_created": "Functions", "team_created": "Team",
	} {
		catalog.Events = append(catalog.Events, auditlog.Event{Value: auditlog.Text(value), Category: auditlog.Text(category)})
	}
	for value, names := range map[auditlog.Text][]string{
		"two_factor_authentication_enforcement_enabled": {"2fa", "2FA", "mfa", "MFA", "tfa", "two_factor", "two-factor", "Two factor", "2-factor",
			"two-factor authentication", "multi-factor authentication", "multifactor auth", "two-step verification",
			"2fa enforcement", "2FA events"},
		"key_created":                   {"api key", "API keys", "api_key", "apikey", "key"},
		"data_store_created":            {"data store", "data stores", "datastore", "Datastores", "data-store"},
		"data_store_record_created":     {"data store record", "datastore records"},
		"webhook_created":               {"webhook", "hook", "hooks", "webhook events"},
		"organization_variable_created": {"org variable", "organisation variables"},
		"function_created":              {"custom function", "custom functions"},
		"team_created":                  {"teams"},
	} {
		for _, name := range names {
			events, err := question.MatchEvents(catalog, name)
			require.NoError(t, err, name)
			require.Len(t, events, 1, name)
			assert.Equal(t, value, events[0].Value, name)
			kind, _, err := question.MatchKind(catalog, name)
			require.NoError(t, err, name)
			assert.Equal(t, events[0].Category, kind, name)
		}
	}
	for _, nothing := range []string{"authentication", "events", "data", "variable", "2fa3", "sso", "api"} {
		_, err := question.MatchEvents(catalog, nothing)
		require.ErrorContains(t, err, "no event", nothing)
	}
	catalog.Events = append(catalog.Events, auditlog.Event{Value: "sso_enabled", Category: "Single sign-on"})
	for _, name := range []string{"sso", "SSO", "saml", "single sign on", "single sign-on"} {
		events, err := question.MatchEvents(catalog, name)
		require.NoError(t, err, name)
		assert.Equal(t, auditlog.Text("sso_enabled"), events[0].Value, name)
	}
}

func TestAnEventThatFitsNothingNamesTheNearestCategoryAsWellAsValues(t *testing.T) {
	t.Parallel()
	catalog := kinds()
	for range 15 {
		catalog.Events = append(catalog.Events, auditlog.Event{Value: auditlog.Text(fmt.Sprintf("webhook_x%d", len(catalog.Events)))})
	}
	catalog.Events = append(catalog.Events, auditlog.Event{Value: "enforcement_on", Category: "Two-factor authentication enforcement"})
	for want, says := range map[string]string{
		"2fa_*":            `nearest: the category "Two-factor authentication enforcement"`,
		"mfa*":             `nearest: the category "Two-factor authentication enforcement"`,
		"*two_factor*":     `nearest: the category "Two-factor authentication enforcement"`,
		"hooks_*":          `nearest: the category "Webhooks"`,
		"webhok":           `the category "Webhooks"`,
		"*webhook_craeted": `the category "Webhooks" and 8 more`,
		"gizmo_*d_twice":   `nearest: "gizmo_deleted", "gizmo_created"; accepted`,
	} {
		_, err := question.MatchEvents(catalog, want)
		require.ErrorContains(t, err, "no event", want)
		assert.Contains(t, err.Error(), says, want)
	}
}

func kinds() *auditlog.Catalog {
	return &auditlog.Catalog{Events: []auditlog.Event{
		{Value: "webhook_created", Label: "Webhook created", Category: "Webhooks"},
		{Value: "webhook_deleted", Category: "Webhooks"},
		{Value: "team_created", Category: "Team"},
		{Value: "team_member_removed", Category: "Team"},
		{Value: "team_variable_created", Category: "Team Variables"},
		{Value: "organization_variable_created", Category: "Organization Variables"},
		{Value: "data_store_created", Category: "Data Store"},
		{Value: "data_store_record_created", Category: "Data Store Records"},
		{Value: "gizmo_created"}, // the catalog gives it no category
		{Value: "gizmo_deleted"},
		{Value: "odd", Category: "Ödd \u202ethings"},
	}}
}

func TestAKindIsTheEventsCategoryOrThatOfItsLike(t *testing.T) {
	t.Parallel()
	for event, want := range map[auditlog.Text]auditlog.Text{
		"webhook_created":      "Webhooks",
		"webhook_paused":       "Webhooks", // not in the catalog
		"team_variable_pruned": "Team Variables",
		"data_store_emptied":   "Data Store",
		"gizmo_created":        "gizmo",
		"rocket_launched":      "rocket",
		"launched":             "launched",
		"_x":                   "_x",
		"":                     "",
	} {
		assert.Equal(t, want, kinds().Kind(event), "%q", event)
	}
	assert.Empty(t, kinds().Event("webhook_paused").Category, "only Make says what belongs to a category")
	assert.Empty(t, kinds().Event("gizmo_created").Category)
}

func TestEveryKindIsFoundByItsOwnName(t *testing.T) {
	t.Parallel()
	for _, event := range kinds().Events {
		kind := kinds().Kind(event.Value)
		for _, want := range []string{string(kind), strings.ToUpper(string(kind)), "  " + string(kind) + " "} {
			got, events, err := question.MatchKind(kinds(), want)
			require.NoError(t, err, want)
			assert.Equal(t, kind, got)
			assert.Contains(t, events, event)
		}
	}
}

func TestKindsAreFoundByABeginning(t *testing.T) {
	t.Parallel()
	for want, kind := range map[string]auditlog.Text{
		"webhook": "Webhooks", "web": "Webhooks", "team": "Team", "team var": "Team Variables", "organization": "Organization Variables",
		"data store": "Data Store", "data store r": "Data Store Records", "records": "Data Store Records", "odd": "Ödd \u202ethings",
		"GIZ": "gizmo",
	} {
		got, events, err := question.MatchKind(kinds(), want)
		require.NoError(t, err, want)
		assert.Equal(t, kind, got, want)
		assert.NotEmpty(t, events)
	}
}

func TestUnknownAndDoubtfulKindsAreErrorsThatNameKinds(t *testing.T) {
	t.Parallel()
	for want, says := range map[string][]string{
		"variables": {"fits 2 kinds", "Team Variables", "Organization Variables", "whole category"},
		"rocket":    {`no kind "rocket"`, "there are", "Webhooks", "accepted: a category"},
		"":          {`no kind ""`},
		"\u202e":    {"no kind"},
	} {
		_, _, err := question.MatchKind(kinds(), want)
		var wrong *question.NameError
		require.ErrorAs(t, err, &wrong, want)
		for _, part := range says {
			require.ErrorContains(t, err, part)
		}
		assert.NotContains(t, err.Error(), "\u202e", "text of others is cleaned")
	}
}

func TestAnEventUnderTwoCategoriesIsOfBothKinds(t *testing.T) {
	t.Parallel()
	catalog := kinds()
	catalog.Events = append(catalog.Events, auditlog.Event{Value: "data_store_record_created", Category: "Data Store"})
	for want, count := range map[string]int{"data store": 2, "data store records": 1} {
		_, events, err := question.MatchKind(catalog, want)
		require.NoError(t, err)
		assert.Len(t, events, count, want)
	}
}

func TestWhatWasNotOnMakesListIsSaidOfThatDay(t *testing.T) {
	t.Parallel()
	for says, names := range map[string][]string{
		"Make's list of 2026-03-04 does not have logins and sessions, nor has the organization's catalog anything called so; but Make's list of " +
			"people": {"login", "Logins", "user_login", "log in", "*sign-in*", "failed logins", "signed in", "sessions"},
		"2026-03-04 does not have IP addresses":         {"IP", "ip address", "IPs"},
		"2026-03-04 does not have scenario runs":        {"scenario_run", "runs", "executions"},
		"2026-03-04 does not have creation of API":      {"api token"},
		"credential_request_* is a trace of access":     {"invited", "user invitations", "guest"},
		"2026-03-04 does not have single sign-on":       {"SSO", "saml", "single sign-on"},
		"2026-03-04 does not have custom roles":         {"custom role", "custom_roles"},
		"2026-03-04 does not have custom apps":          {"custom app"},
		"2026-03-04 does not have AI and on-prem agent": {"ai agents", "agent"},
		"2026-03-04 does not have MCP toolboxes":        {"mcp", "toolboxes"},
	} {
		for _, want := range names {
			assert.Contains(t, question.NotListedHint(kinds(), want), says, want)
			_, err := question.MatchEvents(kinds(), want)
			require.ErrorContains(t, err, says, want)
			assert.NotContains(t, err.Error(), "not in the log", want)
		}
	}
	for _, want := range []string{"webhook", "shipment", "tripped", "running shoes", "catalog", "", "pruned", "ssot", "role", "app"} {
		assert.Empty(t, question.NotListedHint(kinds(), want), want)
	}
}

func TestWhatTheCatalogHasIsAskedForWhateverMakesListHad(t *testing.T) {
	t.Parallel()
	catalog := kinds()
	catalog.Events = append(catalog.Events,
		auditlog.Event{Value: "user_signed_in", Label: "User signed in", Category: "Access"},
		auditlog.Event{Value: "user_login_failed", Category: "Access"}, auditlog.Event{Value: "x17", Label: "Organization user invited"},
		auditlog.Event{Value: "ai_agent_updated"}, auditlog.Event{Value: "scenario_run_started", Category: "Scenarios"})
	for want, values := range map[string][]auditlog.Text{
		"login": {"user_signed_in", "user_login_failed"}, "Logins": {"user_signed_in", "user_login_failed"},
		"user sign-in": {"user_signed_in", "user_login_failed"}, "failed logins": {"user_login_failed"}, "invitations": {"x17"},
		"AI agents": {"ai_agent_updated"}, "scenario runs": {"scenario_run_started"}, "*login*": {"user_login_failed"},
	} {
		events, err := question.MatchEvents(catalog, want)
		require.NoError(t, err, want)
		var got []auditlog.Text
		for _, event := range events {
			got = append(got, event.Value)
		}
		assert.Equal(t, values, got, want)
		assert.Empty(t, question.NotListedHint(catalog, want), want)
	}
	for _, want := range []string{"admin login", "login*", "invited guests from outside"} {
		_, err := question.MatchEvents(catalog, want)
		require.ErrorContains(t, err, "no event", want)
		require.NotContains(t, err.Error(), "does not have", want)
	}
	_, err := question.MatchEvents(catalog, "admin login")
	require.ErrorContains(t, err, `nearest: "user_signed_in"`, "what is about it comes first")
	_, err = question.MatchEvents(catalog, "api token")
	require.ErrorContains(t, err, "does not have creation of API tokens")
}
