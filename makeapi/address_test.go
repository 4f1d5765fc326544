package makeapi_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/makeapi"
)

func TestZoneGivesTheBaseURL(t *testing.T) {
	t.Parallel()
	for zone, want := range map[string]string{
		"eu1.make.com":          "https://eu1.make.com/api/v2",
		"us1.make.celonis.com":  "https://us1.make.celonis.com/api/v2",
		"make.corp.example":     "https://make.corp.example/api/v2",
		"  EU2.Make.com \n":     "https://eu2.make.com/api/v2",
		"https://eu1.make.com/": "https://eu1.make.com/api/v2",
		"https://eu1.make.com":  "https://eu1.make.com/api/v2",
		"eu1.make.com/":         "https://eu1.make.com/api/v2",
		"eu1.make.com/api/v2":   "https://eu1.make.com/api/v2",
		"https://us2.make.com/organization/4721/dashboard?tab=1#x": "https://us2.make.com/api/v2",
		"HTTPS://EU2.MAKE.COM//":                                   "https://eu2.make.com/api/v2",
		"a-b.x1.example":                                           "https://a-b.x1.example/api/v2",
		"0.make.com":                                               "https://0.make.com/api/v2",
		"xn--mke-qla.example":                                      "https://xn--mke-qla.example/api/v2",
		"a.very.deep.host.make.com":                                "https://a.very.deep.host.make.com/api/v2",
	} {
		base, err := makeapi.ZoneURL(zone)
		if assert.NoError(t, err, "%q", zone) {
			assert.Equal(t, want, base.String(), "%q", zone)
		}
	}
}

func TestZoneRefusesWhatIsNoHostName(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{
		"", "eu1", "localhost", "http://eu1.make.com", "eu1.make.com:8443", "https://me@eu1.make.com/", "eu1 .make.com",
		"eu1.make.com\nHost: evil.example", "eu1.make.com?x=1", "eu1.make.com#x", "127.0.0.1", "169.254.169.254", "[::1]",
		"-eu1.make.com", "eu1-.make.com", "eu1..make.com", ".make.com", "eu1.make.com.", "/eu1.make.com",
		"https:///eu1.make.com", "https://https://eu1.make.com", "eu1_x.make.com",
		"éu1.make.com", strings.Repeat("x", 5000),
	} {
		base, err := makeapi.ZoneURL(zone)
		assert.Nil(t, base, "%q", zone)
		require.ErrorContains(t, err, "e.g. eu1.make.com", "%q", zone)
		assert.Less(t, len(err.Error()), 1000)
		assert.NotContains(t, err.Error(), "\n")
	}
}

func TestBaseURLIsNormalized(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://eu1.make.com/api/v2":           "https://eu1.make.com/api/v2",
		"https://eu1.make.com/api/v2/":          "https://eu1.make.com/api/v2",
		"https://eu1.make.com/api/v2//":         "https://eu1.make.com/api/v2",
		"https://eu1.make.com":                  "https://eu1.make.com/api/v2",
		"https://eu1.make.com/":                 "https://eu1.make.com/api/v2",
		" https://eu1.make.com/api/v2\n":        "https://eu1.make.com/api/v2",
		"HTTPS://EU1.Make.com":                  "https://eu1.make.com/api/v2",
		"https://eu1.make.com:443/api/v2":       "https://eu1.make.com/api/v2",
		"https://eu1.make.com:":                 "https://eu1.make.com/api/v2",
		"https://make.corp.example:8443/custom": "https://make.corp.example:8443/custom",
		"https://make.corp.example/a/b/":        "https://make.corp.example/a/b",
		"https://10.0.0.5/api/v2":               "https://10.0.0.5/api/v2",
		"https://[2001:db8::1]:443":             "https://[2001:db8::1]/api/v2",
		"http://127.0.0.1:8080/api/v2":          "http://127.0.0.1:8080/api/v2",
		"http://127.0.0.1:80":                   "http://127.0.0.1/api/v2",
		"http://127.8.9.1:8080":                 "http://127.8.9.1:8080/api/v2",
		"http://localhost:8080":                 "http://localhost:8080/api/v2",
		"http://LOCALHOST":                      "http://localhost/api/v2",
		"http://[::1]:8080":                     "http://[::1]:8080/api/v2",
	} {
		base, err := makeapi.ParseBaseURL(raw)
		if assert.NoError(t, err, "%q", raw) {
			assert.Equal(t, want, base.String(), "%q", raw)
			assert.Nil(t, base.User)
		}
	}
}

func TestBaseURLIsRefused(t *testing.T) {
	t.Parallel()
	for raw, reason := range map[string]string{
		"":                                    "a whole URL is needed",
		"eu1.make.com":                        "a whole URL is needed",
		"eu1.make.com/api/v2":                 "a whole URL is needed",
		"https://":                            "a whole URL is needed",
		"https:///api/v2":                     "a whole URL is needed",
		"https://:8080/api/v2":                "a whole URL is needed",
		"https:eu1.make.com":                  "a whole URL is needed",
		"//eu1.make.com/api/v2":               "the scheme must be https",
		"ftp://eu1.make.com":                  "the scheme must be https",
		"http://eu1.make.com/api/v2":          "plain http",
		"http://169.254.169.254/latest":       "plain http",
		"http://10.0.0.5":                     "plain http",
		"http://0.0.0.0:8080":                 "plain http",
		"http://localhost.evil.example":       "plain http",
		"http://127.0.0.1.evil.example":       "plain http",
		"http://2130706433/":                  "plain http",
		"https://eu1.make.com/api/v2#x":       "no query and no fragment",
		"https://eu1.make.com?zone=1":         "no query and no fragment",
		"https://eu1 .make.com/":              "invalid character",
		"https://eu1.make.com\n.evil.example": "control character",
		"https://eu1.make.com:port/":          "invalid port",
		"https://[::1/":                       "missing ']'",
		"https://eu1.make.com/%zz":            "invalid URL escape",
	} {
		base, err := makeapi.ParseBaseURL(raw)
		assert.Nil(t, base, "%q", raw)
		if assert.ErrorContains(t, err, reason, "%q", raw) {
			assert.NotContains(t, err.Error(), "\n")
		}
	}
}

func TestAddressErrorsShowNoSecret(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for _, raw := range []string{
		ownerKey, // the key in the wrong variable
		"https://bob:hunter2@eu1.make.com/api/v2",
		"https://hunter2@eu1.make.com",
		"https://bob:hunter2@/api/v2",
		"http://bob:hunter2@evil.example/",
		"bob:hunter2@eu1.make.com",
		"https://bob:hunter2 x@eu1.make.com",
		"https://eu1.make.com:hunter2@evil.example:x",
		"https://eu1.make.com/api/v2?token=hunter2",
		"https://eu1.make.com/api/v2#hunter2",
	} {
		for _, parse := range []func(string) (*url.URL, error){makeapi.ZoneURL, makeapi.ParseBaseURL} {
			base, err := parse(raw)
			said := fmt.Sprint(base, err) // of a page's address the zone is the host, without what follows
			assert.NotContains(t, said, secret, "%q", raw)
			assert.NotContains(t, said, ownerKey)
		}
	}
}

// FuzzBaseURL gives any text for Make's address: it is refused, or has one form that tokens may be sent to.
func FuzzBaseURL(f *testing.F) {
	for _, seed := range []string{
		"https://eu1.make.com/api/v2/", "http://127.0.0.1:8080", "http://[::1]:80/x", "HTTPS://A.example:443", "https://a@b",
		"https://a?b#c", "http://127.0.0.1.example", "//x", "eu1.make.com", "https://xn--e1afmkfd.example", "https://[::1%25lo]/",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, parse := range []func(string) (*url.URL, error){makeapi.ParseBaseURL, makeapi.ZoneURL} {
			address, err := parse(text)
			if err != nil {
				continue
			}
			require.Nil(t, address.User)
			require.Empty(t, address.RawQuery+address.Fragment)
			require.NotEmpty(t, address.Hostname())
			if address.Scheme != "https" {
				require.Equal(t, "http", address.Scheme)
				require.Contains(t, []string{"127.0.0.1", "::1", "localhost"}, address.Hostname(), "a token crosses no network unencrypted")
			}
			again, err := makeapi.ParseBaseURL(address.String())
			require.NoError(t, err)
			require.Equal(t, address.String(), again.String(), "one instance has one name")
		}
	})
}
