package cli

import (
	"context"
	"errors"
	"time"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/makeapi"
)

const environmentArchive = "MAKE_AUDIT_ARCHIVE"

// demoWorld keeps the demo's archives apart from real ones.
const demoWorldName = "demo"

func (r *runtime) archiveOptions(create bool) archive.Options {
	options := archive.Options{Create: create, Decode: live.Decode}
	if r.settings.Demo {
		options.World = demoWorldName
	}
	return options
}

// openArchive opens the archive that the settings name, which must be there unless it
// is to be created.
func (r *runtime) openArchive(create bool) (*archive.Archive, error) {
	if r.settings.Archive == "" {
		return nil, &SettingError{
			Problem: environmentArchive + " is not set, so it is not known where the archive is",
			Next:    "set it, or --archive, to a file such as audit.db",
		}
	}
	return archive.Open(r.ctx, r.settings.Archive, r.archiveOptions(create))
}

// archiveToAnswer opens the archive for questions; nil if there is none. The demo
// passes a real one over.
func (r *runtime) archiveToAnswer(create bool) (*archive.Archive, error) {
	if r.settings.Archive == "" {
		return nil, nil
	}
	if !create && !archive.Exists(r.settings.Archive) {
		r.logger.WarnContext(r.ctx, "there is no such archive, so Make answers alone: fill it with make-audit-mcp sync, or check its path", "archive", r.settings.Archive)
		return nil, nil
	}
	opened, err := r.openArchive(create)
	var other *archive.WorldError
	if r.settings.Demo && errors.As(err, &other) {
		r.logger.WarnContext(r.ctx, "the demo does not use this archive", "reason", explain(err))
		return nil, nil
	}
	return opened, err
}

// withArchive has an upstream answer from the archive where it can.
func (u *upstream) withArchive(from *archive.Archive, isOwn bool) {
	if from == nil {
		return
	}
	instance := cursorInstance(u.shared.runtime.settings.Demo, u.client)
	reader := &archive.Reader{Source: u.session, Archive: from, Instance: instance, IsOwn: isOwn, IsUnreachable: live.IsUnreachable, KeepRaw: u.shared.keepRaw}
	u.service.Reader, u.service.Directory = reader, reader
}

// filler fills an archive with the operator's key.
type filler struct {
	archive *archive.Archive
	// source is a session of its own: entries that carry what Make sent are large, and
	// none of them is asked for again.
	source   *live.Reader
	instance string
	details  archive.Details
	// only is the one organization to fill; empty for all that can be read.
	only auditlog.ID
}

// maxFillEntries bounds the entries that one reading of a sync holds, about 1 KB each.
const maxFillEntries = 100_000

func (c *connection) filler(into *archive.Archive, client *makeapi.Client, details archive.Details) *filler {
	return &filler{
		archive: into, instance: cursorInstance(c.runtime.settings.Demo, client), details: details, only: c.organization,
		source: live.New(client, live.Options{Zone: c.zone, KeepRaw: true, MaxKept: 1, MaxEntries: maxFillEntries, Keep: time.Minute}),
	}
}

// organizations are those to fill: here, and readable.
func (f *filler) organizations(ctx context.Context) ([]auditlog.Organization, error) {
	all, err := f.source.Organizations(ctx)
	if err != nil {
		return nil, err
	}
	var here []auditlog.Organization
	for _, organization := range all {
		if !organization.Here || f.only != "" && organization.ID != f.only {
			continue
		}
		access, err := f.source.Access(ctx, organization.ID)
		if err != nil {
			return nil, err
		}
		if access.Readable() {
			here = append(here, organization)
		}
	}
	if len(here) == 0 {
		return nil, &SettingError{Problem: "there is no organization here whose audit log this key may read", Next: "make-audit-mcp check tells why"}
	}
	return here, nil
}

// fill syncs one organization.
func (f *filler) fill(ctx context.Context, organization auditlog.Organization, onProgress func(archive.SyncProgress)) (*archive.Summary, error) {
	catalog, err := f.source.Catalog(ctx, organization.ID)
	if err != nil {
		return nil, err
	}
	return f.archive.Sync(ctx, f.source, archive.SyncOptions{
		Instance: f.instance, Organization: organization, Details: f.details, OnProgress: onProgress,
		IsNotable: func(event auditlog.Text) bool { return detect.PowerOf(event, catalog) != auditlog.PowerNone },
	})
}
