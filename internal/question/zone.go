package question

import (
	"context"
	"strings"
	"time"

	"make-audit-mcp/internal/tz"
)

// ParseLocation returns the time zone of an IANA name such as Europe/Prague. An unknown name, an empty one and "Local" (which would mean
// the server's own zone) are a [TimeError] that names similar zones.
func ParseLocation(name string) (*time.Location, error) {
	name = strings.TrimSpace(name)
	refuse := func(problem string) (*time.Location, error) {
		examples := Nearest(name, wellKnownZones(), 3)
		if len(examples) == 0 {
			examples = []string{"UTC", "Europe/Prague", "America/New_York"}
		}
		return nil, &TimeError{
			Argument: "timezone", Value: name, Problem: problem,
			Accepted: "an IANA time zone name, such as " + strings.Join(examples, ", "),
		}
	}
	switch {
	case name == "":
		return refuse("is empty")
	case strings.EqualFold(name, "UTC"):
		return time.UTC, nil
	case strings.EqualFold(name, "Local"):
		return refuse("does not say which zone")
	}
	location, err := tz.Load(name)
	if err != nil {
		return refuse("is not a known time zone")
	}
	return location, nil
}

// wellKnownZones are the zones that error messages choose their examples from: Go cannot list those it knows.
func wellKnownZones() []string {
	return []string{
		"UTC", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "America/Argentina/Buenos_Aires", "America/Bogota",
		"America/Chicago", "America/Denver", "America/Halifax", "America/Lima", "America/Los_Angeles", "America/Mexico_City",
		"America/New_York", "America/Phoenix", "America/Santiago", "America/Sao_Paulo", "America/Toronto", "America/Vancouver",
		"Asia/Bangkok", "Asia/Dhaka", "Asia/Dubai", "Asia/Hong_Kong", "Asia/Jakarta", "Asia/Jerusalem", "Asia/Karachi", "Asia/Kathmandu",
		"Asia/Kolkata", "Asia/Manila", "Asia/Riyadh", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Taipei", "Asia/Tokyo",
		"Australia/Brisbane", "Australia/Melbourne", "Australia/Perth", "Australia/Sydney", "Europe/Amsterdam", "Europe/Athens",
		"Europe/Berlin", "Europe/Brussels", "Europe/Bucharest", "Europe/Budapest", "Europe/Copenhagen", "Europe/Dublin", "Europe/Helsinki",
		"Europe/Istanbul", "Europe/Kyiv", "Europe/Lisbon", "Europe/London", "Europe/Madrid", "Europe/Oslo", "Europe/Paris", "Europe/Prague",
		"Europe/Rome", "Europe/Stockholm", "Europe/Vienna", "Europe/Warsaw", "Europe/Zurich", "Pacific/Auckland",
	}
}

// ResolveLocation finds the zone in which a question means days: the one named, else the service's, else that of the key's user, else UTC.
func (r *Resolver) ResolveLocation(ctx context.Context, name string) (*time.Location, error) {
	if name != "" {
		return ParseLocation(name)
	}
	if r.Location != nil {
		return r.Location, nil
	}
	account, err := r.Directory.Account(ctx)
	if err != nil {
		return nil, err
	}
	// A zone that this machine does not know is no reason to fail.
	if location, err := ParseLocation(account.Timezone); err == nil {
		return location, nil
	}
	return time.UTC, nil
}
