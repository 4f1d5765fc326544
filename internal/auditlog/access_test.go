package auditlog_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
)

func TestATeamThatCannotBeSeenIsNamedByItsIDAlone(t *testing.T) {
	t.Parallel()
	access := &auditlog.Access{Reason: "Make said so", Teams: []auditlog.TeamAccess{{Ref: auditlog.Ref{ID: "5", Name: "Ops"}, Readable: true}}}
	organization := auditlog.Ref{ID: "1", Name: "Acme"}
	unseen, seen := auditlog.Ref{ID: "6"}, auditlog.Ref{ID: "7", Name: "Sales"}

	_, _, err := access.TeamsFor(&auditlog.Query{Organization: organization, Teams: []auditlog.Ref{unseen, seen}})
	require.EqualError(t, err,
		`the audit log of organization "Acme" (id 1) cannot be read: this key may not read the log of team 6, 7 "Sales"; Make said so`)
	teams, warnings, err := access.TeamsFor(&auditlog.Query{Organization: organization, Teams: []auditlog.Ref{{ID: "5"}, unseen}})
	require.NoError(t, err)
	assert.Equal(t, []auditlog.Ref{{ID: "5", Name: "Ops"}}, teams)
	assert.Contains(t, warnings, "not readable with this key: team 6")
}
