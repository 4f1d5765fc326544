package display

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"make-audit-mcp/internal/auditlog"
)

// maxCell bounds a text that is shown, in characters: details may be long.
const maxCell = 2000

// clean makes a text fit for a terminal. The server has done so; nothing here relies on that.
func clean(text string) string { return auditlog.Text(text).VisibleTo(maxCell) }

// cell is a value as it is shown.
type cell struct {
	text  string
	style style
	value float64 // that a bar stands for
}

// at is a value of a row.
func at(row gjson.Result, path string) gjson.Result {
	if path == "@this" {
		return row
	}
	return row.Get(path)
}

// cell writes a value. twice are the names that several ids have, sign what stands in front of numbers.
func (s *Screen) cell(c *column, row gjson.Result, twice map[string]bool, sign string) cell {
	value := at(row, c.path)
	if !value.Exists() || value.Type == gjson.Null {
		return cell{}
	}
	switch c.kind {
	case address:
		name, id := nameOf(value), clean(value.Get("id").String())
		if id != "" && twice[name] && name != id {
			name += " (" + id + ")"
		}
		return cell{text: name, style: c.style}
	case number:
		return cell{text: sign + grouped(value), style: c.style}
	case change:
		return changeCell(value, sign)
	case bar:
		return cell{value: value.Float(), style: cyan}
	case minute, second, day:
		return cell{text: instant(value.String(), c.kind), style: c.style}
	case severity:
		return cell{text: clean(value.String()), style: severityStyle(value.String())}
	case status:
		return cell{text: clean(value.String()), style: statusStyle(value.String())}
	case yes:
		if value.Bool() {
			return cell{text: "yes", style: c.style}
		}
		return cell{text: "no", style: yellow}
	case changes:
		return cell{text: s.changed(value)}
	case version:
		from, to := clean(value.Get("from").String()), clean(value.Get("to").String())
		return cell{text: strings.TrimSpace(from + s.arrow() + to)}
	case powers:
		return cell{text: usedPowers(value, sign)}
	case data:
		return cell{text: clean(value.Raw)}
	case text, whole, ref, list, missing, somebody, span, sample:
	}
	return cell{text: words(value), style: c.style}
}

// words is any value in a line.
func words(value gjson.Result) string {
	switch {
	case value.IsArray():
		var parts []string
		for _, item := range value.Array() {
			parts = append(parts, words(item))
		}
		return strings.Join(parts, ", ")
	case value.IsObject():
		if value.Get("name").Exists() {
			if role := value.Get("role"); role.Exists() {
				return nameOf(value) + ": " + clean(role.String())
			}
			return nameOf(value)
		}
		var parts []string
		value.ForEach(func(key, field gjson.Result) bool {
			parts = append(parts, clean(key.String())+" "+words(field))
			return true
		})
		return strings.Join(parts, ", ")
	case value.Type == gjson.True:
		return "yes"
	case value.Type == gjson.False:
		return "no"
	case value.Type == gjson.Null:
		return ""
	case value.Type == gjson.Number:
		return clean(value.Raw)
	}
	return clean(value.String())
}

// nameOf is how an object is called: by its name, else by its address or id.
func nameOf(value gjson.Result) string {
	if !value.IsObject() {
		return words(value)
	}
	for _, field := range []string{"name", "email", "id"} {
		if name := clean(value.Get(field).String()); name != "" {
			return name
		}
	}
	return "none"
}

// instant is a time as the answer's zone has it, which the answer's head names.
func instant(text string, to kind) string {
	const days, minutes, seconds = len("2006-01-02"), len("2006-01-02T15:04"), len("2006-01-02T15:04:05")
	length := map[kind]int{day: days, minute: minutes, second: seconds}[to]
	if len(text) < length || len(text) < seconds && to != day {
		return clean(text)
	}
	return clean(strings.Replace(text[:length], "T", " ", 1))
}

// grouped is a number of which people see how large it is.
func grouped(value gjson.Result) string {
	digits := clean(value.Raw)
	if value.Type != gjson.Number || strings.Trim(digits, "-0123456789") != "" {
		return words(value)
	}
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for place := len(digits) - 3; place > 0; place -= 3 {
		digits = digits[:place] + "," + digits[place:]
	}
	return sign + digits
}

func changeCell(value gjson.Result, sign string) cell {
	text := grouped(value)
	switch number := value.Float(); {
	case number > 0:
		return cell{text: sign + "+" + text, style: yellow}
	case number < 0:
		return cell{text: sign + text, style: cyan}
	}
	return cell{text: sign + text}
}

func severityStyle(text string) style {
	switch text {
	case "critical", "high":
		return red
	case "medium":
		return yellow
	}
	return faint
}

func statusStyle(text string) style {
	switch text {
	case "gone":
		return red
	case "dormant":
		return yellow
	case "new":
		return cyan
	}
	return green
}

// changed tells fields that changed.
func (s *Screen) changed(value gjson.Result) string {
	var parts []string
	for _, item := range value.Array() {
		from, to := item.Get("from"), item.Get("to")
		part := clean(item.Get("field").String()) + ": "
		if from.Exists() {
			part += words(from) + s.arrow()
		}
		if to.Type == gjson.Null {
			part += "nothing"
		} else {
			part += words(to)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

// usedPowers tells what somebody made and changed.
func usedPowers(value gjson.Result, sign string) string {
	var parts []string
	for _, item := range value.Array() {
		count := item.Get("made").Int() + item.Get("changed").Int()
		parts = append(parts, clean(item.Get("object").String())+" "+sign+strconv.FormatInt(count, 10))
	}
	return strings.Join(parts, ", ")
}
