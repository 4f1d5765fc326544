package cli

import (
	"context"
	"time"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/internal/live"
)

// filler fills an archive with an upstream's key.
type filler struct {
	archive *archive.Archive
	// source is a reader of its own: entries that carry what Make sent are large, and none of them is asked for again.
	source   *live.Reader
	instance string
	details  archive.Details
	// only is the one organization to fill; empty for all that can be read.
	only auditlog.ID
}

// maxFillEntries bounds the entries that one reading of a sync holds, about 1 KB each.
const maxFillEntries = 100_000

// filler fills an archive with the upstream's key.
func (u *upstream) filler(into *archive.Archive, details archive.Details) *filler {
	return &filler{
		archive: into, instance: u.instance, details: details, only: u.common.organization,
		source: live.New(u.client, live.Options{Zone: u.common.zone, KeepRaw: true, MaxKept: 1, MaxEntries: maxFillEntries,
			Keep: time.Minute}),
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
		return nil, &SettingError{Problem: "there is no organization here whose audit log this key may read",
			Next: "make-audit-mcp check tells why"}
	}
	return here, nil
}

// fill syncs one organization.
func (f *filler) fill(ctx context.Context, organization auditlog.Organization,
	onProgress func(archive.SyncProgress)) (*archive.Summary, error) {
	catalog, err := f.source.Catalog(ctx, organization.ID)
	if err != nil {
		return nil, err
	}
	return f.archive.Sync(ctx, f.source, archive.SyncOptions{
		Instance: f.instance, Organization: organization, Details: f.details, OnProgress: onProgress,
		IsNotable: func(event auditlog.Text) bool { return detect.PowerOf(event, catalog) != auditlog.PowerNone },
	})
}
