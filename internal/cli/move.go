package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/live"
)

// moveAction is what the command archive does.
const moveAction = "move"

// newArchiveCommand makes the command.
func newArchiveCommand(line *commandLine) *cobra.Command {
	return &cobra.Command{
		Use: "archive ACTION FROM TO",
		Annotations: map[string]string{
			"ACTION": "What to do: move.",
			"FROM":   "The archive that there is, as --archive takes it.",
			"TO":     "Where it is to lie: a file or schema that is not there yet.",
		},
		Short: "Move the archive elsewhere, as from a file into PostgreSQL.",
		Long: `Copies all that an archive holds, proofs included, and proves that both are equal: the copy is verified against the signed head of the other one. Nothing may fill the archive meanwhile. What it was moved from stays as it is; remove it once the new one is in use, since two that are both filled contradict each other.

Examples:
  make-audit-mcp archive move audit.db postgres://audit_owner@db.example/audit
  make-audit-mcp archive move postgres://audit_writer@db.example/audit copy.db`,
		ValidArgs: []string{moveAction},
		RunE:      line.run(move),
	}
}

// move moves an archive.
func move(r *runtime) error {
	if action := r.words[0]; action != moveAction {
		return &usageError{"archive can move, not " + auditlog.Text(action).Quote()}
	}
	var places [2]string
	for i, word := range r.words[1:] {
		var err error
		if places[i], err = absolutePath(word); err != nil {
			return err
		}
	}
	if places[0] == places[1] {
		return &SettingError{Problem: "both archives are the same", Next: "name another place for the second"}
	}
	from, fromKey, err := r.openStore(places[0], false, "")
	if err != nil {
		return err
	}
	defer from.Close() //nolint:errcheck // it was read
	to, toKey, err := r.openStore(places[1], true, from.ID())
	if err != nil {
		return err
	}
	defer to.Close() //nolint:errcheck // what was stored is committed
	options := archive.Options{Decode: live.Decode, KeyFile: fromKey, Private: r.settings.private}
	progress := newProgressLine(r.streams.Err, 0)
	found, err := archive.Move(r.ctx, archive.New(from, options), archive.New(to, options),
		func(done, of int64) { progress.show(fmt.Sprintf("%d of %d records", done, of), false) })
	progress.end()
	switch {
	case r.ctx.Err() != nil:
		return &exitError{code: exitFailed, message: "interrupted; remove what was copied so far, and begin anew"}
	case err != nil:
		return err
	}
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(r.streams.Out, format+"\n", args...) }
	say("%d records, %d entries and %d checkpoints of %d logs moved from %s to %s.", found.Records, found.Entries, found.Checkpoints,
		len(found.Logs), from, to)
	if found.Last != nil {
		say("Both have one signed head, and the copy verifies: root %s.", found.Last.Root)
	}
	if toKey != fromKey && fromKey != "" {
		where := toKey
		if where == "" {
			where = "where --archive-key will name it"
		}
		say("Next: copy the signing key %s to %s, name the new archive in %s, and remove the old one.", fromKey, where, environmentArchive)
	} else {
		say("Next: name the new archive in %s, and remove the old one.", environmentArchive)
	}
	return nil
}
