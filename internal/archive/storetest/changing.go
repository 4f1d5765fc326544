package storetest

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"make-audit-mcp/internal/archive"
)

// add adds one to a value that is a number, and returns it.
func add(ctx context.Context, store archive.Store, name string) (sum int, err error) {
	err = store.Change(ctx, name, func(value []byte, _ time.Time) []byte {
		before, _ := strconv.Atoi(string(value)) // an empty one is 0
		sum = before + 1
		return []byte(strconv.Itoa(sum))
	})
	return sum, err
}

// changes has several processes count, while one fills the store: none of what they add is lost, and names are apart.
func (s *suite) changes() {
	const rounds = 25
	m, one, _ := s.filled()
	before := s.read(s.store)
	stores := []archive.Store{s.store, s.open(), s.open()}
	var group errgroup.Group
	for _, store := range stores {
		for _, name := range []string{"one", "another: https://eu1.make.com/api/v2 Å"} {
			group.Go(func() error {
				for range rounds {
					if _, err := add(s.Context(), store, name); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
	require.NoError(s, group.Wait())
	sum, err := add(s.Context(), s.open(), "one")
	require.NoError(s, err)
	assert.Equal(s, len(stores)*rounds+1, sum)
	assert.Equal(s, before, s.read(s.open()), "it is no part of the archive")
	require.NoError(s, s.store.Append(s.Context(), m.batch(one, m.keys(1)...)))
}

// changesWhole is about what values may be, and about changes that are given up.
func (s *suite) changesWhole() {
	binary := []byte("\x00\xff\"{}' \n")
	large := []byte(strings.Repeat("0123456789", 5000))
	var last time.Time
	found := []byte{}
	for _, value := range [][]byte{binary, large, {}, binary} {
		require.NoError(s, s.open().Change(s.Context(), "value", func(old []byte, now time.Time) []byte {
			assert.Equal(s, string(found), string(old))
			assert.False(s, now.Before(last), "the store's clock")
			assert.WithinDuration(s, time.Now(), now, time.Minute)
			last = now
			return value
		}))
		found = value
	}
	ended, end := context.WithCancel(s.Context())
	end()
	require.ErrorIs(s, s.store.Change(ended, "value", func([]byte, time.Time) []byte { return nil }), context.Canceled)
	require.NoError(s, s.store.Change(s.Context(), "value", func(old []byte, _ time.Time) []byte {
		assert.Equal(s, string(binary), string(old))
		return old
	}))
}

// changesSoon has one process hang while it changes a value.
func (s *suite) changesSoon() {
	hung, release := make(chan struct{}), make(chan struct{})
	hangs := sync.OnceFunc(func() { close(hung) })
	var group errgroup.Group
	other := s.open()
	group.Go(func() error {
		_ = other.Change(s.Context(), "value", func([]byte, time.Time) []byte { // a server may have given it up
			hangs()
			<-release
			return []byte("late")
		})
		return nil
	})
	<-hung
	brief, cancel := context.WithTimeout(s.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := add(brief, s.store, "value")
	require.ErrorIs(s, err, context.DeadlineExceeded)
	if _, err = add(s.Context(), s.store, "value"); err != nil { // nor does one wait for ever that has no time of its own
		var is *archive.StoreError
		require.ErrorAs(s, err, &is)
	}
	close(release)
	require.NoError(s, group.Wait())
	require.Eventually(s, func() bool {
		_, err := add(s.Context(), s.store, "value")
		return err == nil
	}, time.Minute, time.Millisecond)
}

// ChangeAsChild is the main of the process that [KillChanges] kills: it counts for ever, and says each number that it stored.
func ChangeAsChild(t *testing.T, places Places) {
	place := os.Getenv(ChildPlace)
	if place == "" {
		t.Skip("it runs as a child of the test that kills it")
	}
	store := places.Open(t, place, true)
	for {
		sum, err := add(t.Context(), store, "sum")
		require.NoError(t, err)
		fmt.Println("stored", sum)
	}
}

// KillChanges kills processes that count, two at a time, at any moment: what one of them stored stays, and those that are left go on. child
// names the test function that calls [ChangeAsChild] with these places.
func KillChanges(t *testing.T, child string, places Places) {
	const kills = 5
	place := places.New()
	store := places.Open(t, place, true)
	t.Cleanup(func() { assert.NoError(t, store.Close()) })
	highest := 0
	for range kills {
		var group errgroup.Group
		var heard [2]int
		for i := range heard {
			c := Child(t, child, place)
			output, err := c.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, c.Start())
			enough := 3 + rand.IntN(40)
			group.Go(func() error {
				for lines := bufio.NewScanner(output); lines.Scan(); enough-- {
					if number, is := strings.CutPrefix(lines.Text(), "stored "); is {
						heard[i], _ = strconv.Atoi(number)
					}
					if enough == 0 {
						_ = c.Process.Kill()
					}
				}
				if _, ended := c.Wait(), c.ProcessState; !wasKilled(ended) {
					return fmt.Errorf("the child ended by itself: %s", ended)
				}
				return nil
			})
		}
		require.NoError(t, group.Wait())
		places.Died(place)
		highest = max(highest, heard[0], heard[1])
		sum, err := add(t.Context(), store, "sum")
		require.NoError(t, err)
		require.Greater(t, sum, highest)
		require.LessOrEqual(t, sum, highest+4, "each may have stored one that was not heard of")
		highest = sum
	}
}
