// Package makeapi is a typed client of Make's Web API v2, as far as the audit log needs it: the five audit-log calls and the calls that
// show what a token may see. It only reads.
//
// The contract:
//
//   - Every method is one call of the API (named in its comment). None pages on its own, except the lists of organizations, teams and
//     users.
//   - Answers are decoded tolerantly: a field that is absent, null, of another type or unknown never fails an answer; a record that cannot
//     be read is counted in [AuditLogPage.Unreadable].
//   - Errors are [*Error] where Make answered, [*ConnectionError] where nothing usable came back, [*BudgetError] where the rate budget
//     leaves no room before the context's deadline. Each says what to do next.
//   - Only what is safe to repeat and may pass is retried: 429, 502, 503, 504 and broken connections, cut answers included.
//   - Every try, retries too, takes its place in the [Budget], because that is what Make counts; only GET /ping does not.
//   - The credential is sent to the base URL's scheme, host and port only: a redirect elsewhere is an error.
//
// Sources: https://developers.make.com/api-documentation and the OpenAPI description that each zone serves at /api/v2/openapi.json.
package makeapi
