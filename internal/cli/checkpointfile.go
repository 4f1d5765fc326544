package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/export"
)

// checkpointFile is the path of the file that remembers how far the exports of a series came.
type checkpointFile string

// load reads the last export's checkpoint; nil if there was none.
func (f checkpointFile) load(series *export.Incremental) (*export.Checkpoint, error) {
	text, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, f.refused("it cannot be read: " + err.Error())
	}
	last, err := series.Resume(text)
	if err != nil {
		return nil, f.refused(err.Error())
	}
	return last, nil
}

func (f checkpointFile) refused(problem string) error {
	return &SettingError{Problem: "--since-checkpoint " + auditlog.Text(f).Quote() + ": " + problem,
		Next: "name the file that this export wrote, or one that does not exist, to begin anew"}
}

// probe finds out whether a checkpoint can be saved, before anything is exported: else all of it would be exported again the next time.
func (f checkpointFile) probe() error {
	next, err := f.next()
	if err != nil {
		return &SettingError{Problem: "--since-checkpoint: it cannot be remembered how far the export comes: " + err.Error(),
			Next: "name a file in a folder that exists and may be written"}
	}
	return errors.Join(next.Close(), os.Remove(next.Name()))
}

// next is a file beside this one, which may take its place.
func (f checkpointFile) next() (*os.File, error) {
	return os.CreateTemp(filepath.Dir(string(f)), filepath.Base(string(f))+".*")
}

// save writes a checkpoint whole or not at all.
func (f checkpointFile) save(checkpoint *export.Checkpoint) error {
	text, err := json.Marshal(checkpoint)
	if err != nil {
		return err
	}
	next, err := f.next()
	if err != nil {
		return fmt.Errorf("remembering how far the export came: %w", err)
	}
	_, err = next.Write(append(text, '\n'))
	err = errors.Join(err, next.Sync(), next.Close())
	if err == nil {
		err = os.Rename(next.Name(), string(f))
	}
	if err != nil {
		_ = os.Remove(next.Name())
		return fmt.Errorf("remembering how far the export came: %w", err)
	}
	return nil
}
