package auth_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auth"
)

const token = "0123456789abcdef-a-token"

func TestTheHolderOfTheTokenIsLetIn(t *testing.T) {
	t.Parallel()
	s, err := auth.NewStaticToken(token)
	require.NoError(t, err)
	caller, err := s.Authenticate(with(t, "Authorization", "bearer "+token))
	require.NoError(t, err)
	assert.Equal(t, auth.Caller{Subject: "token"}, caller)
	refused := refusal(t, s, with(t))
	assert.Equal(t, http.StatusUnauthorized, refused.Status)
	assert.Equal(t, `Bearer realm="make-audit-mcp"`, refused.Challenge)
	for _, header := range []string{"Bearer " + token[:len(token)-1], "Bearer " + token + "x", "Bearer  " + token + " x",
		"Bearer " + strings.ToUpper(token)} {
		refused := refusal(t, s, with(t, "Authorization", header))
		assert.Equal(t, http.StatusUnauthorized, refused.Status, header)
		assert.Equal(t, `Bearer realm="make-audit-mcp", error="invalid_token"`, refused.Challenge, header)
	}
	assert.Equal(t, http.StatusUnauthorized,
		refusal(t, s, with(t, "Authorization", "Bearer "+token, "Authorization", "Bearer "+token)).Status)
	r := with(t)
	r.URL.RawQuery = "access_token=" + token
	assert.Equal(t, http.StatusUnauthorized, refusal(t, s, r).Status, "addresses are logged")
}

func TestTokensThatAreEasilyGuessedAreRefused(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "short", strings.Repeat("a b", 20), strings.Repeat("a", 20) + "\n", "ünïcödé-ünïcödé-ünïcödé",
		strings.Repeat("x", 5000)} {
		_, err := auth.NewStaticToken(bad)
		require.Error(t, err, bad)
		if len(bad) > len("short") {
			assert.NotContains(t, err.Error(), bad)
		}
	}
}

func TestATokenFileIsReadAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	write := func(text string) {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	_, err := auth.NewStaticTokenFile(path, os.ReadFile)
	require.Error(t, err)
	write("short")
	_, err = auth.NewStaticTokenFile(path, os.ReadFile)
	require.Error(t, err)
	write(token + "\r\n")
	s, err := auth.NewStaticTokenFile(path, os.ReadFile)
	require.NoError(t, err)
	lets := func(token string) bool {
		_, err := s.Authenticate(with(t, "Authorization", "Bearer "+token))
		return err == nil
	}
	assert.True(t, lets(token))
	write("another-token-of-some-length\n")
	require.Eventually(t, func() bool { return lets("another-token-of-some-length") }, 10*time.Second, 20*time.Millisecond)
	assert.False(t, lets(token))
	require.NoError(t, os.Remove(path))
	time.Sleep(1100 * time.Millisecond) // until the file is looked at again
	assert.True(t, lets("another-token-of-some-length"), "the last one stays")
}

func TestEachCallerBringsAKey(t *testing.T) {
	t.Parallel()
	const key = "11111111-2222-3333-4444-555555555555"
	c := &auth.CallerKeys{Next: auth.Anonymous{}, Zones: []string{"eu1.make.com", "us1.make.com"}}
	for name, test := range map[string]struct {
		headers []string
		want    auth.Caller
	}{
		"key alone": {[]string{auth.HeaderMakeKey, key}, auth.Caller{MakeKey: key, MakeZone: "eu1.make.com"}},
		"zone": {[]string{auth.HeaderMakeKey, key, auth.HeaderMakeZone, "us1.make.com"},
			auth.Caller{MakeKey: key, MakeZone: "us1.make.com"}},
		"zone in capital": {[]string{auth.HeaderMakeKey, key, auth.HeaderMakeZone, "US1.Make.com."},
			auth.Caller{MakeKey: key, MakeZone: "us1.make.com"}},
	} {
		caller, err := c.Authenticate(with(t, test.headers...))
		require.NoError(t, err, name)
		assert.Equal(t, test.want, caller, name)
	}
	for name, test := range map[string]struct {
		headers []string
		status  int
	}{
		"no key":    {nil, http.StatusForbidden},
		"empty key": {[]string{auth.HeaderMakeKey, ""}, http.StatusForbidden},
		"two keys":  {[]string{auth.HeaderMakeKey, key, auth.HeaderMakeKey, key}, http.StatusBadRequest},
		"short key": {[]string{auth.HeaderMakeKey, "1234567"}, http.StatusBadRequest},
		"long key":  {[]string{auth.HeaderMakeKey, strings.Repeat("k", 513)}, http.StatusBadRequest},
		"newline":   {[]string{auth.HeaderMakeKey, key + "\r\nX-Evil: 1"}, http.StatusBadRequest},
		"space":     {[]string{auth.HeaderMakeKey, key + " " + key}, http.StatusBadRequest},
		"two zones": {[]string{auth.HeaderMakeKey, key, auth.HeaderMakeZone, "eu1.make.com", auth.HeaderMakeZone, "eu1.make.com"},
			http.StatusBadRequest},
		"metadata":       {[]string{auth.HeaderMakeKey, key, auth.HeaderMakeZone, "169.254.169.254"}, http.StatusForbidden},
		"attacker":       {[]string{auth.HeaderMakeKey, key, auth.HeaderMakeZone, "eu1.make.com.evil.example"}, http.StatusForbidden},
		"attacker's dot": {[]string{auth.HeaderMakeKey, key, auth.HeaderMakeZone, "evil.example/eu1.make.com"}, http.StatusForbidden},
		"user":           {[]string{auth.HeaderMakeKey, key, auth.HeaderMakeZone, "eu1.make.com@evil.example"}, http.StatusForbidden},
		"port":           {[]string{auth.HeaderMakeKey, key, auth.HeaderMakeZone, "eu1.make.com:8443"}, http.StatusForbidden},
		"path":           {[]string{auth.HeaderMakeKey, key, auth.HeaderMakeZone, "eu1.make.com/x"}, http.StatusForbidden},
		"localhost":      {[]string{auth.HeaderMakeKey, key, auth.HeaderMakeZone, "localhost"}, http.StatusForbidden},
		"zone newline":   {[]string{auth.HeaderMakeKey, key, auth.HeaderMakeZone, "eu1.make.com\nx"}, http.StatusForbidden},
		"huge zone":      {[]string{auth.HeaderMakeKey, key, auth.HeaderMakeZone, strings.Repeat("z", 9000)}, http.StatusForbidden},
	} {
		refused := refusal(t, c, with(t, test.headers...))
		assert.Equal(t, test.status, refused.Status, name)
		assert.NotContains(t, refused.Message, key, name)
		assert.NotContains(t, refused.Message, "\n", name)
		assert.Less(t, len(refused.Message), 300, name)
	}
	assert.Equal(t, http.StatusForbidden, refusal(t, &auth.CallerKeys{Next: auth.Anonymous{}},
		with(t, auth.HeaderMakeKey, key, auth.HeaderMakeZone, "eu1.make.com")).Status, "where there is nothing to choose")
	s, err := auth.NewStaticToken(token)
	require.NoError(t, err)
	assert.Equal(t, http.StatusUnauthorized, refusal(t, &auth.CallerKeys{Next: s}, with(t, auth.HeaderMakeKey, key)).Status,
		"a key is no token")
	caller, err := (&auth.CallerKeys{Next: s}).Authenticate(with(t, auth.HeaderMakeKey, key, "Authorization", "Bearer "+token))
	require.NoError(t, err)
	assert.Equal(t, auth.Caller{Subject: "token", MakeKey: key}, caller)
}

func TestCallersThatDifferHaveOtherIDs(t *testing.T) {
	t.Parallel()
	ids := map[string]auth.Caller{}
	for _, caller := range []auth.Caller{
		{}, {Subject: "a"}, {Subject: "b"}, {MakeKey: "a"}, {MakeZone: "a"}, {Subject: "a", MakeKey: "b"}, {Subject: "ab"}, {MakeKey: "ab"},
		{Subject: "a", MakeZone: "b"}, {MakeKey: "a", MakeZone: "b"}, {Subject: "a", MakeKey: "b", MakeZone: "c"}, {Subject: "abc"},
		{Subject: "a\x00b"},
	} {
		other, taken := ids[caller.ID()]
		assert.False(t, taken, "%v and %v", caller, other)
		ids[caller.ID()] = caller
		assert.Equal(t, caller.ID(), caller.ID())
	}
}

func TestACallersKeyNeverShows(t *testing.T) {
	t.Parallel()
	const key = "the-key-itself"
	caller := auth.Caller{Subject: "ann", MakeKey: key, MakeZone: "eu1.make.com"}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "caller", caller, "pointer", &caller, "list", []auth.Caller{caller})
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "caller", caller, "pointer", &caller, "list", []auth.Caller{caller})
	encoded, err := json.Marshal(map[string]any{"caller": caller})
	require.NoError(t, err)
	shown := log.String() + string(encoded) + caller.ID() + fmt.Sprint(caller, &caller, []auth.Caller{caller})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown += fmt.Sprintf(verb, caller) + fmt.Sprintf(verb, &caller)
	}
	assert.NotContains(t, shown, key)
	assert.NotContains(t, shown, fmt.Sprintf("%x", key))
	assert.Equal(t, `{"ann" [key] "eu1.make.com"}`, fmt.Sprint(caller))
	assert.Regexp(t, `^[0-9a-f]{64}$`, caller.ID())
}

func FuzzAuthorization(f *testing.F) {
	for _, seed := range []string{"", "Bearer", "Bearer x", "bearer \t", "Bearer a,b", "Basic eDp5", "Bearer " + token[:20],
		"Bearer eyJhbGciOiJub25lIn0.e30."} {
		f.Add(seed)
	}
	s, err := auth.NewStaticToken(token)
	require.NoError(f, err)
	o, err := auth.NewOAuth(auth.OAuthOptions{Issuer: "http://127.0.0.1:1", Audience: "a"})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, header string) {
		r := with(t)
		r.Header["Authorization"] = []string{header}
		for _, a := range []auth.Authenticator{s, o} {
			caller, err := a.Authenticate(r)
			if err == nil && (caller.Subject != "token" || !strings.HasSuffix(strings.TrimRight(header, " "), token)) {
				t.Fatalf("%q let in", header)
			}
		}
	})
}
