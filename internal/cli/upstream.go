package cli

import (
	"context"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/internal/tz"
	"make-audit-mcp/makeapi"
)

// upstream is one credential's way to Make, and to the archive where there is one.
type upstream struct {
	client  *makeapi.Client
	live    *live.Reader
	service *analysis.Service
	// instance names the instance of Make, for cursors and archives.
	instance string
	// archive is what questions are answered from where that can be, through archived; both nil if there is none.
	archive  *archive.Archive
	archived *archive.Reader
	common   *upstreams
}

// close closes the archive, and leaves those who share the budget through it; an upstream that is nil has nothing open.
func (u *upstream) close() {
	if u != nil {
		leave(u.client.Budget(), u.archive)
	}
}

// upstreams makes upstreams, and holds what all of a process have in common: the rate budget first of all, since Make limits organizations
// and not credentials.
type upstreams struct {
	settings     Settings
	options      makeapi.Options // without credential
	zone         string          // where the base URL does not name one
	organization auditlog.ID
	location     *time.Location
	maxKept      int  // entries that each keeps for the next question; 0 for live's default
	keepRaw      bool // entries carry what Make sent
	detector     *detect.Detector
}

// upstreams sets up what needs no key. It starts the demo, if that is asked for; else it calls nothing.
func (r *runtime) upstreams() (*upstreams, error) {
	location, err := r.settings.location()
	if err != nil {
		return nil, err
	}
	ceiling, err := r.settings.requestsPerMinute()
	if err != nil {
		return nil, err
	}
	detector, err := r.settings.detector()
	if err != nil {
		return nil, err
	}
	u := &upstreams{
		settings: r.settings, location: location, keepRaw: r.keepRaw, detector: detector,
		options: makeapi.Options{
			UserAgent: "make-audit-mcp/" + r.version, OnWait: r.onWait, Caller: r.sharer,
			Transport: r.telemetry.RoundTripper(makeapi.DefaultTransport()),
			Budget:    makeapi.NewBudget(makeapi.BudgetOptions{RequestsPerMinute: ceiling}),
		},
	}
	u.organization = auditlog.ID(r.settings.OrganizationID)
	if r.settings.Demo {
		return u, r.startDemo(u)
	}
	r.settings.sayWhatCounts(r.ctx, r.logger)
	u.options.BaseURL, err = r.settings.baseURL()
	return u, err
}

// with is the upstream of a credential.
func (u *upstreams) with(base *url.URL, credential makeapi.Credential) *upstream {
	options := u.options
	options.BaseURL, options.Credential = base, credential
	client := makeapi.New(options)
	instance := client.Instance()
	if u.settings.Demo {
		instance = "demo" // it listens on another port in every process, but is the same
	}
	reader := live.New(client, live.Options{Zone: u.zone, MaxKept: u.maxKept, KeepRaw: u.keepRaw})
	return &upstream{common: u, client: client, live: reader, instance: instance,
		service: &analysis.Service{Entries: reader, Detector: u.detector, Resolver: question.Resolver{
			Reader:       reader,
			Directory:    reader,
			Cursors:      &question.Sealer{Secret: credential.Secret, Instance: instance},
			Organization: u.organization,
			Location:     u.location,
			WeekStart:    u.settings.WeekStart,
		}}}
}

// operator is the upstream of the operator's key, without an archive.
func (u *upstreams) operator() (*upstream, error) {
	credential, err := u.settings.credential()
	if err != nil {
		return nil, err
	}
	return u.with(u.options.BaseURL, credential), nil
}

// operator is the upstream of the operator's key, with the archive, which is made if create says so. It calls nothing yet.
func (r *runtime) operator(create bool) (*upstream, error) {
	all, err := r.upstreams()
	if err != nil {
		return nil, err
	}
	operator, err := all.operator()
	if err != nil {
		return nil, err
	}
	stored, err := r.archiveToAnswer(create)
	if err != nil {
		return nil, err
	}
	r.shareBudget(operator.client.Budget(), stored)
	operator.answerFrom(stored, true)
	return operator, nil
}

func (r *runtime) onWait(ctx context.Context, wait makeapi.Wait) {
	r.telemetry.Waited(ctx, wait.Reason, wait.For)
	level := slog.LevelInfo
	if wait.For < time.Second {
		level = slog.LevelDebug // where the limit holds a sync up, nearly every call waits a little
	}
	r.logger.Log(ctx, level, "waiting", "reason", wait.Reason, "for", wait.For.Round(time.Millisecond).String())
	live.ReportWait(ctx, wait)
}

// startDemo starts the simulated Make on loopback and points upstreams at it. An organization of Make's that the settings name is none of
// the demo's.
func (r *runtime) startDemo(u *upstreams) error {
	const seed = 1 // every demo is the same
	now := time.Now
	if pinned := r.settings.DemoNow; !pinned.IsZero() {
		now = func() time.Time { return pinned.Time }
	}
	u.zone = makesim.DemoZone
	known := []string{strconv.FormatInt(makesim.DemoOrganizationID, 10), strconv.FormatInt(makesim.DemoOtherZoneOrganizationID, 10)}
	if u.organization != "" && !slices.Contains(known, string(u.organization)) {
		r.logger.WarnContext(r.ctx, "the demo has no such organization, so MAKE_ORGANIZATION_ID is left out", "organization",
			string(u.organization), "has", strings.Join(known, ", "))
		u.organization = ""
	}
	address, err := makesim.Listen(r.ctx, func() *makesim.Server {
		return makesim.New(makesim.Demo(now(), seed, tz.Load), makesim.Options{Now: now, Seed: seed})
	})
	if err != nil {
		return &SettingError{Problem: "the demo cannot listen on 127.0.0.1: " + err.Error(),
			Next: "allow this program to listen on loopback"}
	}
	u.options.BaseURL, err = makeapi.ParseBaseURL(address)
	u.options.Now = now
	return err
}
