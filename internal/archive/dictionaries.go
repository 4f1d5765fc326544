package archive

import (
	"context"
	"errors"
	"slices"
	"sync"

	"make-audit-mcp/internal/auditlog"
)

// words are what the dictionaries' ids stand for; id 0 is none. They only grow: what is appended later does not change what
// somebody has.
type words struct {
	events wordList[auditlog.Text]
	actors wordList[*auditlog.Actor]
	refs   wordList[*auditlog.Ref]
}

// wordList is one of them by id, with the sum of its texts.
type wordList[T any] struct {
	words []T
	chain chain
}

func (w words) event(id int32) auditlog.Text   { return wordOf(w.events.words, id) }
func (w words) actor(id int32) *auditlog.Actor { return wordOf(w.actors.words, id) }
func (w words) ref(id int32) *auditlog.Ref     { return wordOf(w.refs.words, id) }

func wordOf[T any](from []T, id int32) (word T) {
	if id > 0 && int(id) < len(from) {
		word = from[id]
	}
	return word
}

// signedWords are the sums of the dictionaries, as a head has them.
type signedWords = [Dictionaries]chain

// dictionaries are held once for all logs.
type dictionaries struct {
	mu      sync.Mutex
	words   words
	targets wordList[auditlog.Text]
}

// What a word takes in memory, beside its texts: its place in the list, what that points at, and what each text is rounded up by.
const (
	bytesOfText  = 16 + 8
	bytesOfActor = 8 + 48 + 3*8
	bytesOfRef   = 8 + 32 + 2*8
)

func (l *wordList[T]) bytes(each int64) int64 { return int64(cap(l.words))*each + l.chain.Bytes }

func (d *dictionaries) bytes() int64 {
	return d.words.events.bytes(bytesOfText) + d.words.actors.bytes(bytesOfActor) + d.words.refs.bytes(bytesOfRef) +
		d.targets.bytes(bytesOfText)
}

// update has the dictionaries read what they lack. What is refused is read again from the beginning: it may be of a copy that is no longer
// there.
func (a *Archive) update(how func(*dictionaries) error) error {
	d := &a.dictionaries
	d.mu.Lock()
	defer d.mu.Unlock()
	before := d.bytes()
	err := how(d)
	if _, isRefused := errors.AsType[*StoreError](err); isRefused {
		d.words, d.targets = words{}, wordList[auditlog.Text]{}
		err = how(d)
	}
	a.cache.account(d.bytes() - before)
	return err
}

// wordsOf are the events, people and teams of the dictionaries, as many as were signed or more. They are held whatever there is of them.
func (a *Archive) wordsOf(ctx context.Context, signed signedWords) (known words, err error) {
	err = a.update(func(d *dictionaries) error {
		next := d.words
		if next.events, err = readDictionary(ctx, a, signed, Events, next.events, textOf); err != nil {
			return err
		}
		if next.actors, err = readDictionary(ctx, a, signed, Actors, next.actors, func(t Texts) *auditlog.Actor {
			return &auditlog.Actor{ID: auditlog.ID(t[0]), Name: auditlog.Text(t[1]), Email: auditlog.Text(t[2])}
		}); err != nil {
			return err
		}
		if next.refs, err = readDictionary(ctx, a, signed, Refs, next.refs, func(t Texts) *auditlog.Ref {
			return &auditlog.Ref{ID: auditlog.ID(t[0]), Name: auditlog.Text(t[1])}
		}); err != nil {
			return err
		}
		d.words, known = next, next
		return nil
	})
	return known, err
}

func textOf(t Texts) auditlog.Text { return auditlog.Text(t[0]) }

// readDictionary appends what a dictionary has beyond known, by ids, which are 1, 2, 3, …: no word is ever taken away.
func readDictionary[T any](ctx context.Context, a *Archive, all signedWords, d Dictionary, known wordList[T],
	of func(Texts) T) (wordList[T], error) {
	signed := all[d]
	if known.words == nil {
		known.words = make([]T, 1, 1+min(signed.Count, 1<<20))
	}
	if known.chain.Count > signed.Count || known.chain.equal(signed) {
		return known, nil
	}
	for word, err := range a.store.Words(ctx, d, int32(known.chain.Count)) { //nolint:gosec // they have ids
		if err != nil {
			return known, err
		}
		if int(word.ID) != len(known.words) {
			break // and what is signed is not reached
		}
		known.chain.add(word.Texts[:]...)
		if known.chain.isBeyond(signed) {
			break
		}
		known.words = append(known.words, of(word.Texts))
		if known.chain.Count == signed.Count {
			break
		}
	}
	if !known.chain.equal(signed) {
		return known, a.refused(nil, "the words that its entries refer to are not those that were signed")
	}
	return known, nil
}

// targets are the ids of all targets by their ids in the dictionary, as many as were signed or more. There may be more of them than of
// anything else: where they would take more than a quarter of the memory none are held, and the store is asked for each.
func (a *Archive) targets(ctx context.Context, signed signedWords) (texts []auditlog.Text, areHeld bool, err error) {
	areHeld = signed[Targets].Bytes+int64(signed[Targets].Count)*bytesOfText <= a.cache.limit/4
	err = a.update(func(d *dictionaries) error {
		if !areHeld {
			d.targets = wordList[auditlog.Text]{}
			return nil
		}
		next, err := readDictionary(ctx, a, signed, Targets, d.targets, textOf)
		if err == nil {
			d.targets, texts = next, next.words
		}
		return err
	})
	return texts, areHeld, err
}

// textsOf are the ids of some targets. They are proven if all targets are held; else it is left to the store.
func (a *Archive) textsOf(ctx context.Context, signed signedWords, ids []int32) (of func(id int32) auditlog.Text, areProven bool,
	err error) {
	all, areHeld, err := a.targets(ctx, signed)
	if err != nil {
		return nil, false, err
	}
	if areHeld {
		return func(id int32) auditlog.Text { return wordOf(all, id) }, true, nil
	}
	of, err = a.storedTexts(ctx, signed, ids)
	return of, false, err
}

// storedTexts are the ids of some targets, held against nothing.
func (a *Archive) storedTexts(ctx context.Context, signed signedWords, ids []int32) (of func(id int32) auditlog.Text, err error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	texts := make(map[int32]auditlog.Text, len(ids))
	var read chain
	for word, err := range a.store.WordsAt(ctx, Targets, ids) {
		if err != nil {
			return nil, err
		}
		if read.add(word.Texts[:]...); read.isBeyond(signed[Targets]) {
			return nil, a.refused(nil, "there is more of the words that its entries refer to than was signed")
		}
		texts[word.ID] = textOf(word.Texts)
	}
	return func(id int32) auditlog.Text { return texts[id] }, nil
}

// targetID is the id that a target has in the dictionary, 0 if it has none.
func (a *Archive) targetID(ctx context.Context, signed signedWords, target auditlog.Text) (id int32, isProven bool, err error) {
	texts, areHeld, err := a.targets(ctx, signed)
	if err != nil || areHeld {
		return int32(max(0, slices.Index(texts, target))), true, err //nolint:gosec // ids fit
	}
	ids, err := a.store.WordIDs(ctx, Targets, []Texts{{string(target)}})
	if err != nil {
		return 0, false, err
	}
	return ids[0], false, nil
}
