package makeapi

import (
	"encoding/json"
	"time"
)

const (
	// ageParts is how many parts of a minute the ages of answered requests are told in.
	ageParts = 60
	// holdParts is the part of a minute for which a place may be unused.
	holdParts = 12
	// mostCounted bounds what is believed of a replica.
	mostCounted = 1 << 20
)

// uses are what replicas share of an organization: how much each uses. Times are those of the clock that they share.
type uses struct {
	Replicas map[string]*use `json:"replicas"`
	// Paused is until when Make wants no calls, in microseconds since 1970; 0 for no pause.
	Paused int64 `json:"paused,omitempty"`
}

// use is one replica's, as of its beat.
type use struct {
	Beat int64 `json:"beat"` // in microseconds since 1970
	// Keep is for how many milliseconds after its beat anything of it may count.
	Keep int64 `json:"keep"`
	// Held are places that are unused, or of requests under way.
	Held int `json:"held,omitempty"`
	// Answered are the requests that were answered, by age, in parts of the minute, the youngest first.
	Answered []int `json:"answered,omitempty"`
}

// readUses reads a value. One that cannot be read counts as empty: within a minute all that live have written theirs again.
func readUses(value []byte) *uses {
	all := &uses{}
	if json.Unmarshal(value, all) != nil {
		all = &uses{}
	}
	if all.Replicas == nil {
		all.Replicas = map[string]*use{}
	}
	return all
}

func (u *uses) write() []byte {
	value, _ := json.Marshal(u) // numbers and texts alone
	return value
}

// settle drops what is over, and corrects what a clock that jumped leaves: what lies in the future is as of now, and what a jump forward
// made older becomes younger by it. The more recent a use, the more it counts.
func (u *uses) settle(now time.Time, forward, minute time.Duration) {
	for id, one := range u.Replicas {
		if one == nil {
			delete(u.Replicas, id)
			continue
		}
		one.Beat = min(one.Beat+forward.Microseconds(), now.UnixMicro())
		if longest := longestKept(minute); one.Keep < 0 || one.Keep > longest.Milliseconds() {
			one.Keep = longest.Milliseconds()
		}
		if one.elapsed(now) >= time.Duration(one.Keep)*time.Millisecond {
			delete(u.Replicas, id)
		}
	}
	switch latest := now.Add(maxRetryAfter).UnixMicro(); {
	case u.Paused <= now.UnixMicro():
		u.Paused = 0
	case u.Paused > latest:
		u.Paused = latest
	}
}

// longestKept is for how long anything may count at most that no replica of this program would keep longer.
func longestKept(minute time.Duration) time.Duration { return 2*replicaKept*minute + 10*time.Minute }

func (u *use) elapsed(now time.Time) time.Duration {
	return time.Duration(now.UnixMicro()-u.Beat) * time.Microsecond
}

// counts is how many places count still, and in how long the first of them no longer may.
func (u *use) counts(now time.Time, minute time.Duration) (places int, next time.Duration) {
	next = minute
	if u.Held > 0 {
		places, next = min(u.Held, mostCounted), minute/holdParts
	}
	for age, answered := range u.Answered[:min(len(u.Answered), ageParts)] {
		// As young as any of them may be.
		left := minute - u.elapsed(now) - time.Duration(age)*minute/ageParts
		if answered > 0 && left > 0 {
			places, next = places+min(answered, mostCounted), min(next, left)
		}
	}
	return places, next
}

// add adds a request that was answered so long ago.
func (u *use) add(age, minute time.Duration) {
	part := int(max(age, 0) * ageParts / minute)
	if part >= ageParts {
		return
	}
	for len(u.Answered) <= part {
		u.Answered = append(u.Answered, 0)
	}
	u.Answered[part]++
}
