package auditlog_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
)

func TestIDsAreNumbersInJSONWhereTheyAreNumbers(t *testing.T) {
	t.Parallel()
	for id, want := range map[auditlog.ID]string{
		"42": "42", "0": "0", "": "null", "007": `"007"`, "-3": `"-3"`, "abc": `"abc"`, "1e3": `"1e3"`,
		"9007199254740992": "9007199254740992", "9007199254740993": `"9007199254740993"`, "a\u202eb": `"ab"`,
	} {
		got, err := json.Marshal(id)
		require.NoError(t, err)
		assert.Equal(t, want, string(got), "id %q", id)
	}
}

func TestIDsComeBackAsTheyWent(t *testing.T) {
	t.Parallel()
	for _, id := range []auditlog.ID{"42", "", "007", "abc"} {
		data, err := json.Marshal(id)
		require.NoError(t, err)
		var back auditlog.ID
		require.NoError(t, json.Unmarshal(data, &back))
		assert.Equal(t, id, back)
	}
	var id auditlog.ID
	assert.Error(t, json.Unmarshal([]byte(`{"id":1}`), &id))
}

func TestIDsSortByValueAndNumbersFirst(t *testing.T) {
	t.Parallel()
	ids := []auditlog.ID{"b", "10", "9", "a", "100"}
	slices.SortFunc(ids, auditlog.ID.Compare)
	assert.Equal(t, []auditlog.ID{"9", "10", "100", "a", "b"}, ids)
}

func TestEntriesSortNewestFirstThenByUUID(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	entries := []*auditlog.Entry{{UUID: "b", TriggeredAt: at}, {UUID: "z", TriggeredAt: at.Add(-time.Second)}, {UUID: "a", TriggeredAt: at},
		{UUID: "m", TriggeredAt: at.Add(time.Millisecond)}}
	slices.SortFunc(entries, auditlog.CompareNewestFirst)
	var order string
	for _, entry := range entries {
		order += entry.UUID
	}
	assert.Equal(t, "mabz", order)

	behind := auditlog.Position{TriggeredAt: at, UUID: "a"}
	assert.False(t, behind.IsBefore(entries[0]))
	assert.False(t, behind.IsBefore(entries[1]), "the position itself")
	assert.True(t, behind.IsBefore(entries[2]))
	assert.True(t, behind.IsBefore(entries[3]))
}
