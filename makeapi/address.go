package makeapi

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
)

// apiPath is where Make serves its Web API on every zone.
const apiPath = "/api/v2"

func addressError(value, reason string) error {
	return fmt.Errorf("%q cannot be used as Make's address: %s", withoutSecrets(value), reason)
}

// ZoneURL gives the base URL of a Make zone, e.g. eu1.make.com. Zones are not checked against a list, since private instances have names of
// their own; of the address of a page, as the browser shows it, the host is taken.
func ZoneURL(zone string) (*url.URL, error) {
	host, _, _ := strings.Cut(strings.TrimPrefix(strings.ToLower(strings.TrimSpace(zone)), "https://"), "/")
	shape := regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$`)
	if !shape.MatchString(host) {
		return nil, addressError(zone, "a zone is a host name, e.g. eu1.make.com, eu2.make.com, us1.make.com or us2.make.com (it is the "+
			"host in the address bar when you are signed in to Make)")
	}
	return &url.URL{Scheme: "https", Host: host, Path: apiPath}, nil
}

// ParseBaseURL reads the whole base URL of an instance, e.g. https://make.corp.example/api/v2; without a path, /api/v2 is meant. Plain http
// is for loopback only: a token must not cross a network unencrypted.
func ParseBaseURL(raw string) (*url.URL, error) {
	refuse := func(reason string) (*url.URL, error) { return nil, addressError(raw, reason) }
	parsed, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		var detail *url.Error
		if errors.As(err, &detail) {
			err = detail.Err
		}
		return refuse(withoutSecrets(err.Error()))
	}
	switch {
	case parsed.User != nil:
		return refuse("credentials do not belong into the URL; set MAKE_API_KEY")
	case parsed.Host == "" || parsed.Hostname() == "":
		return refuse("a whole URL is needed, e.g. https://eu1.make.com/api/v2")
	case parsed.RawQuery != "" || parsed.Fragment != "":
		return refuse("a base URL has no query and no fragment")
	case parsed.Scheme == "http" && !isLoopback(parsed.Hostname()):
		return refuse("plain http would send the token unencrypted; it is accepted for 127.0.0.1, ::1 and localhost only: use https")
	case parsed.Scheme != "https" && parsed.Scheme != "http":
		return refuse("the scheme must be https")
	}
	path := strings.TrimRight(parsed.Path, "/")
	if path == "" {
		path = apiPath
	}
	// One instance has one name, since the rate budget is kept by it.
	return &url.URL{Scheme: parsed.Scheme, Host: hostOf(parsed), Path: path}, nil
}

// hostOf is a URL's host and port, in lower case and without the scheme's own port.
func hostOf(address *url.URL) string {
	defaults := map[string]string{"https": "443", "http": "80"}
	host := strings.ToLower(address.Host)
	if port := address.Port(); port == "" || port == defaults[address.Scheme] {
		host = strings.TrimSuffix(host, ":"+port)
	}
	return host
}

// withoutSecrets is an address, or what was taken for one, as an error may show it: what could be a key, a password or a query's token is
// left out.
func withoutSecrets(value string) string {
	value, _, _ = strings.Cut(value, "?")
	value, _, _ = strings.Cut(value, "#")
	switch {
	case strings.Contains(value, "@"):
		return "(an address with a user name)"
	case isAPIToken(strings.TrimSpace(value)):
		return "(an API key)"
	}
	return clip(value)
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
