package redact_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/redact"
)

// The files in testdata say of themselves how they are read: what has S3CR in it must not be shown, what has HARMLESS must be.
func TestSecretsAreMaskedAndHarmlessValuesShown(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.tsv")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range strings.Lines(string(content)) {
			if event, raw, isCase := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); isCase && !strings.HasPrefix(line, "#") {
				requireMasked(t, event, raw)
			}
		}
	}
}

func requireMasked(t *testing.T, event, raw string) {
	t.Helper()
	shown, masked, err := redact.Details(json.RawMessage(raw), auditlog.Text(event))
	require.NoError(t, err, raw)
	assert.NotContains(t, string(shown), "S3CR", "%s %s", event, raw)
	assert.Equal(t, strings.Count(raw, "HARMLESS"), strings.Count(string(shown), "HARMLESS"), "%s %s became %s", event, raw, shown)
	if strings.Contains(raw, "S3CR") {
		assert.NotEmpty(t, masked, "%s %s", event, raw)
	} else {
		assert.Empty(t, masked, "%s %s became %s", event, raw, shown)
	}
	for _, field := range redact.Fields(json.RawMessage(raw), auditlog.Text(event)) {
		assert.NotContains(t, field.Path+string(field.Shown), "S3CR", "%s %s", event, raw)
	}
}

// Words of secrets in every spelling, alone and with what endings say of them.
func TestKeysAreJudgedByTheirWordsInEverySpelling(t *testing.T) {
	t.Parallel()
	spellings := []func(words []string) string{
		func(words []string) string { return strings.Join(words, "_") },
		func(words []string) string { return strings.ToUpper(strings.Join(words, "-")) },
		func(words []string) string { return strings.Join(words, " ") },
		func(words []string) string { return strings.Join(words, "") },
		func(words []string) string {
			for i := range words {
				words[i] = strings.ToUpper(words[i][:1]) + words[i][1:]
			}
			return strings.Join(words, "")
		},
	}
	secrets := []string{"password", "client secret", "access token", "api key", "passwort", "mot de passe", "contraseña", "senha", "heslo",
		"hasło", "wachtwoord", "private key", "recovery code", "credential", "session id", "passphrase"}
	for _, secret := range secrets {
		for _, spell := range spellings {
			plain := strings.Fields(secret)
			requireKey(t, spell(plain), false)
			requireKey(t, spell(append([]string{"smtp"}, plain...)), false)
			requireKey(t, spell(append([]string{"new"}, plain...)), false)
			requireKey(t, spell(append(plain, "value")), false)
			requireKey(t, spell(append(plain, "2")), false)
			for _, about := range []string{"name", "type", "count", "policy", "label", "status", "owner", "length", "id"} {
				requireKey(t, spell(append(strings.Fields(secret), about)), true)
			}
			requireKey(t, spell(append(strings.Fields(secret), "changed", "at")), true)
		}
	}
	for _, word := range []string{
		"author", "authority", "monkey", "keyboard", "keyword", "compass", "passenger", "passage", "bypass", "secretary", "tokenizer",
		"spinner", "pinboard", "cookery", "designation", "president", "classification", "assessment", "encode", "postcode",
		"hockey", "turkey", "whiskey", "mashup", "signal", "section", "session count", "public key", "primary key", "postal code",
	} {
		for _, spell := range spellings {
			requireKey(t, spell(strings.Fields(word)), true)
		}
	}
}

func requireKey(t *testing.T, key string, isShown bool) {
	t.Helper()
	raw, err := json.Marshal(map[string]string{key: "hunter2zq8"})
	require.NoError(t, err)
	shown, _, err := redact.Details(raw, "")
	require.NoError(t, err)
	assert.Equal(t, isShown, strings.Contains(string(shown), "hunter2zq8"), "%s", shown)
}

func TestDetailsBoundsWhatIsScanned(t *testing.T) {
	t.Parallel()
	secret := strings.Repeat("word ", 100) + "password=hunter2zq8"
	long, err := json.Marshal(append(make([]string, 0, 190), strings.Split(strings.Repeat(secret+"\n", 189)+secret, "\n")...))
	require.NoError(t, err)
	fields := redact.Fields(json.RawMessage(`{"a":{"first":"x","all":`+string(long)+`,"last":"y"}}`), "")
	require.Len(t, fields, 3)
	assert.JSONEq(t, `"x"`, string(fields[0].Shown))
	assert.NotContains(t, string(fields[1].Shown), "hunter2zq8")
	assert.JSONEq(t, `"[too long]"`, string(fields[2].Shown), "what is no longer looked at is not shown either")
}

func TestOnlyTheSecretOfATextIsMasked(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://hook.eu1.make.com/ab12cd34?x=1":        "https://hook.eu1.make.com/[masked]?x=1",
		"https://bob:pw@x.example/a?b=c&token=d&e=f":    "https://[masked]@x.example/a?b=c&token=[masked]&e=f",
		"curl -H 'X-Api-Key: abc' https://x.example":    "curl -H 'X-Api-Key: [masked]' https://x.example",
		"Server=db;Password=a b;Database=x":             "Server=db;Password=[masked];Database=x",
		"https://discord.com/api/webhooks/1/abcdefghij": "https://discord.com/api/webhooks/1/[masked]",
		"user, password\nbob, hunter\nann, secret":      "user, password bob, [masked] ann, [masked]",
		"user: bob\npassword: a b\nhost: x":             "user: bob password: [masked] host: x",
		`say {"password":"a","n":1.10} twice`:           `say {"password":"[masked]","n":1.10} twice`,
		"changed password from ab12cd to ef34gh today":  "changed password from [masked] to [masked] today",
		"<a><password>x</password><b>y</b></a>":         "< a>< password>[masked]< /password>< b>y< /b>< /a>",
	} {
		text, err := json.Marshal(map[string]string{"text": raw})
		require.NoError(t, err)
		shown, masked, err := redact.Details(text, "")
		require.NoError(t, err)
		var got map[string]string
		require.NoError(t, json.Unmarshal(shown, &got))
		assert.Equal(t, want, got["text"])
		assert.Equal(t, []string{"text"}, masked)
	}
}
