package questions

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// transcript is the conversation about one question, a line of JSON each. It is whole once the last line has the outcome; another one is
// written anew.
type transcript struct {
	path  string
	of    header
	lines bytes.Buffer
}

// header says what a transcript is of. One of another question, server or model is not gone on from.
type header struct {
	ID       string     `json:"id"`
	Question string     `json:"question"`
	Server   ServerName `json:"server"`
	Model    string     `json:"model"`
}

// line is one line of a transcript.
type line struct {
	Of       *header  `json:"of,omitempty"`
	System   string   `json:"system,omitempty"`
	Tools    []Tool   `json:"tools,omitempty"`
	Said     *Turn    `json:"said,omitempty"`
	Returned *Result  `json:"returned,omitempty"`
	Outcome  *Outcome `json:"outcome,omitempty"`
}

func (r *Runner) transcript(q Question) *transcript {
	t := &transcript{of: header{q.ID, q.ask(), r.Server.Name, r.ModelName}}
	if r.Transcripts != "" {
		plain := regexp.MustCompile(`[^a-zA-Z0-9.]+`)
		folder := plain.ReplaceAllString(strings.ToLower(string(r.Server.Name)+"-"+r.ModelName), "-")
		t.path = filepath.Join(r.Transcripts, folder, q.ID+".ndjson")
	}
	return t
}

// outcome reads how an earlier run ended, if it did.
func (t *transcript) outcome() (o Outcome, done bool, err error) {
	if t.path == "" {
		return o, false, nil
	}
	file, err := os.Open(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return o, false, nil
	}
	if err != nil {
		return o, false, err
	}
	defer func() { _ = file.Close() }() // it was only read
	lines, same := bufio.NewReader(file), false
	for {
		text, err := lines.ReadBytes('\n')
		if err != nil {
			return o, false, nil // it ended early
		}
		var l line
		if json.Unmarshal(text, &l) != nil {
			return o, false, nil
		}
		same = same || l.Of != nil && *l.Of == t.of
		if l.Outcome != nil {
			return *l.Outcome, same, nil
		}
	}
}

func (t *transcript) write(l line) {
	encoded, err := json.Marshal(l)
	if err != nil { // a model's raw words alone could do that, and they are not written
		encoded = fmt.Appendf(nil, `{"error":%q}`, err)
	}
	t.lines.Write(append(encoded, '\n'))
}

func (t *transcript) begin(c *Conversation) {
	t.write(line{Of: &t.of, System: c.System, Tools: c.Tools})
}
func (t *transcript) said(turn Turn)    { t.write(line{Said: &turn}) }
func (t *transcript) returned(r Result) { t.write(line{Returned: &r}) }

// close keeps the transcript, whole or not at all.
func (t *transcript) close(o Outcome) error {
	if t.path == "" {
		return nil
	}
	t.write(line{Outcome: &o})
	if err := os.MkdirAll(filepath.Dir(t.path), 0o750); err != nil {
		return err
	}
	unfinished := t.path + ".new"
	if err := os.WriteFile(unfinished, t.lines.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(unfinished, t.path)
}
