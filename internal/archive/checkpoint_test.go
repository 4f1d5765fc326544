package archive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func TestTheEdgeHasTheRootsOfTheWholeTree(t *testing.T) {
	t.Parallel()
	var stored []tlog.Hash // all hashes of the tree, as tlog keeps them
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = stored[index]
		}
		return found, nil
	})
	edge := &Tree{}
	for n := range int64(300) {
		text := fmt.Appendf(nil, "leaf %d", n)
		hashes, err := tlog.StoredHashes(n, text, reader)
		require.NoError(t, err)
		stored = append(stored, hashes...)
		edge.push(tlog.RecordHash(text))
		want, err := tlog.TreeHash(n+1, reader)
		require.NoError(t, err)
		require.Equal(t, want, edge.root(), "%d leaves", n+1)
		data, err := json.Marshal(edge)
		require.NoError(t, err)
		edge = &Tree{}
		require.NoError(t, json.Unmarshal(data, edge))
	}
	want, err := tlog.TreeHash(0, reader)
	require.NoError(t, err)
	assert.Equal(t, want, (&Tree{}).root())
}

func TestTilesAreTheTreesOfTheirOwnLeaves(t *testing.T) {
	t.Parallel()
	whole, tiles := &Tree{}, []*Tree{}
	for n := range int64(2*tileSize + 6) {
		if n%tileSize == 0 {
			tiles = append(tiles, &Tree{})
		}
		leaf := tlog.RecordHash(fmt.Appendf(nil, "leaf %d", n))
		whole.push(leaf)
		tiles[len(tiles)-1].push(leaf)
		if n%1000 > 0 && whole.Size%tileSize != 0 {
			continue
		}
		for number, of := range tiles {
			require.Equal(t, of.Peaks, whole.tile(int64(number)), "%d leaves, tile %d", whole.Size, number)
		}
	}
	require.Equal(t, tiles[2].Peaks, whole.tile(2))
	assert.Len(t, whole.Tiles, 2)
	data, err := json.Marshal(whole)
	require.NoError(t, err)
	read := &Tree{}
	require.NoError(t, json.Unmarshal(data, read))
	assert.Equal(t, whole, read)
	whole.Tiles = whole.Tiles[:1]
	data, err = json.Marshal(whole)
	require.NoError(t, err)
	require.Error(t, json.Unmarshal(data, read), "a tile is missing")
}

func FuzzWhatIsPackedComesBack(f *testing.F) {
	f.Add([]byte(`{"uuid":"x"}`), []byte{})
	f.Add([]byte{}, []byte("\x00\xff"))
	f.Fuzz(func(t *testing.T, raw, damaged []byte) {
		p := &packer{}
		packed, err := p.pack(raw)
		require.NoError(t, err)
		again, err := p.pack(raw)
		require.NoError(t, err)
		assert.Equal(t, packed, again)
		back, err := unpack(packed, len(raw))
		require.NoError(t, err)
		assert.True(t, bytes.Equal(raw, back))
		_, _ = unpack(damaged, 1<<20) // must return
		_, _ = unpack(seal(bytes.Clone(damaged)), 1<<20)
	})
}

func FuzzCheckpointsAreReadOrRefused(f *testing.F) {
	private, public, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{7}, 64)), "make-audit-mcp/x")
	require.NoError(f, err)
	signer, err := note.NewSigner(private)
	require.NoError(f, err)
	f.Add([]byte("make-audit-mcp/x\n3\nAAAA\n"), true)
	f.Add([]byte("\n\n— make-audit-mcp/x AAAA\n"), false)
	f.Fuzz(func(t *testing.T, text []byte, signed bool) {
		if signed {
			message, err := note.Sign(&note.Note{Text: string(text)}, signer)
			if err != nil {
				return
			}
			text = message
		}
		checkpoint, err := parseCheckpoint(text, "make-audit-mcp/x", []string{public})
		if err != nil {
			return
		}
		assert.True(t, signed)
		assert.Contains(t, checkpoint.Note, fmt.Sprintf("make-audit-mcp/x\n%d\n", checkpoint.Size)[:20])
		_, err = parseCheckpoint(text, "make-audit-mcp/y", []string{public})
		assert.Error(t, err, "another archive's")
	})
}

func FuzzTheEdgeIsReadOrRefused(f *testing.F) {
	f.Add([]byte(`{"size":3,"peaks":["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]}`))
	f.Fuzz(func(_ *testing.T, data []byte) {
		edge := &Tree{}
		if json.Unmarshal(data, edge) != nil {
			return
		}
		edge.push(tlog.Hash{})
		_ = edge.root() // must return
	})
}
