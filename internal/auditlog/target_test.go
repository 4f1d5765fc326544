package auditlog_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
)

func TestObjectsAreMeantByNameOrTheBeginningOfAWord(t *testing.T) {
	t.Parallel()
	for want, fits := range map[string][2]bool{
		"Invoice sync": {true, true}, "invoice SYNC": {true, true}, "sync": {false, true}, "inv": {false, true}, "nvoice": {false, false}, "ínvoice": {false, true},
	} {
		exactly, begins := auditlog.NameFits(want, "Invoice sync")
		assert.Equal(t, fits[0], exactly, want)
		assert.Equal(t, fits[1], begins, want)
	}
	_, begins := auditlog.NameFits("12", "12 orders")
	assert.False(t, begins, "a number stands for an id")
	exactly, _ := auditlog.NameFits("12", "12")
	assert.True(t, exactly)
}

func TestOneObjectIsChosenAmongThoseOfAName(t *testing.T) {
	t.Parallel()
	sync := auditlog.NamedTarget{ID: "7", Object: "scenario", Name: "Invoice sync"}
	target, ok, err := auditlog.MatchTarget("sync", []auditlog.NamedTarget{sync, {ID: "7", Object: "scenario", Name: "Sync of old"}}, nil)
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Equal(t, sync, target)
	_, ok, err = auditlog.MatchTarget("x", nil, nil)
	require.NoError(t, err)
	assert.False(t, ok, "then it is taken for an id")
	_, _, err = auditlog.MatchTarget("sync", []auditlog.NamedTarget{sync, {ID: "9", Object: "data_store", Name: "sync\u202e"}}, nil)
	var doubtful *auditlog.NameError
	require.ErrorAs(t, err, &doubtful)
	assert.EqualError(t, err, `object "sync" fits 2 objects: 7 "Invoice sync" (scenario), 9 "sync" (data store): pass the id`)
}

func TestAnObjectIsOfTheKindThatIsAskedFor(t *testing.T) {
	t.Parallel()
	among := []auditlog.NamedTarget{{ID: "7", Object: "scenario", Name: "Invoices"}, {ID: "7", Object: "webhook", Name: "Invoices"}}
	target, ok, err := auditlog.MatchTarget("invoices", among, []auditlog.EventType{{Value: "key_deleted"}, {Value: "webhook_deleted"}})
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Equal(t, among[1], target)
	_, _, err = auditlog.MatchTarget("invoices", among[:1], []auditlog.EventType{{Value: "webhook_deleted"}})
	assert.EqualError(t, err, `no object "invoices"; nearest: 7 "Invoices" (scenario); that is of another kind than event or kind asks for: leave them out, or pass those of the object that is meant`)
}
