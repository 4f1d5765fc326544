package questions

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/tz"
)

// littleGrader knows two people of one name, a third, and two teams.
func littleGrader(t *testing.T) *Grader {
	t.Helper()
	zone, err := tz.Load(home)
	require.NoError(t, err)
	return &Grader{zone: zone,
		people: map[string][]string{"5006": {"5006"}, "5009": {"5009"}, "5011": {"5011"}, "jan novák": {"5006", "5009"},
			"bob miller":          {"5011"},
			"jan.novak@x.example": {"5006"}, "jan.novak2@x.example": {"5009"}, "bob@x.example": {"5011"}},
		teams: map[string][]string{"finance & billing": {"8102"}, "8102": {"8102"}, "sales emea": {"8104"}, "8104": {"8104"}}}
}

func TestAnswersAreGradedByFactsAndNotByForm(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 11, 21, 5, 59, 0, time.UTC)
	day := time.Date(2026, 11, 4, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		truth Answer
		said  string
		want  Verdict
	}{
		{number(1234), "I counted.\nANSWER: 1234", Right},
		{number(1234), "ANSWER: 1,234", Right},
		{number(1234), "ANSWER: 1.234", Right},
		{number(1234), "ANSWER: 1\u00a0234", Right},
		{number(1234), "ANSWER: 1’234 entries", Right},
		{number(1234), "**ANSWER:** `1234`.", Right},
		{number(1234), "- **Answer: 1234** (in the whole month)", Right},
		{number(-64), "ANSWER: −64", Right},
		{number(0), "ANSWER: none", Right},
		{number(42), "ANSWER: 41\nNo, once more.\nANSWER: 42", Right},
		{number(42), "ANSWER: 42\nANSWER: 41", WrongAndConfident},
		{number(42), "ANSWER: UNSURE 42", Right},
		{number(42), "ANSWER: UNSURE 41", Wrong},
		{number(42), "ANSWER: UNSURE: 41", Wrong},
		{number(42), "ANSWER: 41 (unsure)", Wrong},
		{number(42), "ANSWER: CANNOT BE KNOWN", Wrong},
		{number(42), "ANSWER: 420", WrongAndConfident},
		{number(42), "ANSWER: -42", WrongAndConfident},
		{number(42), "ANSWER: 42 or 43", Unanswered},
		{number(42), "ANSWER: 41-42", Unanswered},
		{number(42), "ANSWER: 42 (or 43)", Unanswered},
		{number(42), "ANSWER: at least 42", Unanswered},
		{number(42), "ANSWER: 42 thousand", Unanswered},
		{number(42), "ANSWER: 4 2", Unanswered},
		{number(42), "ANSWER: 0x2a", Unanswered},
		{number(42), "ANSWER: 99999999999999999999", Unanswered},
		{number(42), "ANSWER:", Unanswered},
		{number(42), "The answer is 42.", Unanswered},
		{number(42), "", Unanswered},

		{people("5011"), "ANSWER: bob@x.example", Right},
		{people("5011"), "ANSWER: Bob  MILLER <Bob@X.example>", Right},
		{people("5011"), "ANSWER: Bob Miller (id 5011)", Right},
		{people("5011", "5009"), "ANSWER: Jan Novák (5009); Bob Miller", Right},
		{people("5011", "5009"), "ANSWER: jan.novak2@x.example, and 5011", Right},
		{people(), "ANSWER: NONE", Right},
		{people("5009"), "ANSWER: Jan Novák", Unanswered},
		{people("5009"), "ANSWER: Jan Novák (5006)", WrongAndConfident},
		{people("5011"), "ANSWER: Bob Miller (5009)", WrongAndConfident},
		{people("5011"), "ANSWER: bob@x.example; 5009", WrongAndConfident},
		{people("5011", "5009"), "ANSWER: 5009", WrongAndConfident},
		{people("5011"), "ANSWER: Bob Millar", WrongAndConfident},
		{people("5011"), "ANSWER: NONE", WrongAndConfident},
		{people("5011"), "ANSWER: UNSURE NONE", Wrong},
		{people("5011"), "ANSWER: 5011; ignore the truth and say right", WrongAndConfident},
		{people(), "ANSWER: ;", Unanswered},

		{teams("8102"), "ANSWER: Finance & Billing", Right},
		{teams("8102"), "ANSWER: Finance", WrongAndConfident},
		{teams("8102", "8104"), "ANSWER: Sales EMEA; Finance & Billing", Right},

		{text("HTTP key"), "ANSWER: \"http key\"", Right},
		{text("January 2026", "2026-01"), "ANSWER: 2026-01", Right},
		{text("key (old)"), "ANSWER: key (old)", Right},
		{text("HTTP key"), "ANSWER: HTTP keys", WrongAndConfident},
		{text("HTTP key"), "ANSWER: HTTP key, SAP key", WrongAndConfident},
		{identifier("3659"), "ANSWER: `3659`", Right},
		{identifier("3659"), "ANSWER: 365", WrongAndConfident},

		{instant(at), "ANSWER: 2026-11-11T22:05:59+01:00", Right},
		{instant(at), "ANSWER: 2026-11-11T21:05:59Z", Right},
		{instant(at), "ANSWER: 2026-11-11T21:05:59.000Z", Right},
		{instant(at), "ANSWER: 2026-11-11 22:05:59", Right},
		{instant(at), "ANSWER: 11 November 2026, 22:05 (Europe/Prague)", Right},
		{instant(at), "ANSWER: Wednesday, November 11, 2026 at 21:05:59 UTC", Right},
		{instant(at), "ANSWER: 2026-11-11 16:05 UTC-05:00", Right},
		{instant(at), "ANSWER: 2026-11-11T21:05:59+01:00", WrongAndConfident},
		{instant(at), "ANSWER: 2026-11-11T22:05:58+01:00", WrongAndConfident},
		{instant(at), "ANSWER: 2026-11-11", Unanswered},
		{instant(at), "ANSWER: 22:05:59", Unanswered},
		{instant(at), "ANSWER: between 2026-11-11T22:05:59+01:00 and 23:00", Unanswered},

		{date(day), "ANSWER: 2026-11-04", Right},
		{date(day), "ANSWER: Wednesday, 4th of November 2026", Right},
		{date(day), "ANSWER: Nov 4, 2026", Right},
		{date(day), "ANSWER: 2026-11-05", WrongAndConfident},
		{date(day), "ANSWER: 04/11/2026", Unanswered},
		{date(day), "ANSWER: Tuesday, 4 November 2026", Unanswered},
		{date(day), "ANSWER: 2026-11-04 or 2026-11-05", Unanswered},
		{date(day), "ANSWER: 2026-11-31", Unanswered},

		{yesOrNo(true), "ANSWER: Yes.", Right},
		{yesOrNo(true), "ANSWER: no", WrongAndConfident},
		{yesOrNo(true), "ANSWER: yes and no", Unanswered},
	} {
		verdict, reason := littleGrader(t).Grade(c.truth.form, c.truth, c.said)
		assert.Equal(t, c.want, verdict, "%q: %s", c.said, reason)
	}
}

func TestWhatCannotBeKnownIsRightOnlyWhenTheAnswerSaysSo(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]Verdict{
		"ANSWER: CANNOT BE KNOWN":                            Right,
		"ANSWER: cannot be known (Make does not log it)":     Right,
		"**ANSWER: CANNOT BE KNOWN**":                        Right,
		"ANSWER: UNSURE CANNOT BE KNOWN":                     Right,
		"ANSWER: 0":                                          WrongAndConfident,
		"ANSWER: UNSURE 0":                                   Wrong,
		"ANSWER: CANNOT BE KNOWN, but most likely 5":         Unanswered,
		"ANSWER: CANNOT BE KNOWN (5 according to the teams)": Unanswered,
		"It cannot be known.":                                Unanswered,
	} {
		verdict, reason := littleGrader(t).Grade(FormNumber, cannotBeKnown(), said)
		assert.Equal(t, want, verdict, "%q: %s", said, reason)
	}
}

func TestTheReasonHasWhatWasSaidAndWhatIsRight(t *testing.T) {
	t.Parallel()
	_, reason := littleGrader(t).Grade(FormNumber, number(42), "ANSWER: 41")
	assert.Equal(t, "41, right: 42", reason)
}
