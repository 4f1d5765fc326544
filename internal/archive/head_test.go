package archive

import (
	"crypto/rand"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
)

// named is a store that has a name.
type named struct{ Store }

func (named) ID() string { return "name" }

func TestTheHeadOfAnEarlierProgramHasChunksOfIDsThatAllLogsShare(t *testing.T) {
	t.Parallel()
	a := &Archive{store: named{}, options: Options{Now: time.Now}}
	private, public, err := note.GenerateKey(rand.Reader, a.origin())
	require.NoError(t, err)
	signer, err := note.NewSigner(private)
	require.NoError(t, err)
	now := &head{Logs: []logHead{{}, {}, {}}}
	require.NoError(t, a.seal(now, signer, public))
	text := string(now.stored)
	for _, chunks := range []string{`[null,"AQ==","Ag=="]`, `["Aw=="]`, "null"} {
		text = strings.Replace(text, `"chunks":{}`, `"chunks":`+chunks, 1)
	}
	before, _, _ := strings.Cut(text, "\n")
	now.checkpoint.head = sumOf([]byte(before))
	signed, err := note.Sign(&note.Note{Text: now.checkpoint.text(a.origin())}, signer)
	require.NoError(t, err)
	h, err := a.parseHead(slices.Concat([]byte(before+"\n"), signed), []string{public})
	require.NoError(t, err)
	first := &h.log(1).Chunks
	assert.Equal(t, []int64{65_536, 131_072}, first.Starts)
	for id, chunk := range map[int64]int{0: 0, 65_535: 0, 65_536: 1, 131_071: 1, 131_072: 2, 1 << 31: 2} {
		assert.Equal(t, chunk, first.of(id), "%d", id)
		ids := first.ids(chunk)
		assert.True(t, ids.From <= id && id < ids.To, "%d is not among %v", id, ids)
	}
	assert.Empty(t, h.log(2).Chunks.Starts)
	assert.Empty(t, h.log(3).Chunks.Starts)
	assert.Equal(t, [][]byte{nil, {1}, {2}}, first.Sums)
	var earlier struct{ Logs []struct{ Chunks [][]byte } }
	text, _, _ = strings.Cut(string(now.stored), "\n")
	require.Error(t, json.Unmarshal([]byte(text), &earlier), "and that program cannot read one of this, so it cannot write it either")
}
