package archive

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"make-audit-mcp/internal/auditlog"
)

// Source is the log itself, as one credential sees it: what an archive is filled from, and what says who may read it. Entries carry what
// Make sent (Raw).
type Source interface {
	auditlog.Reader
	auditlog.Directory
	// Written calls yield with every entry written down since an instant, whenever it was triggered, and returns the instant up to which it
	// read.
	Written(ctx context.Context, organization auditlog.Ref, since time.Time, yield func(*auditlog.Entry)) (asOf time.Time,
		report auditlog.Report, err error)
}

// Options set an archive up.
type Options struct {
	// Decode reads an entry back from what Make sent.
	Decode func(raw []byte) (*auditlog.Entry, bool)
	// KeyFile holds the key that signs; it is made by the first sync. Whoever only reads needs none, and believes no other where it is at
	// hand.
	KeyFile string
	// Private, if set, refuses a signing key that others may read.
	Private func(path string) error
	// NewKey lets a sync go on with another key than that which signed what is there.
	NewKey bool
	// CacheMemory bounds how many bytes are held in memory of logs and of what they refer to; 0 means DefaultCacheMemory, and a negative
	// number 0. Logs that do not fit are left to the store.
	CacheMemory int64
	// Now is the clock for what is not Make's to say; nil means time.Now.
	Now func() time.Time
}

// Archive is what a store holds, as logs of entries. It is safe for use by several goroutines.
type Archive struct {
	store   Store
	options Options

	// head is the last one that was read and believed.
	head atomic.Pointer[head]

	cache        *cache
	dictionaries dictionaries

	tilesMu sync.Mutex
	tiles   map[provenTile][]tlog.Hash
}

// New is the archive that lies in a store.
func New(store Store, options Options) *Archive {
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Archive{store: store, options: options, cache: newCache(options.CacheMemory), tiles: map[provenTile][]tlog.Hash{}}
}

// Store is what it lies in.
func (a *Archive) Store() Store { return a.store }

// Close closes the store.
func (a *Archive) Close() error { return a.store.Close() }

// Change changes a value that processes share through the store (see [Store]).
func (a *Archive) Change(ctx context.Context, name string, change func(value []byte, now time.Time) []byte) error {
	return a.store.Change(ctx, name, change)
}
