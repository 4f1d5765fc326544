package redact_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/redact"
)

func TestANameThatDetailsWouldMaskIsNotShown(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind, name auditlog.Text
		isShown    bool
	}{
		{"webhook", "Orders", true}, {"webhook", "**Orders** [x](https://x.example)", true}, {"key", "Stripe", true},
		{"credential_request", "CRM", true}, {"organization_variable", "API_KEY", true}, {"", "Orders", true},
		{"webhook", "Bearer q7Rk2xLw9", false}, {"webhook", "Be\x1b[0marer q7Rk2xLw9", false},
		{"connection", "https://ada:pw@acme.example/", false}, {"webhook", `{"password":"x"}`, false},
		{"token", "mine", true}, {"api_token", "mine", true}, {"webhook", "\u202e\u200b \t", false}, {"webhook", "", false},
	} {
		want := test.name
		if !test.isShown {
			want = ""
		}
		assert.Equal(t, want, redact.Name(test.kind, test.name), "%q", string(test.name))
	}
}
