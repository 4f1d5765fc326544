package question

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"make-audit-mcp/internal/auditlog"
)

const (
	// maxCursorAge is how long a cursor may be used: later, entries have expired and arrived, and its pages would no longer be one listing.
	maxCursorAge = 24 * time.Hour
	// maxCursorBytes bounds what a cursor may unpack to.
	maxCursorBytes = 64 << 10
)

// CursorError says that a cursor cannot be used.
type CursorError struct{ Problem string }

func (e *CursorError) Error() string {
	return "cursor: " + e.Problem + "; start again without cursor, and pass next_cursor on exactly as it came"
}

// CallersMistake reports that other arguments would help.
func (*CursorError) CallersMistake() bool { return true }

// Sealer makes cursors that only the same credential, on the same instance, can use, and that cannot be read or changed by whoever holds
// them.
type Sealer struct {
	// Secret returns the credential in use.
	Secret func() (string, error)
	// Instance is the base URL that the credential is for.
	Instance string
}

// Cursor is where a page of a listing ended, and what the next one needs. Key is at most [maxSortText] bytes long.
type Cursor struct {
	Query auditlog.Query `json:"-"`
	// Kind is that of the object which the listing is about, as Question has it.
	Kind  auditlog.Text `json:"c,omitempty"`
	Order Order         `json:"o"`
	// Key, TriggeredAt and UUID are those of the last entry of the page.
	Key         string    `json:"k,omitempty"`
	TriggeredAt time.Time `json:"l"`
	UUID        string    `json:"u"`
	// Offset is where Make's listing had it, as auditlog.Resume takes it.
	Offset int `json:"p,omitempty"`
	// Before counts the entries up to there.
	Before int `json:"b"`
	// TakenAt is when the first page was read.
	TakenAt time.Time `json:"n"`
	// Asked identifies the arguments that the listing was asked for with; Tool is whose listing it is.
	Asked string `json:"h"`
	Tool  string `json:"w"`
}

// sealedCursor is a Cursor as it is written into a cursor. The query becomes plain text, since the log's own types are cleaned when they
// are marshalled, and ids without names, so that a cursor stays short however many people it is about.
type sealedCursor struct {
	Cursor
	Organization  [2]string `json:"g"` // id and name
	From          time.Time `json:"f"`
	To            time.Time `json:"t"`
	Zone          string    `json:"z"`
	Teams         []string  `json:"e,omitempty"`
	Actors        []string  `json:"a,omitempty"`
	ExcludeActors []string  `json:"x,omitempty"`
	NoTeam        bool      `json:"en,omitempty"`
	System        bool      `json:"an,omitempty"`
	ExcludeSystem bool      `json:"xn,omitempty"`
	Events        []string  `json:"v,omitempty"`
	ExcludeEvents []string  `json:"xv,omitempty"`
	TargetID      string    `json:"i,omitempty"`
}

// Seal makes a cursor of a place.
func (s *Sealer) Seal(place Cursor) (string, error) {
	q := &place.Query
	actorID := func(a auditlog.Actor) string { return string(a.ID) }
	value := func(e auditlog.Event) string { return string(e.Value) }
	plain, err := json.Marshal(sealedCursor{
		Cursor:       place,
		Organization: [2]string{string(q.Organization.ID), string(q.Organization.Name)},
		From:         q.Window.From, To: q.Window.To, Zone: q.Window.Location.String(),
		Teams:  mapAll(q.Teams, func(t auditlog.Ref) string { return string(t.ID) }),
		Actors: mapAll(q.Actors, actorID), ExcludeActors: mapAll(q.ExcludeActors, actorID),
		NoTeam: q.NoTeam, System: q.System, ExcludeSystem: q.ExcludeSystem,
		Events: mapAll(q.Events, value), ExcludeEvents: mapAll(q.ExcludeEvents, value),
		TargetID: string(q.TargetID),
	})
	if err != nil {
		return "", fmt.Errorf("writing a cursor: %w", err)
	}
	packed, err := pack(plain)
	if err != nil {
		return "", fmt.Errorf("packing a cursor: %w", err)
	}
	box, err := s.box()
	if err != nil {
		return "", err
	}
	nonce := make([]byte, box.NonceSize())
	_, _ = rand.Read(nonce) // never fails: crypto/rand's documentation
	return base64.RawURLEncoding.EncodeToString(box.Seal(nonce, nonce, packed, nil)), nil
}

// packers are writers to use again: each takes a thousand times the memory of a cursor. They are everybody's, so that they are few.
var packers sync.Pool //nolint:gochecknoglobals // no state, only memory

func pack(plain []byte) ([]byte, error) {
	var packed bytes.Buffer
	writer, ok := packers.Get().(*flate.Writer)
	if !ok {
		var err error
		if writer, err = flate.NewWriter(nil, flate.BestCompression); err != nil {
			return nil, err
		}
	}
	defer packers.Put(writer)
	writer.Reset(&packed)
	if _, err := writer.Write(plain); err != nil {
		return nil, err
	}
	err := writer.Close()
	return packed.Bytes(), err
}

// Open reads a cursor back; people, teams and events have no names then. now is the log's clock.
func (s *Sealer) Open(text string, now time.Time) (Cursor, error) {
	box, err := s.box()
	if err != nil {
		return Cursor{}, err
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(sealed) < box.NonceSize() {
		return Cursor{}, &CursorError{Problem: "this is no cursor of this server, or it was cut or changed"}
	}
	packed, err := box.Open(nil, sealed[:box.NonceSize()], sealed[box.NonceSize():], nil)
	if err != nil {
		return Cursor{}, &CursorError{Problem: "it was changed, or belongs to another key or another Make instance"}
	}
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxCursorBytes))
	if err != nil {
		return Cursor{}, &CursorError{Problem: "it cannot be unpacked"}
	}
	var opened sealedCursor
	if err := json.Unmarshal(plain, &opened); err != nil {
		return Cursor{}, &CursorError{Problem: "it was made by another version of this server"}
	}
	if now.Sub(opened.TakenAt) > maxCursorAge {
		return Cursor{}, &CursorError{Problem: fmt.Sprintf("it is older than %s", maxCursorAge)}
	}
	location, err := ParseLocation(opened.Zone)
	if err != nil {
		return Cursor{}, &CursorError{Problem: "its time zone is not known here"}
	}
	actor := func(id string) auditlog.Actor { return auditlog.Actor{ID: auditlog.ID(id)} }
	event := func(value string) auditlog.Event { return auditlog.Event{Value: auditlog.Text(value)} }
	opened.Query = auditlog.Query{
		Organization: auditlog.Ref{ID: auditlog.ID(opened.Organization[0]), Name: auditlog.Text(opened.Organization[1])},
		Window:       auditlog.Window{From: opened.From, To: opened.To, Location: location},
		Teams:        mapAll(opened.Teams, func(id string) auditlog.Ref { return auditlog.Ref{ID: auditlog.ID(id)} }),
		Actors:       mapAll(opened.Actors, actor), ExcludeActors: mapAll(opened.ExcludeActors, actor),
		NoTeam: opened.NoTeam, System: opened.System, ExcludeSystem: opened.ExcludeSystem,
		Events: mapAll(opened.Events, event), ExcludeEvents: mapAll(opened.ExcludeEvents, event),
		TargetID: auditlog.Text(opened.TargetID),
	}
	return opened.Cursor, nil
}

// box derives the cipher from credential and instance, so that nothing has to be kept for cursors to outlive the process.
func (s *Sealer) box() (cipher.AEAD, error) {
	secret, err := s.Secret()
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, []byte(secret), []byte(s.Instance), "make-audit-mcp cursor v1", 32)
	if err != nil {
		return nil, fmt.Errorf("deriving the cursor key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("making the cursor cipher: %w", err)
	}
	return cipher.NewGCM(block)
}

// After is the place behind an entry of the same listing, of which before entries come up to and with it.
func (p Cursor) After(entry *auditlog.Entry, before int) Cursor {
	p.Query.Resume = nil
	p.Key, p.TriggeredAt, p.UUID = SortText(entry, p.Order.By), entry.TriggeredAt, entry.UUID
	p.Offset, p.Before = entry.Offset, before
	return p
}

// Reopen reads a tool's cursor back and gives people and teams their names again, as far as these are known now.
func (r *Resolver) Reopen(ctx context.Context, cursor, tool string) (Cursor, error) {
	place, err := r.Cursors.Open(cursor, r.Directory.Now())
	if err != nil {
		return Cursor{}, err
	}
	if place.Tool != tool {
		return Cursor{}, &CursorError{Problem: "it belongs to " + place.Tool}
	}
	q := &place.Query
	if len(q.Teams)+len(q.Actors)+len(q.ExcludeActors) == 0 {
		return place, nil
	}
	catalog, err := r.Directory.Catalog(ctx, q.Organization.ID)
	if err != nil {
		return place, nil //nolint:nilerr // names are for show; reading will say what is wrong
	}
	for i := range q.Teams {
		if at := slices.IndexFunc(catalog.Teams, func(t auditlog.Ref) bool { return t.ID == q.Teams[i].ID }); at >= 0 {
			q.Teams[i] = catalog.Teams[at]
		}
	}
	people := slices.Concat(catalog.Users, r.Directory.ObservedActors(ctx, q.Organization.ID))
	for _, actors := range [][]auditlog.Actor{q.Actors, q.ExcludeActors} {
		for i := range actors {
			if at := slices.IndexFunc(people, func(a auditlog.Actor) bool { return a.ID == actors[i].ID }); at >= 0 {
				actors[i] = people[at]
			}
		}
	}
	return place, nil
}
