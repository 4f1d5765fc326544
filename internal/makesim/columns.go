package makesim

import (
	"encoding/json"
	"slices"
)

// column is one field of a row; rows keep the order of their columns.
type column struct {
	name  string
	value any
}

// row is a JSON object with its fields in order.
type row []column

// MarshalJSON writes the columns in their order.
func (r row) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, c := range r {
		if i > 0 {
			out = append(out, ',')
		}
		value, err := json.Marshal(c.value)
		if err != nil {
			return nil, err
		}
		out = append(appendText(out, c.name), ':')
		out = append(out, value...)
	}
	return append(out, '}'), nil
}

// only keeps the named columns.
func (r row) only(names []string) row {
	return slices.DeleteFunc(slices.Clone(r), func(c column) bool { return !slices.Contains(names, c.name) })
}

// columns reads cols[], which names the columns of the answer: those by default if absent, all for "*".
func (q *query) columns(byDefault, all []string) []string {
	names := q.list("cols", false)
	switch {
	case names == nil:
		return byDefault
	case slices.Contains(names, "*"):
		return all
	}
	for _, name := range names {
		if !slices.Contains(all, name) {
			q.fail("Parameter 'cols' has an unknown value '%s'.", name)
		}
	}
	return names
}

// directoryPaging is the pg block of the lists of organizations, teams and users.
type directoryPaging struct {
	SortBy           string `json:"sortBy"`
	Limit            int64  `json:"limit"`
	SortDir          string `json:"sortDir"`
	Offset           int64  `json:"offset"`
	ReturnTotalCount bool   `json:"returnTotalCount"`
}

// directoryPage reads the paging of such a list.
func (q *query) directoryPage(sortable ...string) directoryPaging {
	return directoryPaging{
		SortBy:  q.oneOf("pg[sortBy]", "name", sortable...),
		Limit:   q.integer("pg[limit]", 10_000, 1),
		SortDir: q.oneOf("pg[sortDir]", "asc", "asc", "desc"),
		Offset:  q.integer("pg[offset]", 0, 0),
	}
}

// pagingNames are the parameters that directoryPage reads.
func pagingNames(others ...string) []string {
	return append(others, "pg[sortBy]", "pg[limit]", "pg[sortDir]", "pg[offset]")
}

// pageOf sorts items and cuts the page; compare gets the name of the column.
func pageOf[T any](p directoryPaging, items []T, compare func(by string, a, b T) int) []T {
	items = slices.Clone(items)
	slices.SortStableFunc(items, func(a, b T) int {
		if p.SortDir == "desc" {
			return compare(p.SortBy, b, a)
		}
		return compare(p.SortBy, a, b)
	})
	start := min(p.Offset, int64(len(items)))
	end := start + min(p.Limit, int64(len(items))-start)
	return items[start:end]
}
