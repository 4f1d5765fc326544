package export

import (
	"encoding/csv"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"make-audit-mcp/internal/auditlog"
)

// maxCellRunes keeps a cell within the 32,767 UTF-16 units that Excel's may have ("Excel specifications and limits",
// support.microsoft.com), however each character is written.
const maxCellRunes = 16_000

// ByteOrderMark begins CSV: without it, Excel takes the system's code page. LibreOffice and Google Sheets take it as well.
const ByteOrderMark = "\ufeff"

// newCSV writes entries for people with a spreadsheet: UTF-8 with a byte order mark, commas, lines that end in CR LF as RFC 4180 has it, a
// header, times in RFC 3339 UTC. What is absent is an empty cell. Every cell is cleaned, see [Cell]; spreadsheets may still show long
// numbers their own way. How many cells that changed is counted; NDJSON is the faithful form.
func newCSV(to io.Writer, options Options, changed *int) func(*auditlog.Entry) error {
	// Hidden, or rows would flush the buffer that they are given as theirs.
	rows := csv.NewWriter(struct{ io.Writer }{to})
	rows.UseCRLF = true
	// Into the buffer, whose error the next write or flush returns.
	if !options.Continued {
		_, _ = io.WriteString(to, ByteOrderMark)
		_ = rows.Write([]string{
			"uuid", "triggered_at", "created_at", "organization_id", "organization", "team_id", "team", "event", "category",
			"actor_id", "actor", "actor_email", "target_id", "version_from", "version_to", "details",
		})
		rows.Flush()
	}
	return func(e *auditlog.Entry) error {
		row := rowOf(e, &options)
		for i := range row {
			safe := Cell(row[i])
			if safe != row[i] {
				*changed++
			}
			row[i] = safe
		}
		if err := rows.Write(row); err != nil {
			return err
		}
		rows.Flush()
		return rows.Error()
	}
}

func rowOf(e *auditlog.Entry, options *Options) []string {
	organization := options.organizationOf(e)
	var team auditlog.Ref
	if e.Team != nil {
		team = *e.Team
	}
	var actor auditlog.Actor
	if e.Actor != nil {
		actor = *e.Actor
	}
	var version auditlog.Version
	if e.Version != nil {
		version = *e.Version
	}
	return []string{
		e.UUID, instant(e.TriggeredAt), instant(e.CreatedAt), string(organization.ID), string(organization.Name), string(team.ID),
		string(team.Name),
		string(e.Event), string(options.Category(e.Event)), string(actor.ID), string(actor.Name), string(actor.Email),
		string(e.TargetID), string(version.From), string(version.To), string(valueOf(e.Details)),
	}
}

// Cell makes text safe in a cell: cleaned as [auditlog.Text.Clean] does, so on one line and with nothing invisible, of at most maxCellRunes
// characters, and text to a spreadsheet whatever it begins with: an apostrophe goes before what would begin a formula, at the cell's
// beginning and after each semicolon, which is the separator of spreadsheets where the comma is a decimal point. Negative numbers get one
// too. Source: https://owasp.org/www-community/attacks/CSV_Injection
func Cell(text string) string {
	parts := strings.Split(auditlog.Text(text).VisibleTo(maxCellRunes), ";")
	for i, part := range parts {
		if beginsFormula(part) {
			parts[i] = "'" + part
		}
	}
	return strings.Join(parts, ";")
}

// beginsFormula says whether a spreadsheet might take text for a formula: by its first character after spaces, quotes and what is not seen,
// in any of the widths that are read alike.
func beginsFormula(text string) bool {
	const starters = "=+-@＝＋－＠﹦﹢﹣﹫−"
	text = strings.TrimLeftFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == '"' || !unicode.IsGraphic(r) })
	first, _ := utf8.DecodeRuneInString(text)
	return text != "" && strings.ContainsRune(starters, first)
}
