package transport

import (
	"sync"
	"time"

	"make-audit-mcp/internal/auth"
)

// holderOf says who holds what a caller takes, and whether it is somebody proven.
type holderOf func(auth.Caller) (name string, proven bool)

// places bounds how much of something is held at once: by each holder, by all who are not proven together, who get half, and in all. A
// holder gets up to twice what is left for others, so that a few do not hold everything and whoever comes next finds room.
// Whoever holds something under an address and is proven meanwhile holds it under the own name.
type places struct {
	who  holderOf
	each int64
	all  int64

	mu       sync.Mutex
	held     map[string]map[*place]struct{}
	used     int64
	unproven int64
	settled  time.Time // when it was last looked who has been proven
}

// place is a part that somebody holds.
type place struct {
	of     *places
	caller auth.Caller
	size   int64
	holder string // guarded by of.mu, like the next
	proven bool
}

// bound is what keeps a place from being taken.
type bound int

const (
	none bound = iota
	ofHolder
	ofUnproven
	ofAll
)

func newPlaces(who holderOf, each, all int) *places {
	return &places{who: who, each: int64(each), all: int64(all), held: map[string]map[*place]struct{}{}}
}

// take takes a place for a caller, or says what keeps it from that.
func (p *places) take(caller auth.Caller, size int64) (*place, bound) {
	p.mu.Lock()
	defer p.mu.Unlock()
	next := &place{of: p, caller: caller}
	next.holder, next.proven = p.who(caller)
	if full := p.grow(next, size); full != none {
		return nil, full
	}
	return next, none
}

// grow makes a place larger, if there is room.
func (p *place) grow(by int64) bool {
	p.of.mu.Lock()
	defer p.of.mu.Unlock()
	return p.of.grow(p, by) == none
}

func (p *places) grow(next *place, by int64) bound {
	full := p.full(next, by)
	if full != none && time.Since(p.settled) >= time.Second {
		p.settled = time.Now()
		p.settle()
		full = p.full(next, by)
	}
	if full == none {
		p.remove(next)
		next.size += by
		p.add(next)
	}
	return full
}

// full says which bound a place would break if it grew.
func (p *places) full(next *place, by int64) bound {
	held := by
	for other := range p.held[next.holder] {
		held += other.size
	}
	const share = 2
	free := p.all - p.used
	if !next.proven {
		free = min(free, p.all/2-p.unproven)
	}
	switch {
	case held > p.each, free > 0 && held > share*free:
		return ofHolder
	case !next.proven && p.unproven+by > p.all/2:
		return ofUnproven
	case p.used+by > p.all:
		return ofAll
	}
	return none
}

// settle moves what is held by those who have been proven meanwhile to their own names.
func (p *places) settle() {
	for _, held := range p.held {
		for taken := range held {
			if holder, proven := p.who(taken.caller); !taken.proven && holder != taken.holder {
				p.remove(taken)
				taken.holder, taken.proven = holder, proven
				p.add(taken)
			}
		}
	}
}

func (p *places) add(taken *place) {
	held := p.held[taken.holder]
	if held == nil {
		held = map[*place]struct{}{}
		p.held[taken.holder] = held
	}
	held[taken] = struct{}{}
	p.count(taken, taken.size)
}

func (p *places) remove(taken *place) {
	if _, held := p.held[taken.holder][taken]; !held {
		return
	}
	delete(p.held[taken.holder], taken)
	if len(p.held[taken.holder]) == 0 {
		delete(p.held, taken.holder)
	}
	p.count(taken, -taken.size)
}

func (p *places) count(taken *place, by int64) {
	p.used += by
	if !taken.proven {
		p.unproven += by
	}
}

// leave gives the place back.
func (p *place) leave() {
	p.of.mu.Lock()
	defer p.of.mu.Unlock()
	p.of.remove(p)
}

// heldBy is who holds the place, as far as that was looked at.
func (p *place) heldBy() (holder string, proven bool) {
	p.of.mu.Lock()
	defer p.of.mu.Unlock()
	return p.holder, p.proven
}
