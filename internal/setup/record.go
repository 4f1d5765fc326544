package setup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// record is what setup wrote, so that it can take out just that.
type record struct {
	Written []written `json:"written"`
	// Key is the sum of the key file that setup made; empty if it made none.
	Key string `json:"key,omitempty"`
	// Folders are those that setup made.
	Folders []string `json:"folders,omitempty"`
}

// written is one server in one file.
type written struct {
	Client    string     `json:"client"`
	File      string     `json:"file"`
	Name      string     `json:"name"`
	Additions []addition `json:"additions"`
	// After is the sum of the file as setup left it: as long as that is what it holds, undoing puts back what was there, byte for byte. It
	// is empty where what was there held an earlier entry of setup's.
	After string `json:"after"`
	// Backup is the file that holds what was there; empty where there was none. Earlier are those of earlier writes, after which others
	// wrote too.
	Backup  string   `json:"backup,omitempty"`
	Earlier []string `json:"earlier,omitempty"`
	KeyFile string   `json:"key_file,omitempty"`
}

func (m Machine) recordFile() string { return filepath.Join(m.own(), "setup.json") }

func (m Machine) record() (*record, error) {
	text, exists, err := fileText(m.recordFile())
	kept := &record{}
	if err == nil && exists {
		err = json.Unmarshal([]byte(text), kept)
	}
	if err != nil {
		return nil, &Refusal{Problem: fmt.Sprintf("%s, where setup notes what it wrote, cannot be read: %v", m.recordFile(), err),
			Next: "move it away; setup then forgets what it wrote, and --undo cannot take that out"}
	}
	return kept, nil
}

// alone keeps other runs of setup out until it is released, since each reads the record and writes it whole. It waits for another run, and
// refuses when that takes too long. Where no lock can be had, as in a home that is read-only, nothing can be written either.
func (m Machine) alone() (release func(), err error) {
	const patience = 10 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		lock := flock.New(filepath.Join(m.Home, ".make-audit-mcp-setup"), flock.SetPermissions(0o600))
		isHeld, err := lock.TryLockContext(ctx, 10*time.Millisecond)
		switch {
		case ctx.Err() != nil:
			return nil, &Refusal{Problem: "another run of setup is writing (" + lock.Path() + ")", Next: "run this one when that is done"}
		case err != nil, !isHeld:
			return func() {}, nil
		}
		held, heldErr := lock.Stat()
		there, err := os.Lstat(lock.Path())
		if heldErr == nil && err == nil && os.SameFile(held, there) {
			return func() {
				_ = os.Remove(lock.Path()) // nothing of setup's is left
				_ = lock.Unlock()
			}, nil
		}
		_ = lock.Unlock() // whoever held it has removed it, and others lock the next one
	}
}

// keep writes the record, or removes it when there is nothing to note. Folders that setup made go with what was in them.
func (m Machine) keep(kept *record) error {
	if len(kept.Written) == 0 && kept.Key == "" {
		if err := os.Remove(m.recordFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return notWritten(m.recordFile(), err)
		}
		kept.sweep()
		return nil
	}
	if err := kept.makeFolder(m.own()); err != nil {
		return notWritten(m.recordFile(), err)
	}
	text, err := json.MarshalIndent(kept, "", "  ")
	if err != nil {
		return err
	}
	return notWritten(m.recordFile(), writeFile(m.recordFile(), string(text)+"\n"))
}

// makeFolder makes a folder and those that it lies in, and notes which.
func (r *record) makeFolder(folder string) error {
	var made []string
	for at := folder; !exists(at) && at != filepath.Dir(at); at = filepath.Dir(at) {
		made = append(made, at)
	}
	r.Folders = append(r.Folders, made...)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	for _, at := range slices.Backward(made) {
		if os.Geteuid() != 0 {
			break
		}
		parent, err := os.Stat(filepath.Dir(at))
		if err == nil {
			err = give(at, parent)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sweep removes the folders that setup made and that hold nothing.
func (r *record) sweep() {
	slices.SortFunc(r.Folders, func(a, b string) int { return len(b) - len(a) }) // inner ones first
	r.Folders = slices.DeleteFunc(r.Folders, func(folder string) bool {
		info, err := os.Lstat(folder)
		if err == nil && !info.IsDir() {
			return true // somebody put something else there
		}
		err = os.Remove(folder)
		return err == nil || errors.Is(err, fs.ErrNotExist)
	})
}

// notWritten says what to do about a file that could not be written.
func notWritten(file string, err error) error {
	if err == nil {
		return nil
	}
	return &Refusal{Problem: fmt.Sprintf("%s could not be written, and is as it was: %v", file, err),
		Next: "make the folder and the file writable for you, or put in by hand what --print prints"}
}

func sum(text string) string {
	hashed := sha256.Sum256([]byte(text))
	return hex.EncodeToString(hashed[:])
}

// Write writes the file, what it held before beside it, and a note of both. Backup is where that lies, if there was a file.
func (c *Change) Write(m Machine, keyFile string) (backup string, err error) {
	release, err := m.alone()
	if err != nil {
		return "", err
	}
	defer release()
	kept, err := m.record()
	if err != nil {
		return "", err
	}
	text, exists, err := fileText(c.File)
	if err != nil || text != c.before || exists == c.IsNew {
		return "", &Refusal{Problem: c.File + " was changed meanwhile, and is left alone", Next: "run the same command again"}
	}
	note := written{Client: c.Client.Name, File: c.File, Name: c.name, Additions: c.additions, After: sum(c.after), KeyFile: keyFile}
	at, made := kept.index(c.Client.Name, c.File, c.name), false
	var last written
	if at >= 0 {
		last = kept.Written[at]
		note.Additions, note.Earlier = merged(last.Additions, c.additions), last.Earlier
	}
	if last.After == sum(c.before) {
		note.Backup = last.Backup // nothing but setup changed the file since
	} else if note.Earlier = append(note.Earlier, last.Backup); exists {
		if slices.ContainsFunc(last.Additions, func(a addition) bool { return c.held.find(a) != nil }) {
			note.After = "" // the backup holds what setup wrote before
		}
		if note.Backup, err = backUp(c.File, c.before); err != nil {
			return "", notWritten(c.File, err)
		}
		made = true
	}
	earlier := slices.Clone(kept.Written)
	if at >= 0 {
		kept.Written = slices.Delete(kept.Written, at, at+1)
	}
	kept.Written = append(kept.Written, note)
	if err = notWritten(c.File, kept.makeFolder(filepath.Dir(linked(c.File)))); err == nil {
		err = m.keep(kept) // first, so that nothing is written that cannot be undone
	}
	if err == nil {
		if err = notWritten(c.File, writeFile(c.File, c.after)); err == nil {
			return note.Backup, nil
		}
	}
	kept.Written = earlier
	kept.sweep()
	err = errors.Join(err, m.keep(kept))
	if made {
		_ = os.Remove(note.Backup)
	}
	return "", err
}

// merged are the additions of two writes; those of the later count.
func merged(earlier, later []addition) []addition {
	all := slices.Clone(later)
	for _, a := range earlier {
		if !slices.ContainsFunc(later, func(b addition) bool { return a.Under == b.Under && a.Name == b.Name && a.ID == b.ID }) {
			all = append(all, a)
		}
	}
	return all
}

func (r *record) index(client, file, name string) int {
	return slices.IndexFunc(r.Written, func(w written) bool { return w.Client == client && w.File == file && w.Name == name })
}

// Undone is what undoing did to one file.
type Undone struct {
	Client Client
	File   string
	// Difference is what was taken out; empty if it was gone already.
	Difference string
	// Note says what is left, if anything is.
	Note string
}

// Written lists what setup wrote, the newest first, as it is to be undone: under a name, or under any if that is empty; for some clients,
// or for all if none is given.
func (m Machine) Written(name string, clients []Client) ([]Entry, error) {
	kept, err := m.record()
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for _, w := range slices.Backward(kept.Written) {
		client, err := Find(w.Client)
		isMeant := len(clients) == 0 || slices.ContainsFunc(clients, func(c Client) bool { return c.Name == w.Client })
		if err == nil && isMeant && (name == "" || w.Name == name) {
			entries = append(entries, Entry{Client: client, File: w.File, written: w})
		}
	}
	return entries, nil
}

// Entry is a server that setup wrote.
type Entry struct {
	Client  Client
	File    string
	written written
}

// Undo takes an entry out of its file. One that was changed since is left, unless force says otherwise.
func (e Entry) Undo(m Machine, force bool) (*Undone, error) {
	release, err := m.alone()
	if err != nil {
		return nil, err
	}
	defer release()
	kept, err := m.record()
	if err != nil {
		return nil, err
	}
	undone := &Undone{Client: e.Client, File: e.File}
	text, exists, err := fileText(e.File)
	switch {
	case err != nil:
		return nil, cannot(e.Client, e.File, err)
	case !exists:
		undone.note("the file is gone already")
		e.noteBackups(undone)
	case sum(text) == e.written.After:
		err = e.restore(undone, text)
	default:
		err = e.takeOut(undone, text, force)
	}
	if err != nil {
		return nil, err
	}
	at := kept.index(e.written.Client, e.File, e.written.Name)
	if at >= 0 {
		kept.Written = slices.Delete(kept.Written, at, at+1)
	}
	undone.note(kept.dropKey(m))
	kept.sweep()
	return undone, m.keep(kept)
}

// DropKey removes the key that setup saved, if no entry needs it, and says so.
func (m Machine) DropKey() (note string, err error) {
	release, err := m.alone()
	if err != nil {
		return "", err
	}
	defer release()
	kept, err := m.record()
	if err != nil || kept.Key == "" {
		return "", err
	}
	if note = kept.dropKey(m); note == "" {
		return "", nil
	}
	return note, m.keep(kept)
}

func (u *Undone) note(said string) { u.Note = strings.Trim(u.Note+"; "+said, "; ") }

// noteBackups names the files that still hold what was there before.
func (e Entry) noteBackups(undone *Undone) {
	isGone := func(file string) bool { return file == "" || !exists(file) }
	left := slices.DeleteFunc(append(slices.Clone(e.written.Earlier), e.written.Backup), isGone)
	if len(left) > 0 {
		undone.note("what the file held before setup is still in " + strings.Join(left, " and "))
	}
}

// restore puts back what was there before setup.
func (e Entry) restore(undone *Undone, text string) error {
	if e.written.Backup == "" {
		undone.Difference = difference(e.File, "/dev/null", text, "", e.written.Additions)
		e.noteBackups(undone)
		return notWritten(e.File, os.Remove(linked(e.File)))
	}
	before, exists, err := fileText(e.written.Backup)
	if err != nil || !exists {
		return e.takeOut(undone, text, false)
	}
	undone.Difference = difference(e.File, e.File, text, before, e.written.Additions)
	if err := writeFile(e.File, before); err != nil {
		return notWritten(e.File, err)
	}
	if err := os.Remove(e.written.Backup); err != nil {
		return err
	}
	e.noteBackups(undone)
	return nil
}

// takeOut takes the entry out of a file that others have written since.
func (e Entry) takeOut(undone *Undone, text string, force bool) error {
	document, err := read(e.Client.format, text)
	if err != nil {
		return cannot(e.Client, e.File, err)
	}
	for _, a := range e.written.Additions {
		there := document.contents.find(a)
		if there == nil {
			continue
		}
		if !force && !reflect.DeepEqual(there, normal(a.Value)) {
			return &Refusal{
				Problem:    fmt.Sprintf("%s was changed in %s since setup wrote it, and is left there", e.written.Name, e.File),
				Next:       "take it out all the same: add --replace",
				Difference: difference("setup's", "there", lined(normal(a.Value)), lined(there), e.written.Additions),
			}
		}
		if document, err = document.without(a); err != nil {
			return cannot(e.Client, e.File, err)
		}
	}
	undone.Difference = difference(e.File, e.File, text, document.text, e.written.Additions)
	e.noteBackups(undone)
	if undone.Difference == "" {
		undone.note("the entry is gone already")
		return nil
	}
	return notWritten(e.File, writeFile(e.File, document.text))
}

// dropKey removes the key that setup saved if no entry needs it, and says so.
func (r *record) dropKey(m Machine) (note string) {
	keyFile := m.KeyFile()
	if r.Key == "" || slices.ContainsFunc(r.Written, func(w written) bool { return w.KeyFile == keyFile }) {
		return ""
	}
	text, exists, err := fileText(keyFile)
	switch {
	case err == nil && !exists:
	case err == nil && sum(text) != r.Key:
		note = keyFile + " holds a key that setup did not write, and is left"
	default:
		if err := os.Remove(keyFile); err != nil {
			return keyFile + ", the key that setup saved, could not be removed: " + err.Error()
		}
		note = keyFile + ", the key that setup saved, is removed as well"
	}
	r.Key = ""
	return note
}

// SaveKey writes an API key to the file that is the user's alone. Another key that is there goes only if replace says so.
func (m Machine) SaveKey(key string, replace bool) error {
	release, err := m.alone()
	if err != nil {
		return err
	}
	defer release()
	kept, err := m.record()
	if err != nil {
		return err
	}
	file := m.KeyFile()
	text, exists, err := fileText(file)
	if err != nil {
		return notWritten(file, err)
	}
	switch {
	case !exists:
	case strings.TrimSpace(text) == key:
		return nil
	case !replace:
		return &Refusal{Problem: file + " holds another key", Next: "use that one, without --save-key, or replace it: add --replace"}
	}
	if err := kept.makeFolder(filepath.Dir(file)); err != nil {
		return notWritten(file, err)
	}
	if err := replaceFile(file, key+"\n", 0o600); err != nil {
		return notWritten(file, err)
	}
	kept.Key = sum(key + "\n")
	return m.keep(kept)
}
