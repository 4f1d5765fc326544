package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/note"

	"make-audit-mcp/internal/auditlog"
)

// head is what all answers rest on, as the last batch left it: the tree's edge, and hashes over everything else. Each batch signs its own,
// so that nothing is ever shown that was not stored, and signed, together.
type head struct {
	Tree Tree `json:"tree"`
	// Keys are the public keys that signed heads, the newest last.
	Keys []string `json:"keys"`
	// Logs are those with the numbers 1, 2, 3, …
	Logs []logHead `json:"logs"`
	// Words are of the dictionaries.
	Words signedWords `json:"words"`
	// Checkpoints are those that are kept, by size and root; Kept is the size of the last.
	Checkpoints chain `json:"checkpoints"`
	Kept        int64 `json:"kept"`
	// Largest is how many bytes the largest record unpacks to: one that is larger is none of them.
	Largest int `json:"largest"`

	// checkpoint is what signs it; nil before the first batch.
	checkpoint *Checkpoint
	// stored is all of it as it is stored: JSON on one line, and then the checkpoint.
	stored []byte
}

// logHead is a log's part of it.
type logHead struct {
	LogKey
	// State is the hash of the log's state.
	State []byte `json:"state"`
	// Rows is how many there are, Rewritten how many were ever replaced.
	Rows      int   `json:"rows"`
	Rewritten int64 `json:"rewritten,omitempty"`
	// Chunks are the sums of what is counted.
	Chunks chunks `json:"chunks"`
	// Names are the objects' names.
	Names chain `json:"names,omitzero"`
	// Written is when the entry that was written last was, in microseconds.
	Written int64 `json:"written,omitempty"`
}

// chain is a hash over texts that are only ever added.
type chain struct {
	Count int `json:"count"`
	// Bytes is how long they are together: whoever reads more need not go on.
	Bytes int64  `json:"bytes"`
	Sum   []byte `json:"sum,omitempty"`
}

// add appends some texts, which together are one.
func (c *chain) add(texts ...string) {
	var space [256]byte // on the stack, which is enough for most
	text := append(space[:0], c.Sum...)
	for _, t := range texts {
		text = append(binary.AppendUvarint(text, uint64(len(t))), t...)
		c.Bytes += int64(len(t))
	}
	sum := sha256.Sum256(text)
	c.Count++
	c.Sum = sum[:]
}

func (c *chain) equal(other chain) bool {
	return c.Count == other.Count && bytes.Equal(c.Sum, other.Sum)
}

// isBeyond reports whether there is more than in another chain, which it can then not become.
func (c *chain) isBeyond(other chain) bool { return c.Count > other.Count || c.Bytes > other.Bytes }

func sumOf(data []byte) []byte {
	sum := sha256.Sum256(data)
	return sum[:]
}

// clone is a head to change.
func (h *head) clone() *head {
	next := *h
	next.Tree = *h.Tree.clone()
	next.Logs = slices.Clone(h.Logs)
	next.Keys = slices.Clone(h.Keys)
	for i := range next.Logs {
		next.Logs[i].Chunks = h.Logs[i].Chunks.clone()
	}
	return &next
}

// number is a log's, 0 if it has none.
func (h *head) number(of LogKey) int64 {
	return int64(slices.IndexFunc(h.Logs, func(l logHead) bool { return l.LogKey == of })) + 1
}

// log is a log's part.
func (h *head) log(number int64) *logHead { return &h.Logs[number-1] }

// seal signs a head, and makes what is stored of it.
func (a *Archive) seal(h *head, signer note.Signer, public string) error {
	if !slices.Contains(h.Keys, public) {
		h.Keys = append(h.Keys, public)
	}
	text, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("the head: %w", err)
	}
	now := a.options.Now().UTC()
	h.checkpoint = &Checkpoint{Size: h.Tree.Size, Root: h.Tree.root(), At: now, head: sumOf(text)}
	signed, err := note.Sign(&note.Note{Text: h.checkpoint.text(a.origin())}, signer)
	if err != nil {
		return fmt.Errorf("signing the checkpoint: %w", err)
	}
	h.checkpoint.Note = string(signed)
	h.stored = slices.Concat(text, []byte{'\n'}, signed)
	return nil
}

// mostHead bounds a head, which names its own keys where none are at hand. One of a hundred million records has a few megabytes.
const mostHead = 32 << 20

// parseHead reads a head that one of the keys signed, or without them, one that it names itself.
func (a *Archive) parseHead(stored []byte, keys []string) (*head, error) {
	h := &head{stored: bytes.Clone(stored)}
	if len(stored) == 0 {
		return h, nil
	}
	if len(stored) > mostHead {
		return nil, errors.New("it is larger than any can be")
	}
	text, signed, _ := bytes.Cut(stored, []byte{'\n'})
	if keys == nil {
		named := struct{ Keys []string }{}
		if err := json.Unmarshal(text, &named); err != nil {
			return nil, fmt.Errorf("it cannot be read: %w", err)
		}
		keys = named.Keys
	}
	// It is believed before it is read: what somebody made up could take any memory.
	checkpoint, err := parseCheckpoint(signed, a.origin(), keys)
	if err == nil && !bytes.Equal(checkpoint.head, sumOf(text)) {
		err = errors.New("its checkpoint is of another one")
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, h); err != nil {
		return nil, fmt.Errorf("it cannot be read: %w", err)
	}
	if checkpoint.Size != h.Tree.Size || checkpoint.Root != h.Tree.root() {
		return nil, errors.New("its checkpoint is of another one")
	}
	h.checkpoint = checkpoint
	return h, nil
}

// trusted are the keys whose signature counts: that of the signing key, where it is at hand and none is to replace another; else nil.
func (a *Archive) trusted() []string {
	if a.options.NewKey {
		return nil
	}
	if _, public, err := readKey(a.options.KeyFile); err == nil {
		return []string{public}
	}
	return nil
}

// headIn reads the head, which must be signed.
func (a *Archive) headIn(ctx context.Context, from Reads) (*head, error) {
	stored, err := from.Head(ctx)
	if err != nil {
		return nil, err
	}
	if last := a.head.Load(); last != nil && bytes.Equal(last.stored, stored) {
		return last, nil
	}
	if len(stored) == 0 {
		logs, err := from.Logs(ctx, LogKey{})
		if err == nil && len(logs) > 0 {
			err = a.refused(nil, "its head is gone")
		}
		return &head{}, err
	}
	h, err := a.parseHead(stored, a.trusted())
	if err != nil {
		return nil, &StoreError{Store: a.store.String(), Problem: "its head, which signs what it holds, cannot be believed", Err: err,
			Next: "run make-audit-mcp verify; if " + a.options.KeyFile + " is not the key that signed it, restore that one"}
	}
	if last := a.head.Load(); last != nil && !h.goesOnFrom(last) {
		a.forget()
	}
	a.head.Store(h)
	return h, nil
}

// goesOnFrom reports whether a head can follow from another one: it does not where an earlier copy was put back.
func (h *head) goesOnFrom(last *head) bool {
	one, other := &h.Tree, &last.Tree
	if one.Size < other.Size || one.Size == other.Size && one.root() != other.root() || len(h.Logs) < len(last.Logs) ||
		!slices.Equal(one.Tiles[:len(other.Tiles)], other.Tiles) {
		return false
	}
	for d := range h.Words {
		if h.Words[d].Count < last.Words[d].Count {
			return false
		}
	}
	return true
}

// forget drops what was read before.
func (a *Archive) forget() {
	a.cache.forget()
	d := &a.dictionaries
	d.mu.Lock()
	defer d.mu.Unlock()
	a.cache.account(-d.bytes())
	d.words, d.targets = words{}, wordList[auditlog.Text]{}
}

// lastHead is the head as it is now.
func (a *Archive) lastHead(ctx context.Context) (h *head, err error) {
	err = a.store.Snapshot(ctx, func(from Reads) (err error) {
		h, err = a.headIn(ctx, from)
		return err
	})
	return h, err
}

// foundLog is a log as a head has it.
type foundLog struct {
	*Log
	head  *head
	state *logState
}

// findLog finds a log; nil if there is none.
func (a *Archive) findLog(ctx context.Context, of LogKey) (found *foundLog, err error) {
	err = a.store.Snapshot(ctx, func(from Reads) (err error) {
		found, err = a.findIn(ctx, from, of)
		return err
	})
	return found, err
}

func (a *Archive) findIn(ctx context.Context, from Reads, of LogKey) (*foundLog, error) {
	h, err := a.headIn(ctx, from)
	if err != nil {
		return nil, err
	}
	number := h.number(of)
	if number == 0 {
		return nil, nil
	}
	logs, err := from.Logs(ctx, of)
	if err != nil {
		return nil, err
	}
	if len(logs) != 1 || logs[0].Number != number || !bytes.Equal(sumOf(logs[0].State), h.log(number).State) {
		return nil, a.refused(nil, "the log of organization %s is not as it was signed", of.Organization)
	}
	state, err := a.stateOf(&logs[0])
	return &foundLog{Log: &logs[0], head: h, state: state}, err
}

// addName appends a name of a log; they come by [compareNames].
func (c *chain) addName(n *Name) { c.add(fmt.Sprint(n.Target, n.Record), n.Object, n.Name) }

// namesChain is the chain of the names of a log.
func namesChain(names []Name) (all chain) {
	for i := range names {
		all.addName(&names[i])
	}
	return all
}
