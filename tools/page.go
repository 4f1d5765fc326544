package tools

import (
	"errors"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/schemas"
)

// cutPage shortens a page to what fits into size characters. show puts entries into the result, with the cursor behind the last of them.
func cutPage[T any](entries []T, size int, result any, show func(shown []T) error) error {
	for count := len(entries); ; count-- {
		if err := show(entries[:count]); err != nil {
			return err
		}
		over := answer.Size(result) - (size - answer.SpareSize)
		if over <= 0 || count <= 1 {
			return nil
		}
		// Drop at once as many as it takes; the loop drops one more.
		for over > answer.Size(entries[count-1]) && count > 2 {
			over -= answer.Size(entries[count-1]) + 1
			count--
		}
	}
}

// sealed makes the cursor of a place.
func sealed(service *analysis.Service, place question.Cursor) (string, error) {
	cursor, err := service.Cursors.Seal(place)
	if len(cursor) > schemas.MaxCursor {
		return "", errors.New("these filters name too much for a cursor. Next: narrow them, or ask for a window that fits on one page")
	}
	return cursor, err
}
