package tools

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/schemas"
)

// page is one page of a listing: its first, or the one behind a cursor.
type page struct {
	question *question.Question
	// place is where the page before ended; of a first page, what all of its listing's places have in common.
	place question.Cursor
	after *question.Cursor // nil for the first page
}

// reopen goes on behind a cursor of a tool: the window, the names and the order stay as the first page resolved them.
func reopen(ctx context.Context, service *analysis.Service, cursor, tool string) (*page, error) {
	place, err := service.Reopen(ctx, cursor, tool)
	if err != nil {
		return nil, err
	}
	return &page{question: &question.Question{Query: place.Query}, place: place, after: &place}, nil
}

// fingerprint identifies arguments, so that a cursor is known to come with those that it was made for; empty for none at all.
func fingerprint(arguments any) string {
	data, err := json.Marshal(arguments)
	if err != nil {
		panic(err) // arguments are plain data
	}
	if string(data) == "{}" {
		return ""
	}
	sum := sha256.Sum256(data)
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

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
