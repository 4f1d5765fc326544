package makeapi_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/makeapi"
)

func TestSchemeFollowsTheKey(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		ownerKey:                                "Token " + ownerKey,
		strings.ToUpper(makesim.DemoToken):      "Token " + strings.ToUpper(makesim.DemoToken),
		"6ba7b810-9dad-11d1-80b4-00c04fd430c8":  "Token 6ba7b810-9dad-11d1-80b4-00c04fd430c8", // another version
		oauthKey:                                "Bearer " + oauthKey,
		"eyJhbGciOiJSUzI1NiJ9.e30.c2ln":         "Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
		ownerKey + "0":                          "Bearer " + ownerKey + "0",
		"x" + ownerKey:                          "Bearer x" + ownerKey,
		strings.ReplaceAll(ownerKey, "-", ""):   "Bearer " + strings.ReplaceAll(ownerKey, "-", ""),
		" \t" + ownerKey + "\r\n":               "Token " + ownerKey,
		"g1111111-1111-4111-8111-111111111111":  "Bearer g1111111-1111-4111-8111-111111111111",
		"11111111-1111-4111-8111-1111111111111": "Bearer 11111111-1111-4111-8111-1111111111111",
	} {
		api := serve(t, says(http.StatusOK, emptyPage))
		mustList(t, newClient(t, api.url, withKey(key)))
		assert.Equal(t, []string{want}, api.received()[0].header.Values("Authorization"))
	}
}

func TestHeadersOfEveryCall(t *testing.T) {
	t.Parallel()
	sim, base := simulate(t, makesim.Quirks{HTMLForbiddenWithoutUserAgent: true})
	mustList(t, newClient(t, base))
	assert.Equal(t, "makeapi-test/1", sim.Requests()[0].UserAgent)

	mustList(t, newClient(t, base, func(o *makeapi.Options) { o.UserAgent = "" })) // the default passes Make's front door
	assert.Equal(t, "make-audit-mcp", sim.Requests()[1].UserAgent)

	refused := refusal(t, newClient(t, base, func(o *makeapi.Options) { o.UserAgent = "Go-http-client/1.1" }))
	assert.Equal(t, makeapi.KindBlocked, refused.Kind)

	api := serve(t, says(http.StatusOK, emptyPage))
	mustList(t, newClient(t, api.url))
	assert.Equal(t, "application/json", api.received()[0].header.Get("Accept"))
}

func TestUnusableKeysAreRefusedUnseen(t *testing.T) {
	t.Parallel()
	api := serve(t, says(http.StatusOK, emptyPage))
	const secret = "hunter2"
	for name, key := range map[string]string{
		"empty": "", "blank": " \n\t", "with a space": secret + " x", "with a line break": secret + "\nX-Evil: 1",
		"with a null":  secret + "\x00",
		"beyond ASCII": secret + "é", "with a byte order mark": "\ufeff" + secret, "with its scheme": "Token " + secret,
		"DEL":          secret + "\x7f",
		"far too long": strings.Repeat(secret, 2000),
	} {
		file := filepath.Join(t.TempDir(), "key")
		require.NoError(t, os.WriteFile(file, []byte(key), 0o600))
		for _, credential := range []makeapi.Credential{makeapi.StaticKey(key), &makeapi.KeyFile{Path: file}} {
			_, err := listHome(t.Context(), newClient(t, api.url, func(o *makeapi.Options) { o.Credential = credential }))
			require.ErrorIs(t, err, makeapi.ErrNoCredential, name)
			assert.NotContains(t, err.Error(), secret, name)
			var advice interface{ NextStep() string }
			require.ErrorAs(t, err, &advice)
			assert.Contains(t, advice.NextStep(), "MAKE_API_KEY")
		}
	}
	_, err := listHome(t.Context(), newClient(t, api.url, func(o *makeapi.Options) { o.Credential = nil }))
	require.ErrorIs(t, err, makeapi.ErrNoCredential)
	missing := filepath.Join(t.TempDir(), "missing")
	_, err = listHome(t.Context(), newClient(t, api.url, func(o *makeapi.Options) { o.Credential = &makeapi.KeyFile{Path: missing} }))
	require.ErrorIs(t, err, makeapi.ErrNoCredential)
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.Contains(t, err.Error(), missing, "which file it was")
	assert.Zero(t, api.count())
}

// guarded is a server that knows one key at a time.
type guarded struct {
	*upstream
	mu  sync.Mutex
	key string
}

func guard(t *testing.T, key string) *guarded {
	t.Helper()
	g := &guarded{key: key}
	g.upstream = serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		if r.Header.Get("Authorization") != "Bearer "+g.key {
			write(w, http.StatusUnauthorized, `{"message":"Unauthorized"}`)
			return
		}
		write(w, http.StatusOK, emptyPage)
	})
	return g
}

func (g *guarded) change(key string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.key = key
}

func TestKeyFileIsReadAgainWhenTheKeyIsRefused(t *testing.T) {
	t.Parallel()
	api := guard(t, "key-one")
	file := filepath.Join(t.TempDir(), "key")
	put := func(key string) { require.NoError(t, os.WriteFile(file, []byte(key+"\n"), 0o600)) }
	put("key-one")
	client := newClient(t, api.url, func(o *makeapi.Options) { o.Credential = &makeapi.KeyFile{Path: file} })
	call := func() error { _, err := listHome(t.Context(), client); return err }
	require.NoError(t, call())
	assert.Equal(t, 1, api.count())

	// Not read before it is refused.
	put("key-two")
	require.NoError(t, call())
	assert.Equal(t, 2, api.count())

	// Refused, read again, repeated.
	api.change("key-two")
	require.NoError(t, call())
	assert.Equal(t, 4, api.count())
	require.NoError(t, call())
	assert.Equal(t, 5, api.count())

	// The same key in the file: nothing to gain.
	api.change("key-three")
	assert.Equal(t, makeapi.KindUnauthorized, answerError(t, call()).Kind)
	assert.Equal(t, 6, api.count())

	// Another one that is refused too: repeated once only.
	put("key-four")
	assert.Equal(t, makeapi.KindUnauthorized, answerError(t, call()).Kind)
	assert.Equal(t, 8, api.count())

	// What the file holds amid a rotation is no reason to forget the answer.
	put("")
	assert.Equal(t, makeapi.KindUnauthorized, answerError(t, call()).Kind)
	assert.Equal(t, 9, api.count())
	require.NoError(t, os.Remove(file))
	assert.Equal(t, makeapi.KindUnauthorized, answerError(t, call()).Kind)
	put("key-three")
	require.NoError(t, call())
}

func TestKeyRotatesUnderManyCalls(t *testing.T) {
	t.Parallel()
	api := guard(t, "key-two")
	file := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(file, []byte("key-one"), 0o600))
	credential := &makeapi.KeyFile{Path: file}
	_, err := credential.Secret()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, []byte("key-two"), 0o600))
	client := newClient(t, api.url, func(o *makeapi.Options) { o.Credential = credential })
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			_, err := listHome(t.Context(), client)
			assert.NoError(t, err)
		})
	}
	group.Wait()
}

func TestPrintingShowsNoKey(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(file, []byte(ownerKey), 0o600))
	keyFile := &makeapi.KeyFile{Path: file}
	_, err := keyFile.Secret()
	require.NoError(t, err)
	for name, credential := range map[string]makeapi.Credential{"static": makeapi.StaticKey(ownerKey), "file": keyFile} {
		options := makeapi.Options{BaseURL: mustParse(t, "https://make.test/api/v2"), Credential: credential, Budget: unlimited()}
		client := makeapi.New(options)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10.2v"} {
			for _, value := range []any{
				credential, options, &options, client, reflect.ValueOf(client).Elem(), client.AuditLogs, *client.Users,
				map[string]any{"c": credential}, []makeapi.Credential{credential}, struct{ Client *makeapi.Client }{client},
			} {
				text := fmt.Sprintf(verb, value)
				assert.NotContains(t, text, ownerKey, "%s %s of %T", name, verb, value)
				assert.NotContains(t, strings.ToLower(text), fmt.Sprintf("%x", ownerKey), "%s %s of %T", name, verb, value)
			}
		}
		encoded, err := json.Marshal(map[string]any{"credential": credential})
		require.NoError(t, err)
		assert.NotContains(t, string(encoded), ownerKey)
	}
	assert.Equal(t, "[key]", fmt.Sprint(makeapi.StaticKey(ownerKey)))
	assert.Contains(t, fmt.Sprint(keyFile), file)
}

func TestRedirectWithinTheHostIsFollowedWithTheKey(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		api := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				write(w, http.StatusOK, emptyPage)
				return
			}
			http.Redirect(w, r, "/elsewhere", status)
		})
		mustList(t, newClient(t, api.url))
		received := api.received()
		require.Len(t, received, 2)
		assert.Equal(t, "/elsewhere", received[1].path)
		assert.Equal(t, "Token "+ownerKey, received[1].header.Get("Authorization"))
		assert.Equal(t, "makeapi-test/1", received[1].header.Get("User-Agent"))
	}
}

func TestRedirectToTheSchemesOwnPortIsTheSameHost(t *testing.T) {
	t.Parallel()
	var seen []string
	client := newClient(t, "https://make.test", withTransport(roundTrip(func(r *http.Request) (*http.Response, error) {
		seen = append(seen, r.URL.String()+" "+r.Header.Get("Authorization"))
		if len(seen) == 1 {
			response, err := answering(http.StatusPermanentRedirect, nil)(r)
			response.Header.Set("Location", "https://make.test:443/moved")
			return response, err
		}
		return answering(http.StatusOK, []byte(emptyPage))(r)
	})))
	mustList(t, client)
	require.Len(t, seen, 2)
	assert.Equal(t, "https://make.test:443/moved Token "+ownerKey, seen[1])
}

func TestRedirectElsewhereIsRefusedWithoutTheKey(t *testing.T) {
	t.Parallel()
	thief := serve(t, says(http.StatusOK, emptyPage))
	thiefHost := mustParse(t, thief.url).Host
	for name, location := range map[string]func(host string) string{
		"a page to sign in":   func(string) string { return "https://login.example/sso?back=1" },
		"another port":        func(string) string { return "http://" + thiefHost + "/?k=" + "v" },
		"another name":        func(string) string { return "http://localhost:" + strings.Split(thiefHost, ":")[1] + "/" },
		"another scheme":      func(host string) string { return "https://" + host + "/" },
		"with a user":         func(string) string { return "http://bob:hunter2@" + thiefHost + "/" },
		"without a scheme":    func(string) string { return "//" + thiefHost + "/api/v2/x" },
		"a scheme of its own": func(string) string { return "file:///etc/passwd" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", location(r.Host))
				w.WriteHeader(http.StatusFound)
			})
			answer := refusal(t, newClient(t, api.url))
			assert.Equal(t, makeapi.KindRedirect, answer.Kind)
			assert.Equal(t, http.StatusFound, answer.Status)
			assert.Equal(t, "/audit-logs/organization/77", answer.Path)
			assert.Contains(t, answer.NextStep(), fmt.Sprintf("%q", answer.Location))
			assertDiscreet(t, answer.Error())
			assert.NotContains(t, answer.NextStep(), "hunter2")
			assert.Equal(t, 1, api.count(), "no retry")
		})
	}
	t.Cleanup(func() { assert.Zero(t, thief.count(), "nothing was sent there") })
}

func TestRedirectFromHTTPSToHTTPIsRefused(t *testing.T) {
	t.Parallel()
	plain := serve(t, says(http.StatusOK, emptyPage))
	u := &upstream{}
	secure := httptest.NewTLSServer(u.recording(func(number int, w http.ResponseWriter, r *http.Request) {
		location := plain.url
		if number == 1 {
			location = "http://" + r.Host + "/"
		}
		http.Redirect(w, r, location, http.StatusMovedPermanently)
	}))
	t.Cleanup(secure.Close)
	client := newClient(t, secure.URL, withTransport(secure.Client().Transport))
	for range 2 {
		answer := refusal(t, client)
		assert.Equal(t, makeapi.KindRedirect, answer.Kind)
		assert.Equal(t, http.StatusMovedPermanently, answer.Status)
	}
	assert.Equal(t, 2, u.count())
	assert.Zero(t, plain.count())
}

func TestRedirectsInACircleEnd(t *testing.T) {
	t.Parallel()
	api := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
	})
	assert.Equal(t, makeapi.KindRedirect, refusal(t, newClient(t, api.url)).Kind)
	assert.Less(t, api.count(), 6)
}

func TestRedirectToNowhereIsAnError(t *testing.T) {
	t.Parallel()
	for _, location := range []string{"", "http://[::1/?token=hunter2", "http://x/%zz?token=hunter2", "http://a b/"} {
		api := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusFound)
		})
		answer := refusal(t, newClient(t, api.url))
		assert.Equal(t, makeapi.KindRedirect, answer.Kind)
		assert.NotContains(t, answer.Error()+answer.NextStep(), "hunter2")
		assert.Equal(t, 1, api.count())
	}
}

func TestTLSIsOfVersion12AtLeast(t *testing.T) {
	t.Parallel()
	for version, isTaken := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true} {
		secure := httptest.NewUnstartedServer((&upstream{}).recording(says(http.StatusOK, emptyPage)))
		secure.TLS = &tls.Config{MinVersion: version, MaxVersion: version}
		secure.Config.ErrorLog = log.New(io.Discard, "", 0)
		secure.StartTLS()
		t.Cleanup(secure.Close)
		transport, is := makeapi.DefaultTransport().(*http.Transport)
		require.True(t, is)
		transport.TLSClientConfig.RootCAs = x509.NewCertPool()
		transport.TLSClientConfig.RootCAs.AddCert(secure.Certificate())
		client := newClient(t, secure.URL, withTransport(transport))
		if isTaken {
			mustList(t, client)
		} else {
			_, err := listHome(t.Context(), client)
			require.ErrorContains(t, err, "protocol version")
		}
	}
}

func TestClockFollowsMakesDate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		date string
		want time.Duration // that Make's clock is ahead
	}{
		"an hour ahead":   {now().Add(time.Hour).Format(http.TimeFormat), time.Hour},
		"an hour behind":  {now().Add(-time.Hour).Format(http.TimeFormat), -time.Hour},
		"a second ahead":  {now().Add(time.Second).Format(http.TimeFormat), 0},
		"a second behind": {now().Add(-time.Second).Format(http.TimeFormat), 0},
		"the same":        {now().Format(http.TimeFormat), 0},
		"no date":         {"", 0},
		"no good date":    {"tomorrow", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
				w.Header()["Date"] = []string{test.date}
				write(w, http.StatusOK, emptyPage)
			})
			client := newClient(t, api.url)
			assert.Equal(t, now(), client.Now(), "nothing known yet")
			mustList(t, client)
			assert.Equal(t, now().Add(test.want), client.Now())
		})
	}
}

func TestClockIsCorrectedAgain(t *testing.T) {
	t.Parallel()
	api := serve(t, func(number int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", now().Add([]time.Duration{time.Hour, 0, -time.Hour}[number]).Format(http.TimeFormat))
		write(w, []int{http.StatusOK, http.StatusNotFound, http.StatusOK}[number], emptyPage)
	})
	client := newClient(t, api.url)
	for _, want := range []time.Duration{time.Hour, 0, -time.Hour} {
		_, _ = listHome(t.Context(), client) // errors show the time too
		assert.Equal(t, now().Add(want), client.Now())
	}
}

func TestClientTellsWhereItCalls(t *testing.T) {
	t.Parallel()
	client := newClient(t, "https://EU1.make.com:443/")
	assert.Equal(t, "https://eu1.make.com/api/v2", client.Instance())
	assert.Equal(t, "eu1.make.com", client.Host())
	assert.NotNil(t, client.Budget())
	own := makeapi.New(makeapi.Options{BaseURL: mustParse(t, "https://eu1.make.com/api/v2")})
	assert.Equal(t, time.Minute, own.Budget().Period())
	assert.WithinDuration(t, time.Now(), own.Now(), time.Minute)
}

func TestBaseURLsPathIsKept(t *testing.T) {
	t.Parallel()
	api := serve(t, says(http.StatusOK, emptyPage))
	mustList(t, newClient(t, strings.TrimSuffix(api.url, "/api/v2")+"/proxy/make api/v2/"))
	assert.Equal(t, "/proxy/make%20api/v2/audit-logs/organization/77", api.received()[0].path)
}
