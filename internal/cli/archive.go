package cli

import (
	"errors"

	"make-audit-mcp/internal/archive"
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
			Next:    "set it, or --archive, to a file such as audit.db",
		}
	}
	options := sqlite.Options{Create: create, Private: r.settings.private}
	if r.settings.ArchiveJournal != "auto" {
		options.Journal = sqlite.Journal(r.settings.ArchiveJournal)
	}
	if r.settings.Demo {
		options.World = "demo" // apart from real ones
	}
	store, err := sqlite.Open(r.ctx, r.settings.Archive, options)
	if err != nil {
		return nil, err
	}
	if err := r.settings.private(store.KeyFile()); err != nil { // whoever else has it could have signed
		return nil, errors.Join(err, store.Close())
	}
	return archive.New(store, archive.Options{
		Decode: live.Decode, KeyFile: store.KeyFile(), NewKey: newKey, Private: r.settings.private,
	}), nil
}

// hasArchive says whether the settings' archive is there.
func (r *runtime) hasArchive() bool { return sqlite.Exists(r.settings.Archive) }

// archiveToAnswer opens the archive for questions; nil if there is none. The demo passes a real one over.
func (r *runtime) archiveToAnswer(create bool) (*archive.Archive, error) {
	if r.settings.Archive == "" {
		return nil, nil
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
