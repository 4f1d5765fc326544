package questions

import (
	"strconv"
	"strings"
	"time"
)

// Form is what an answer looks like.
type Form string

// The forms.
const (
	FormNumber Form = "number"
	FormPeople Form = "people"
	FormTeams  Form = "teams"
	FormText   Form = "text"
	FormID     Form = "id"
	FormTime   Form = "time"
	FormDate   Form = "date"
	FormYesNo  Form = "yes_no"
)

// hint tells a model the form.
func (f Form) hint() string {
	switch f {
	case FormNumber:
		return "a whole number, such as 17"
	case FormPeople:
		return "people by e-mail address or id, with semicolons between them, such as jane.doe@acme.example; or NONE"
	case FormTeams:
		return "names of teams, with semicolons between them; or NONE"
	case FormText:
		return "the name or word that was asked for and nothing else"
	case FormID:
		return "the id and nothing else"
	case FormTime:
		return "date and time with offset, such as 2026-01-31T09:30:05+01:00"
	case FormDate:
		return "a date, such as 2026-01-31"
	default:
		return "yes or no"
	}
}

// Answer is an answer in one of the forms, or that it cannot be known.
type Answer struct {
	unknown bool
	form    Form
	number  int
	// names are ids of people or teams; of a text or an id all that is right.
	names []string
	at    time.Time
	// toMinute says that a time was told without seconds.
	toMinute bool
	yes      bool
}

func number(n int) Answer         { return Answer{form: FormNumber, number: n} }
func people(ids ...string) Answer { return Answer{form: FormPeople, names: ids} }
func teams(ids ...string) Answer  { return Answer{form: FormTeams, names: ids} }
func text(anyOf ...string) Answer { return Answer{form: FormText, names: anyOf} }
func identifier(id string) Answer { return Answer{form: FormID, names: []string{id}} }
func instant(at time.Time) Answer { return Answer{form: FormTime, at: at} }
func date(at time.Time) Answer    { return Answer{form: FormDate, at: at} }
func yesOrNo(yes bool) Answer     { return Answer{form: FormYesNo, yes: yes} }
func cannotBeKnown() Answer       { return Answer{unknown: true} }

func (a Answer) line() string { return "ANSWER: " + a.String() }

// String is the answer as a model is asked to write it.
func (a Answer) String() string {
	switch {
	case a.unknown:
		return unknownWords
	case a.form == FormNumber:
		return strconv.Itoa(a.number)
	case a.form == FormPeople || a.form == FormTeams:
		if len(a.names) == 0 {
			return noneWord
		}
		return strings.Join(a.names, "; ")
	case a.form == FormText || a.form == FormID:
		return a.names[0]
	case a.form == FormTime:
		return a.at.Format(time.RFC3339)
	case a.form == FormDate:
		return a.at.Format(time.DateOnly)
	case a.yes:
		return "yes"
	default:
		return "no"
	}
}
