package redact_test

import (
	"encoding/json"
	"strings"
	"testing"

	"make-audit-mcp/internal/redact"
)

// BenchmarkDetails measures what cleaning one entry's details costs: an ordinary entry, one with texts that have something inside, and the
// largest that is looked at.
func BenchmarkDetails(b *testing.B) {
	for name, raw := range map[string]string{
		"ordinary": `{"webhookName":"Webhook from John Doe","webhookType":"http","teamId":4721,"apiKey":"k3y","enabled":true}`,
		"texts": `{"url":"https://api.example.com/v1/orders?page=2&key=abc123","headers":[{"name":"Authorization",` +
			`"value":"Bearer abc123def"},` +
			`{"name":"Accept","value":"*/*"}],"note":"Please rotate the token of the shop before Friday, thanks",` +
			`"json":"{\"a\":{\"password\":\"p\"}}"}`,
		"huge": `{"text":"` + strings.Repeat("token=abc, key: {x} -p <a> https://u:p@h/ ", 5_000) + `"}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _, _ = redact.Details(json.RawMessage(raw), "webhook_updated")
			}
		})
	}
}
