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
	// longestShown bounds what is repeated of a header.
	longestShown = 80
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
	caller.MakeKey = key
	if zone == "" {
		if len(c.Zones) > 0 {
			caller.MakeZone = c.Zones[0]
		}
		return caller, nil
	}
	named := strings.TrimSuffix(strings.ToLower(zone), ".")
	if !slices.Contains(c.Zones, named) {
		return Caller{}, &Refusal{Status: http.StatusForbidden, Message: c.refuseZone(zone)}
	}
	caller.MakeZone = named
	return caller, nil
}

func (c *CallerKeys) refuseZone(zone string) string {
	if len(c.Zones) == 0 {
		return "this server asks one instance of Make: leave out the header " + HeaderMakeZone
	}
	return fmt.Sprintf("the zone %.*q is not one that this server asks; it asks: %s", longestShown, zone, strings.Join(c.Zones, ", "))
}

// singleHeader returns the one value of a header, empty if it is not there.
func singleHeader(r *http.Request, name string) (string, error) {
	values := r.Header.Values(name)
	if len(values) > 1 {
		return "", &Refusal{Status: http.StatusBadRequest, Message: "the header " + name + " is there more than once"}
	}
	if len(values) == 0 {
		return "", nil
	}
	return values[0], nil
}
