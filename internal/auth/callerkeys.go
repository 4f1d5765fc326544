package auth

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// The headers that callers send keys of their own in.
const (
	HeaderMakeKey  = "X-Make-Api-Key"
	HeaderMakeZone = "X-Make-Zone"
)

const (
	shortestMakeKey = 8
	longestMakeKey  = 512
)

// CallerKeys wants a Make key of each caller that Next lets in.
type CallerKeys struct {
	Next Authenticator
	// Zones are the hosts of the zones that callers may name; who names none gets the first. Without any, none may be named.
	Zones []string
}

// Authenticate returns the caller with the key. A request without a key is refused; nobody else's is ever used for it.
func (c *CallerKeys) Authenticate(r *http.Request) (Caller, error) {
	caller, err := c.Next.Authenticate(r)
	if err != nil {
		return Caller{}, err
	}
	key, err := singleHeader(r, HeaderMakeKey)
	switch {
	case err != nil:
		return Caller{}, err
	case key == "":
		return Caller{}, &Refusal{Status: http.StatusForbidden,
			Message: "this server asks Make with each caller's own key: send it in the header " + HeaderMakeKey}
	case len(key) < shortestMakeKey || len(key) > longestMakeKey || !allVisible(key):
		return Caller{}, &Refusal{Status: http.StatusBadRequest,
			Message: fmt.Sprintf("the header %s holds no Make API key: want %d to %d characters without spaces", HeaderMakeKey,
				shortestMakeKey, longestMakeKey)}
	}
	zone, err := singleHeader(r, HeaderMakeZone)
	if err != nil {
		return Caller{}, err
	}
	caller.MakeKey, caller.MakeZone = key, strings.TrimSuffix(strings.ToLower(zone), ".")
	switch {
	case zone == "" && len(c.Zones) > 0:
		caller.MakeZone = c.Zones[0]
	case zone != "" && len(c.Zones) == 0:
		return Caller{}, &Refusal{Status: http.StatusForbidden,
			Message: "this server asks one instance of Make: leave out the header " + HeaderMakeZone}
	case zone != "" && !slices.Contains(c.Zones, caller.MakeZone):
		return Caller{}, &Refusal{Status: http.StatusForbidden,
			Message: fmt.Sprintf("the zone %.80q is not one that this server asks; it asks: %s", zone, strings.Join(c.Zones, ", "))}
	}
	return caller, nil
}

// singleHeader returns the one value of a header, empty if it is not there.
func singleHeader(r *http.Request, name string) (string, error) {
	if len(r.Header.Values(name)) > 1 {
		return "", &Refusal{Status: http.StatusBadRequest, Message: "the header " + name + " is there more than once"}
	}
	return r.Header.Get(name), nil
}
