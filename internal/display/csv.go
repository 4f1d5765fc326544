package display

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"make-audit-mcp/internal/export"
)

// CSV writes the main list of a tool's result for spreadsheets, as exports are: RFC 4180 behind a byte order mark, a line of names first,
// every cell made safe by [export.Cell]. Times are those of the result. A result of several lists is refused, with the argument that
// chooses one.
func CSV(to io.Writer, tool string, result []byte) error {
	if !gjson.ValidBytes(result) {
		return errors.New("the result is no JSON")
	}
	document := gjson.ParseBytes(result)
	rows, main, err := mainList(layouts(tool), document)
	if err != nil {
		return err
	}
	fields := main.fields(rows)
	if _, err := io.WriteString(to, export.ByteOrderMark); err != nil {
		return err
	}
	lines := csv.NewWriter(to)
	lines.UseCRLF = true
	record := make([]string, len(fields))
	for i := range fields {
		record[i] = fields[i].name
	}
	_ = lines.Write(record) // into the buffer, whose error Flush keeps
	for _, row := range rows {
		for i := range fields {
			if record[i] = fields[i].value(row); !isNumber(record[i]) {
				record[i] = export.Cell(record[i])
			}
		}
		_ = lines.Write(record)
	}
	lines.Flush()
	return lines.Error()
}

// SeveralListsError says that a result has several lists, of which CSV can hold one.
type SeveralListsError struct {
	Lists []string
	// Choose is the argument that chooses one.
	Choose string
}

func (e *SeveralListsError) Error() string {
	return fmt.Sprintf("CSV holds one list, and this result has %s: choose one with %s", strings.Join(e.Lists, ", "), e.Choose)
}

// isNumber reports whether a value is one that no spreadsheet takes for a formula, though it begins with a sign.
func isNumber(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	return digits != "" && strings.Trim(digits, "0123456789") == ""
}

// mainList is what of a result has rows, and its section, with all columns that CSV has.
func mainList(of layout, result gjson.Result) ([]gjson.Result, section, error) {
	var lists []section
	for _, s := range of.sections {
		if s.path == of.csv || of.csv == "" && len(result.Get(s.path).Array()) > 0 {
			lists = append(lists, s)
		}
	}
	switch {
	case len(lists) > 1:
		var names []string
		for _, s := range lists {
			names = append(names, s.path)
		}
		return nil, section{}, &SeveralListsError{Lists: names, Choose: of.choose}
	case len(lists) == 1:
		main := lists[0]
		rows := at(result, main.path).Array()
		if len(rows) == 0 && len(of.alone) > 0 {
			return []gjson.Result{result}, section{columns: of.alone}, nil
		}
		main.columns = slices.Concat(main.columns, main.below)
		return rows, main, nil
	case len(of.sections) > 0:
		return nil, section{columns: of.sections[0].columns}, nil
	}
	// A tool that nothing is known of: its first list of objects, else the result itself.
	var rows []gjson.Result
	result.ForEach(func(_, value gjson.Result) bool {
		if list := value.Array(); value.IsArray() && len(list) > 0 && list[0].IsObject() {
			rows = list
		}
		return rows == nil
	})
	if rows == nil {
		rows = []gjson.Result{result}
	}
	return rows, section{columns: columnsOf(rows)}, nil
}

// field is a column of CSV.
type field struct {
	name  string
	value func(row gjson.Result) string
	bound bound
}

// fields are the columns that CSV of a section has, each name once.
func (s *section) fields(rows []gjson.Result) (fields []field) {
	for i := range s.columns {
		for _, f := range s.columns[i].fields() {
			isThere := slices.ContainsFunc(rows, func(row gjson.Result) bool { return f.value(row) != "" })
			isNew := !slices.ContainsFunc(fields, func(other field) bool { return other.name == f.name })
			if isNew && (isThere || !s.columns[i].asked) {
				f.bound = s.columns[i].bound
				fields = append(fields, f)
			}
		}
	}
	return fields
}

// fields are what a column of a table is in CSV: of somebody, the id and the address have columns of their own.
func (c *column) fields() []field {
	name := c.name
	if name == "" {
		name = strings.ReplaceAll(strings.TrimPrefix(c.path, "key."), ".", "_")
	}
	inside := func(part string) field {
		partName := name + "_" + part
		if c.path == "@this" {
			partName = part
		}
		return field{name: partName, value: func(row gjson.Result) string { return at(row, c.path).Get(part).String() }}
	}
	switch c.kind {
	case bar:
		return nil
	case ref, address:
		named := inside("name")
		if c.path != "@this" {
			named.name = name
		}
		fields := []field{inside("id"), named}
		if c.kind == address {
			fields = append(fields, inside("email"))
		}
		return fields
	case version:
		return []field{inside("from"), inside("to")}
	case list, powers, changes:
		// Names alone, as in tables: what people filter by.
		return []field{{name: name, value: func(row gjson.Result) string { return (&Screen{ASCII: true}).cell(c, row, nil, "").text }}}
	}
	return []field{{name: name, value: func(row gjson.Result) string { return written(at(row, c.path)) }}}
}

// written is a value for programs: texts and numbers as they are, lists of them in a line, everything else as JSON.
func written(value gjson.Result) string {
	isPlain := !slices.ContainsFunc(value.Array(), func(item gjson.Result) bool { return item.IsObject() || item.IsArray() })
	if value.IsArray() && isPlain {
		var parts []string
		for _, item := range value.Array() {
			parts = append(parts, item.String())
		}
		return strings.Join(parts, ", ")
	}
	return value.String()
}
