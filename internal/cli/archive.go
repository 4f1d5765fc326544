package cli

import (
	"cmp"
	"errors"
	"strings"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/postgres"
	"make-audit-mcp/internal/archive/sqlite"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/makeapi"
)

// This file is the one that knows what an archive lies in.

const environmentArchive = "MAKE_AUDIT_ARCHIVE"

// openArchive opens the archive that the settings name, which must be there unless it is to be created. newKey lets a sync go on with
// another signing key.
func (r *runtime) openArchive(create, newKey bool) (*archive.Archive, error) {
	if r.settings.Archive == "" {
		return nil, &SettingError{
			Problem: environmentArchive + " is not set, so it is not known where the archive is",
			Next:    "set it, or --archive, to a file such as audit.db, or to postgres://USER@HOST/DATABASE",
		}
	}
	if create && !r.settings.canSign() {
		return nil, &SettingError{Problem: "it is not known which key signs the archive",
			Next: "name its file by --archive-key or MAKE_AUDIT_ARCHIVE_KEY, the same for every process that fills it; the first sync makes it"}
	}
	store, key, err := r.openStore(r.settings.Archive, create, "")
	if err != nil {
		return nil, err
	}
	if err := r.settings.private(key); err != nil { // whoever else has it could have signed
		return nil, errors.Join(err, store.Close())
	}
	return archive.New(store, archive.Options{Decode: live.Decode, KeyFile: key, NewKey: newKey, Private: r.settings.private,
		CacheMemory: cmp.Or(int64(r.settings.CacheMemory), -1)}), nil
}

// openStore opens what an archive lies in. One that is created has an ID, if that is not empty. The key lies beside a file unless the
// settings name another.
func (r *runtime) openStore(place string, create bool, id string) (store archive.Store, key string, err error) {
	if err := checkPlace(place); err != nil {
		return nil, "", err
	}
	world := ""
	if r.settings.Demo {
		world = "demo" // apart from real ones
	}
	if isDatabase(place) {
		store, err = postgres.Open(r.ctx, place, postgres.Options{Create: create, ID: id, World: world, Private: r.settings.private})
		return store, r.settings.ArchiveKey, err
	}
	options := sqlite.Options{Create: create, ID: id, World: world, Private: r.settings.private}
	if r.settings.ArchiveJournal != "auto" {
		options.Journal = sqlite.Journal(r.settings.ArchiveJournal)
	}
	file, err := sqlite.Open(r.ctx, place, options)
	if err != nil {
		return nil, "", err
	}
	return file, cmp.Or(r.settings.ArchiveKey, file.KeyFile()), nil
}

// isDatabase reports whether a text is the address of a database rather than a path.
func isDatabase(text string) bool { return postgres.IsAddress(text) }

// isShared reports whether the archive is one that several machines may share.
func (s *Settings) isShared() bool { return isDatabase(s.Archive) }

// canSign reports whether it is known where the key is that signs the archive, without which nothing can be stored.
func (s *Settings) canSign() bool { return !s.isShared() || s.ArchiveKey != "" }

// isMeantAsAddress reports whether a text is the address of a database, or was meant to be one.
func isMeantAsAddress(text string) bool {
	lower := strings.ToLower(text)
	return strings.Contains(lower, "://") || strings.HasPrefix(lower, "postgres:") || strings.HasPrefix(lower, "postgresql:") ||
		strings.Contains(lower, "password=")
}

// checkPlace refuses what is meant to be the address of a database, and is none: it might hold a password, and would become the name of a
// file. It is not repeated.
func checkPlace(place string) error {
	if !isMeantAsAddress(place) || isDatabase(place) {
		return nil
	}
	return &SettingError{Problem: "the archive is named by neither a file nor an address of PostgreSQL",
		Next: "write an address as postgres://USER@HOST:5432/DATABASE, with the password in PGPASSFILE or PGPASSWORD; other databases cannot be used"}
}

// hasArchive says whether the settings' archive is there. Of a database it is not known before it is opened.
func (r *runtime) hasArchive() bool {
	return r.settings.isShared() || sqlite.Exists(r.settings.Archive)
}

// archiveToAnswer opens the archive for questions; nil if there is none. The demo passes a real one over.
func (r *runtime) archiveToAnswer(create bool) (*archive.Archive, error) {
	if r.settings.Archive == "" {
		return nil, nil
	}
	if err := checkPlace(r.settings.Archive); err != nil {
		return nil, err
	}
	if !create && !r.hasArchive() {
		r.logger.WarnContext(r.ctx, "there is no such archive, so Make answers alone: fill it with make-audit-mcp sync, or check its path",
			"archive", r.settings.Archive)
		return nil, nil
	}
	opened, err := r.openArchive(create, false)
	var other *archive.WorldError
	if r.settings.Demo && errors.As(err, &other) {
		r.logger.WarnContext(r.ctx, "the demo does not use this archive", "reason", explain(err))
		return nil, nil
	}
	return opened, err
}

// closeArchive closes an archive; nil is none. What was written is committed.
func closeArchive(opened *archive.Archive) {
	if opened != nil {
		_ = opened.Close()
	}
}

// answerFrom has an upstream answer from an archive where it can; nil is none. isOwn means that it has the key that fills the archive.
func (u *upstream) answerFrom(stored *archive.Archive, isOwn bool) {
	if stored == nil {
		return
	}
	u.archive = stored
	u.archived = &archive.Reader{
		Source: u.live, Archive: stored, Instance: u.instance, IsOwn: isOwn, IsUnreachable: makeapi.IsUnreachable,
		KeepRaw: u.common.keepRaw,
	}
	u.service.Reader, u.service.Directory, u.service.Entries = u.archived, u.archived, u.archived
}
