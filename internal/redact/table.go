package redact

import "strings"

// tableSecrets finds the cells below those that name a secret, in tables of text (CSV and its like, Markdown) and of HTML.
func tableSecrets(text string) []span {
	var found []span
	for _, table := range append(textTables(text), htmlTable(text)) {
		telling := make([]bool, len(table[0]))
		for column, cell := range table[0] {
			telling[column] = headMode(strings.Trim(text[cell.begin:cell.end], cellEdges)) >= closed
		}
		for _, row := range table[1:] {
			for column, cell := range row {
				value := trimmed(text, cell, cellEdges)
				if column < len(telling) && telling[column] && value.begin < value.end {
					found = append(found, value)
				}
			}
		}
	}
	return found
}

// headMode is how what stands below or behind a head may be shown. Key alone is mostly the head of names, and "the
// token" is prose.
func headMode(head string) mode {
	if words := wordsOf(head); len(words) == 1 && isKeyWord(words[0]) || len(words) > 1 && isArticle(words[0]) {
		return open
	}
	return tellingOf(head)
}

// cellEdges are around what a cell holds, and all that there is in the line below a Markdown table's head.
const cellEdges = " \t\r" + quotes + "-:*"

// textTables finds the tables of lines that have the same number of signs between their cells.
func textTables(text string) [][][]span {
	if !strings.Contains(text, "\n") {
		return nil
	}
	var tables [][][]span
	for _, sign := range []string{"|", ",", ";", "\t"} {
		var table [][]span
		begin := 0
		for line := range strings.Lines(text) {
			cells := cellsOf(line, sign, begin)
			begin += len(line)
			if len(table) > 0 && len(cells) != len(table[0]) {
				table = nil
			}
			if len(cells) > 1 {
				table = append(table, cells)
			}
			if len(table) == 2 {
				tables = append(tables, nil)
			}
			if len(table) > 1 {
				tables[len(tables)-1] = table
			}
		}
	}
	return tables
}

// cellsOf are the cells of a line that begins at an index.
func cellsOf(line, sign string, begin int) []span {
	var cells []span
	for cell := range strings.SplitSeq(strings.TrimRight(line, "\r\n"), sign) {
		cells = append(cells, span{begin, begin + len(cell)})
		begin += len(cell) + len(sign)
	}
	return cells
}

// htmlTable is what tables of HTML hold, as one.
func htmlTable(text string) [][]span {
	table := [][]span{nil}
	for i := range len(text) {
		if text[i] != '<' {
			continue
		}
		tag, _, _ := strings.Cut(text[i+1:], ">")
		name, _, _ := strings.Cut(tag, " ")
		switch strings.ToLower(name) {
		case "tr":
			if len(table[len(table)-1]) > 0 {
				table = append(table, nil)
			}
		case "th", "td":
			begin := i + len("<") + len(tag) + len(">")
			if begin >= len(text) {
				return table
			}
			end := begin + strings.IndexByte(text[begin:]+"<", '<')
			table[len(table)-1] = append(table[len(table)-1], span{begin, end})
		}
	}
	return table
}
