package cli_test

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"make-audit-mcp/internal/auditlog/logtest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// checkpointIn is the checkpoint in what sync printed, as it is to be kept.
func checkpointIn(t *testing.T, printed string) (checkpoint, publicKey string) {
	t.Helper()
	_, after, found := strings.Cut(printed, "  checkpoint:\n")
	require.True(t, found, printed)
	for line := range strings.Lines(after) {
		rest, isIndented := strings.CutPrefix(line, "    ")
		if !isIndented {
			break
		}
		checkpoint += rest
	}
	key := regexp.MustCompile(`(?m)^  public key: (\S+)$`).FindStringSubmatch(printed)
	require.NotNil(t, key, printed)
	return checkpoint, key[1]
}

func TestVerifyHoldsTheArchiveAgainstWhatWasKeptElsewhere(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a, other := newAcme(t), newAcme(t)
	kept, key := checkpointIn(t, a.sync("--details", "none"))
	a.clock.Advance(time.Minute)
	a.happen(time.Second)
	a.sync("--details", "none")
	foreign, foreignKey := checkpointIn(t, other.sync("--details", "none"))

	got := a.run("verify").succeeds()
	assert.True(t, strings.HasSuffix(got.out, "\nVerified.\n"), got.out)
	assert.Contains(t, got.out, `33 entries of `+a.url)
	assert.NotContains(t, got.out+got.errOut, "\x1b")
	assert.Contains(t, got.out, key)
	for _, arguments := range map[string][]string{
		"a checkpoint": {"--checkpoint", writeFile(t, kept)}, "a key": {"--public-key", key},
		"both": {"--checkpoint", writeFile(t, kept), "--public-key", key},
	} {
		a.run(append([]string{"verify"}, arguments...)...).succeeds()
	}
	origin, rest, _ := strings.Cut(kept, "\n")
	size, _, _ := strings.Cut(rest, "\n")
	for name, test := range map[string]struct {
		arguments []string
		says      string
	}{
		"a file that is none":  {[]string{"--checkpoint", writeFile(t, "no checkpoint")}, "the checkpoint that was given cannot be used"},
		"another's checkpoint": {[]string{"--checkpoint", writeFile(t, foreign)}, "the checkpoint that was given cannot be used"},
		"another's, its key":   {[]string{"--checkpoint", writeFile(t, foreign), "--public-key", foreignKey}, "cannot be"},
		"a forged one": {[]string{"--checkpoint", writeFile(t, strings.Replace(kept, origin+"\n"+size, origin+"\n"+size+"0", 1))},
			"signature"},
		"another's key":      {[]string{"--public-key", foreignKey}, "cannot be believed"},
		"a key that is none": {[]string{"--public-key", "nonsense"}, "nonsense"},
	} {
		got := a.run(append([]string{"verify"}, test.arguments...)...).fails()
		assert.Contains(t, got.out, "FAIL", name)
		assert.Contains(t, got.out, test.says, name)
		assert.NotContains(t, got.out, "Verified", name)
	}
	a.run("verify", "--checkpoint", filepath.Join(t.TempDir(), "none")).refuses("the checkpoint cannot be read")
	a.run("verify", "--checkpoint", writeFile(t, "\n")).refuses("empty")
}

func TestVerifyRemembersTheLastOneAndNoticesAnEarlierCopy(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	a.sync("--details", "none")
	earlier, err := os.ReadFile(a.archive)
	require.NoError(t, err)
	assert.Contains(t, a.run("verify").succeeds().out, "none is remembered here")
	a.clock.Advance(time.Minute)
	a.happen(time.Second)
	a.sync("--details", "none")
	assert.Regexp(t, `last verify: 20\d\d-\d\d-\d\dT\S+Z\n`, a.run("verify").succeeds().out)
	info, err := os.Stat(a.archive + ".verified")
	require.NoError(t, err)
	assert.Zero(t, info.Mode().Perm()&0o077)

	require.NoError(t, os.WriteFile(a.archive, earlier, 0o600))
	got := a.run("verify").fails()
	assert.Contains(t, got.out, "earlier copy")
	assert.Contains(t, got.out, a.archive+".verified")
	a.run("verify").fails()
	require.NoError(t, os.Remove(a.archive+".verified"))
	a.run("verify").succeeds()

	require.NoError(t, os.WriteFile(a.archive+".verified", []byte("verified at noon\n"), 0o600))
	assert.Contains(t, a.run("verify").succeeds().out, "none is remembered here")
}

func TestVerifyGoesOnOverAChangeOfTheSigningKey(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	kept, old := checkpointIn(t, a.sync("--details", "none"))
	a.run("verify").succeeds()
	require.NoError(t, os.Remove(a.archive+".key"))
	a.clock.Advance(time.Minute)
	a.happen(time.Second)
	a.run("sync", "--details", "none").fails("--new-key")
	_, fresh := checkpointIn(t, a.sync("--details", "none", "--new-key"))
	require.NotEqual(t, old, fresh)

	a.run("verify", "--public-key", fresh).fails() // what the old one signed, it did not
	a.run("verify", "--public-key", old+","+fresh).succeeds()
	a.run("verify", "--public-key", old+","+fresh, "--checkpoint", writeFile(t, kept)).succeeds()
	assert.Regexp(t, `last verify: 20\d\d`, a.run("verify", "--public-key", old+","+fresh).succeeds().out)
}

func TestVerifyFindsAnArchiveThatWasMadeAnew(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	kept, key := checkpointIn(t, a.sync("--details", "none"))
	for name := range a.files() {
		require.NoError(t, os.Remove(filepath.Join(filepath.Dir(a.archive), name)))
	}
	a.RemoveEntries(hookDeleted)
	a.sync("--details", "none")
	a.run("verify").succeeds() // by itself it is sound
	for _, arguments := range [][]string{{"--checkpoint", writeFile(t, kept)}, {"--public-key", key},
		{"--checkpoint", writeFile(t, kept), "--public-key", key}} {
		a.run(append([]string{"verify"}, arguments...)...).fails()
	}
}

func TestVerifyNamesTheEntryThatWasChanged(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	key, err := hex.DecodeString(strings.ReplaceAll(hookDeleted, "-", ""))
	require.NoError(t, err)
	a := newAcme(t)
	a.sync("--details", "notable")
	a.run("verify").succeeds()
	files := a.files()
	for name, query := range map[string]string{
		"a byte of what Make sent": `UPDATE records SET raw = CAST(substr(raw, 1, 20) || CASE WHEN substr(raw, 21, 1) = x'41' THEN x'42' ELSE x'41' END || substr(raw, 22) AS BLOB) WHERE leaf = (SELECT record FROM entries WHERE key = ?)`,
		"a byte of the hash":       `UPDATE records SET hash = CAST(x'00' || substr(hash, 2) AS BLOB) WHERE leaf = (SELECT record FROM entries WHERE key = ?)`,
		"when it happened":         `UPDATE entries SET at = at + 1 WHERE key = ?`,
		"who did it":               `UPDATE entries SET actor = (SELECT min(id) FROM actors) WHERE key = ?`,
		"the whole row":            `DELETE FROM entries WHERE key = ?`,
		"the whole record":         `DELETE FROM records WHERE leaf = (SELECT record FROM entries WHERE key = ?)`,
	} {
		for file, text := range files {
			require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(a.archive), file), []byte(text), 0o600))
		}
		a.change(query, key)
		got := a.run("verify").fails()
		assert.Contains(t, got.out, "FAIL  records:", name)
		assert.Contains(t, got.out, hookDeleted, name)
		assert.Contains(t, got.errOut, "not what it should be", name)
		assert.NotContains(t, got.out, "Verified", name)
	}
}
