package main

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tzif is a file whose two blocks have a type each; the second begins with a mark.
func tzif(t *testing.T, version byte, mark string) []byte {
	t.Helper()
	head := header{Magic: [4]byte([]byte("TZif")), Version: version, Changes: 2, Types: 1, Characters: 4, Leaps: 1, UT: 1, Standard: 1}
	file, err := binary.Append(nil, binary.BigEndian, head)
	require.NoError(t, err)
	file = append(file, make([]byte, 2*5+6+4+8+1+1)...)
	return append(append(file, "TZif"...), mark...)
}

func TestZonesWithTheSameRulesStandOnceAndWhatIsNoZoneIsLeftOut(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	require.NoError(t, pack(&out, fstest.MapFS{
		"Asia/Oral":         {Data: tzif(t, '2', "one")},
		"Asia/Uralsk":       {Data: tzif(t, '2', "one")},
		"Zulu":              {Data: tzif(t, '3', "other")},
		"posix/Asia/Oral":   {Data: tzif(t, '2', "one")},
		"right/Asia/Oral":   {Data: tzif(t, '2', "leap")},
		"tzdata.zi":         {Data: []byte("# version 2026f")},
		"leap-seconds.list": {Data: []byte("#")},
	}))
	index, _, found := strings.Cut(out.String(), "\n\n")
	require.True(t, found)
	assert.Equal(t, "Asia/Oral 58\nAsia/Uralsk =Asia/Oral\nZulu 60", index)
}

func TestTheFirstBlockIsLeftEmptyAndTheSecondAsItIs(t *testing.T) {
	t.Parallel()
	got, err := withoutFirst(tzif(t, '2', " and all that follows"))
	require.NoError(t, err)
	assert.True(t, bytes.HasSuffix(got, []byte("\x00TZif and all that follows")))
	assert.Len(t, got, 44+7+len("TZif and all that follows"))
}

func TestWhatIsNoTZifFileOfTwoBlocksIsRefused(t *testing.T) {
	t.Parallel()
	whole := tzif(t, '2', "")
	for name, file := range map[string][]byte{
		"empty": nil, "text": []byte(strings.Repeat("no rules ", 20)), "one block": tzif(t, 0, ""), "cut": whole[:60],
		"a second block elsewhere": append(whole[:44:44], whole[45:]...),
	} {
		_, err := withoutFirst(file)
		require.Error(t, err, name)
	}
}
