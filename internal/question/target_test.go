package question_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
)

func TestObjectsAreMeantByNameOrTheBeginningOfAWord(t *testing.T) {
	t.Parallel()
	meant := func(want string, named ...auditlog.NamedTarget) auditlog.Text {
		asked, err := overArchive(time.Time{}, named...).Resolve(t.Context(), question.Filter{TargetID: want}, 7)
		require.NoError(t, err, want)
		return asked.Query.TargetID
	}
	sync := auditlog.NamedTarget{ID: "7", Object: "scenario", Name: "Invoice sync"}
	for want, fits := range map[string]bool{"Invoice sync": true, "invoice SYNC": true, "sync": true, "inv": true, "nvoice": false,
		"ínvoice": true} {
		assert.Equal(t, fits, meant(want, sync) == "7", want)
	}
	longer := auditlog.NamedTarget{ID: "8", Object: "scenario", Name: "Invoice sync of old"}
	assert.Equal(t, auditlog.Text("7"), meant("invoice sync", longer, sync), "the whole name before a beginning")
	assert.Equal(t, auditlog.Text("12"), meant("12", auditlog.NamedTarget{ID: "7", Name: "12 orders"}), "a number stands for an id")
	assert.Equal(t, auditlog.Text("7"), meant("12", auditlog.NamedTarget{ID: "7", Name: "12"}))
}

func TestOneObjectIsChosenAmongThoseOfAName(t *testing.T) {
	t.Parallel()
	sync := auditlog.NamedTarget{ID: "7", Object: "scenario", Name: "Invoice sync"}
	target, ok, err := question.MatchTarget("sync", []auditlog.NamedTarget{sync, {ID: "7", Object: "scenario", Name: "Sync of old"}}, nil)
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Equal(t, sync, target)
	_, ok, err = question.MatchTarget("x", nil, nil)
	require.NoError(t, err)
	assert.False(t, ok, "then it is taken for an id")
	_, _, err = question.MatchTarget("sync", []auditlog.NamedTarget{sync, {ID: "9", Object: "data_store", Name: "sync\u202e"}}, nil)
	var doubtful *question.NameError
	require.ErrorAs(t, err, &doubtful)
	assert.EqualError(t, err, `object "sync" fits 2 objects: 7 "Invoice sync" (scenario), 9 "sync" (data store): pass the id`)
}

func TestAnObjectIsOfTheKindThatIsAskedFor(t *testing.T) {
	t.Parallel()
	among := []auditlog.NamedTarget{{ID: "7", Object: "scenario", Name: "Invoices"}, {ID: "7", Object: "webhook", Name: "Invoices"}}
	target, ok, err := question.MatchTarget("invoices", among, []auditlog.Event{{Value: "key_deleted"}, {Value: "webhook_deleted"}})
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Equal(t, among[1], target)
	_, _, err = question.MatchTarget("invoices", among[:1], []auditlog.Event{{Value: "webhook_deleted"}})
	assert.EqualError(t, err, `no object "invoices"; nearest: 7 "Invoices" (scenario); that is of another kind than event or kind asks for: leave them out, or pass those of the object that is meant`)
}
