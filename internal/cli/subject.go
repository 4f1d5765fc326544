package cli

import (
	"context"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auth"
	"make-audit-mcp/makeapi"
)

// subject is whose log calls are about: everybody's of the operator's key, or each caller's own.
type subject struct {
	service serviceOf
	// guard has an authenticator let in only who brings what the service needs.
	guard func(auth.Authenticator) auth.Authenticator
	// ping finds out whether Make answers; it needs no key.
	ping func(context.Context) error
	// operator is the upstream of the operator's key; nil where callers bring their own.
	operator *upstream
	archive  *archive.Archive // nil if there is none
}

func (c *httpCommand) whoseLog(r *runtime) (*subject, error) {
	if c.CallerCredentials {
		return c.callersLogs(r)
	}
	if len(c.AllowedZones) > 0 {
		return nil, &SettingError{Problem: "--allowed-zones is for callers with keys of their own", Next: "give --caller-credentials, too, or leave it out"}
	}
	operator, err := r.operator(c.creates())
	if err != nil {
		return nil, err
	}
	return &subject{
		service: sameForAll(operator.service), guard: func(next auth.Authenticator) auth.Authenticator { return next },
		ping: operator.client.Ping, operator: operator, archive: operator.archive,
	}, nil
}

func (c *httpCommand) callersLogs(r *runtime) (*subject, error) {
	zones, err := c.zones(r)
	if err != nil {
		return nil, err
	}
	if len(zones) > 0 && r.settings.Zone == "" && r.settings.APIURL == "" {
		r.settings.Zone = zones[0]
	}
	all, err := r.upstreams()
	if err != nil {
		return nil, err
	}
	stored, err := r.archiveToAnswer(false)
	if err != nil {
		return nil, err
	}
	callers := newCallers(all, stored)
	r.telemetry.Gauge("callers", "Callers with a key of their own whose sessions with Make are kept.", func() float64 { return float64(callers.count()) })
	return &subject{
		service: callers.service, guard: func(next auth.Authenticator) auth.Authenticator { return &auth.CallerKeys{Next: next, Zones: zones} },
		ping: all.with(all.options.BaseURL, makeapi.StaticKey("")).client.Ping, archive: stored,
	}, nil
}

// zones are those that callers may name. A whole base URL leaves none to choose.
func (c *httpCommand) zones(r *runtime) ([]string, error) {
	if r.settings.APIURL != "" || r.settings.Demo {
		if len(c.AllowedZones) > 0 {
			return nil, &SettingError{Problem: "--allowed-zones has no meaning beside MAKE_API_URL or --demo, which say where all calls go", Next: "leave one of them out"}
		}
		return nil, nil
	}
	zones := c.AllowedZones
	if r.settings.Zone != "" {
		zones = append([]string{r.settings.Zone}, zones...)
	}
	for i, zone := range zones {
		base, err := makeapi.ZoneURL(zone)
		if err != nil {
			return nil, &SettingError{Problem: "zone " + auditlog.Text(zone).Quote() + ": " + err.Error(), Next: "name hosts such as eu1.make.com"}
		}
		zones[i] = base.Host
	}
	return zones, nil
}
