package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/makeapi"
)

// Settings are the flags that every command has, with their environment names. There is none for the key itself: flags show in process
// lists and histories.
type Settings struct {
	Demo    bool
	DemoNow instant

	Zone              string
	APIURL            string
	APIKeyFile        string
	OrganizationID    string
	Timezone          string
	WeekStart         question.WeekStart
	Archive           string
	ArchiveKey        string
	ArchiveJournal    string
	CacheMemory       byteSize
	InsecureFiles     bool
	Rules             string
	RequestsPerMinute string

	LogLevel  logLevel
	LogFormat string

	// key is one that setup checks before clients get it; it counts before all others.
	key string
}

// declare declares the flags.
func (s *Settings) declare(flags flagSet) {
	flags.toggle(&s.Demo, "demo").env("MAKE_AUDIT_DEMO").
		help("Use a simulated organization instead of Make: no account, no network; real keys, zones and archives are ignored.")
	flags.parsed(&s.DemoNow, "demo-now", "TIME").
		help("Pin the demo's clock, so that its log ends then, e.g. 2026-11-20T12:00:00Z; default: now.")
	flags.text(&s.Zone, "zone", "HOST").env("MAKE_ZONE").help("Host of your Make zone, e.g. eu1.make.com.")
	flags.text(&s.APIURL, "api-url", "URL").env("MAKE_API_URL").
		help("Whole base URL of the API instead of a zone (private instances).")
	flags.path(&s.APIKeyFile, "api-key-file", "FILE").env("MAKE_API_KEY_FILE").
		help("File with the API key, instead of MAKE_API_KEY; read again when Make refuses the key.")
	flags.text(&s.OrganizationID, "organization-id", "ID").env("MAKE_ORGANIZATION_ID").
		help("Organization that questions are about when they name none.")
	flags.text(&s.Timezone, "timezone", "ZONE").env("MAKE_TIMEZONE").
		help("IANA time zone in which days are meant, e.g. Europe/Prague; default: your Make user's.")
	flags.parsed(&s.WeekStart, "week-start", "DAY").offers("monday", "sunday").env("MAKE_WEEK_START").
		help("Where weeks begin: monday or sunday; default: monday.")
	flags.path(&s.Archive, "archive", "FILE").env("MAKE_AUDIT_ARCHIVE").
		help("The archive: a copy of the log that make-audit-mcp sync fills, and that questions are answered from. A file, or " +
			"postgres://USER@HOST/DATABASE, whose password belongs in PGPASSFILE.")
	flags.path(&s.ArchiveKey, "archive-key", "FILE").env("MAKE_AUDIT_ARCHIVE_KEY").
		help("File of the key that signs the archive; default: beside an archive that is a file. One in PostgreSQL is only read without it.")
	flags.choice(&s.ArchiveJournal, "archive-journal", "JOURNAL", "auto", "wal", "delete").byDefault("auto").
		env("MAKE_AUDIT_ARCHIVE_JOURNAL").
		help("How the archive is kept whole while it is written: wal, which needs a disk of this machine, or delete, where readers and a sync " +
			"wait for one another; or auto: as it is, and wal for a new one.")
	flags.parsed(&s.CacheMemory, "cache-memory", "SIZE").byDefault("256MB").env("MAKE_AUDIT_CACHE_MEMORY").
		help("How much of the archive is held in memory, e.g. 64MB or 1GB, however many organizations it has; the archive's database counts " +
			"what does not fit.")
	flags.toggle(&s.InsecureFiles, "insecure-files").env("MAKE_AUDIT_INSECURE_FILES").
		help("Take files with secrets that others may read: the key's, the token's, the archive and its signing key; for mounts that cannot " +
			"do better.")
	flags.path(&s.Rules, "rules", "DIR").env("MAKE_AUDIT_RULES").
		help("Folder with detection rules in Sigma's format, beside those that come with the program.")
	flags.text(&s.RequestsPerMinute, "requests-per-minute", "N").env("MAKE_REQUESTS_PER_MINUTE").
		help("Ceiling on calls to Make, instead of half the organization's limit; or unlimited, for tests.")
	flags.parsed(&s.LogLevel, "log-level", "LEVEL").offers("debug", "info", "warn", "error").env("MAKE_AUDIT_LOG_LEVEL").
		help("Least severe messages to log: debug, info, warn or error; default: warn, for http info.")
	flags.choice(&s.LogFormat, "log-format", "FORMAT", "text", "json").byDefault("text").env("MAKE_AUDIT_LOG_FORMAT").
		help("How to log, to standard error: text or json.")
}

// environmentKey holds the API key.
const environmentKey = "MAKE_API_KEY"

// forgetWhatIsNotSet takes variables out of the environment that say nothing: empty ones, and references such as ${user_config.zone} or
// ${env:MAKE_API_KEY} that a client left as they were, since nobody gave a value. As a key, Make would refuse one, which sends people
// astray.
func forgetWhatIsNotSet() {
	reference := regexp.MustCompile(`^\$\{[^{}]*\}$`)
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		ours := strings.HasPrefix(name, "MAKE_") || strings.HasPrefix(name, "MCP_")
		if value = strings.TrimSpace(value); ours && (value == "" || reference.MatchString(value)) {
			_ = os.Unsetenv(name) // fails for names that cannot be
		}
	}
}

// SettingError says which setting cannot be used, and what to do.
type SettingError struct {
	Problem string
	Next    string
}

func (e *SettingError) Error() string { return e.Problem }

// NextStep says what to do.
func (e *SettingError) NextStep() string { return e.Next }

// sayWhatCounts warns where two settings are set of which one counts. The demo heeds neither.
func (s *Settings) sayWhatCounts(ctx context.Context, logger *slog.Logger) {
	if s.key == "" && os.Getenv(environmentKey) != "" && s.APIKeyFile != "" {
		logger.WarnContext(ctx, "MAKE_API_KEY and MAKE_API_KEY_FILE are both set: MAKE_API_KEY counts, the file is not read")
	}
	if s.APIURL != "" && s.Zone != "" {
		logger.WarnContext(ctx, "MAKE_API_URL and MAKE_ZONE are both set: MAKE_API_URL counts")
	}
}

// baseURL is where the API is.
func (s *Settings) baseURL() (*url.URL, error) {
	var base *url.URL
	var err error
	switch {
	case s.APIURL != "":
		base, err = makeapi.ParseBaseURL(s.APIURL)
	case s.Zone != "":
		base, err = makeapi.ZoneURL(s.Zone)
	default:
		return nil, &SettingError{Problem: "MAKE_ZONE is not set, so it is not known where your organization lives",
			Next: "set MAKE_ZONE to the host you sign in to, e.g. eu1.make.com, eu2.make.com, us1.make.com or us2.make.com; or try " +
				"--demo, which needs no account"}
	}
	if err != nil {
		return nil, &SettingError{Problem: err.Error(), Next: "correct MAKE_ZONE or MAKE_API_URL"}
	}
	return base, nil
}

// credential is the key's source. That there is none is an error here, so that it is said before anything is called.
func (s *Settings) credential() (makeapi.Credential, error) {
	howToGetOne := "create a key in Make under Profile > API, with the scopes organizations:read, teams:read and user:read (and " +
		"audit-logs:read, where Make offers it), and set " + environmentKey + " to it, or MAKE_API_KEY_FILE to a file that holds it; or try --demo, which needs no account"
	if s.Demo {
		return makeapi.StaticKey(makesim.DemoToken), nil
	}
	var credential makeapi.Credential = makeapi.StaticKey(cmp.Or(s.key, os.Getenv(environmentKey)))
	switch {
	case s.key != "" || os.Getenv(environmentKey) != "":
	case s.APIKeyFile != "":
		credential = &makeapi.KeyFile{Path: s.APIKeyFile, Read: s.readSecret}
	default:
		return nil, &SettingError{Problem: environmentKey + " is not set", Next: howToGetOne}
	}
	if _, err := credential.Secret(); err != nil {
		if exposed, ok := errors.AsType[*SettingError](err); ok {
			return nil, exposed
		}
		return nil, &SettingError{Problem: err.Error(), Next: howToGetOne}
	}
	return credential, nil
}

// location is the zone in which days are meant; nil means the user's.
func (s *Settings) location() (*time.Location, error) {
	if s.Timezone == "" {
		return nil, nil
	}
	location, err := question.ParseLocation(s.Timezone)
	if err != nil {
		var detail *question.TimeError
		problem := err.Error()
		if errors.As(err, &detail) {
			problem = fmt.Sprintf("%s: %s", auditlog.Text(detail.Value).Quote(), detail.Problem)
		}
		return nil, &SettingError{Problem: "MAKE_TIMEZONE " + problem, Next: "set MAKE_TIMEZONE to an IANA name, e.g. Europe/Prague or UTC"}
	}
	return location, nil
}

// requestsPerMinute is the ceiling as makeapi.BudgetOptions takes it.
func (s *Settings) requestsPerMinute() (int, error) {
	switch s.RequestsPerMinute {
	case "":
		return 0, nil
	case "unlimited":
		return makeapi.Unlimited, nil
	}
	ceiling, err := strconv.Atoi(s.RequestsPerMinute)
	if err != nil || ceiling < 1 {
		return 0, &SettingError{Problem: fmt.Sprintf("MAKE_REQUESTS_PER_MINUTE %s is no number from 1 on",
			auditlog.Text(s.RequestsPerMinute).Quote()),
			Next: "set it to a number such as 200, or leave it out for half the organization's limit"}
	}
	return ceiling, nil
}

// instant is a point in time as flags have it.
type instant struct{ time.Time }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (i *instant) UnmarshalText(text []byte) (err error) {
	if i.Time, err = time.Parse(time.RFC3339, string(text)); err != nil {
		return fmt.Errorf("%s is no instant; give its date, time and offset, e.g. 2026-11-20T12:00:00Z", auditlog.Text(text).Quote())
	}
	return nil
}

// logLevel is the least severe level to log; empty for the command's own.
type logLevel string

// UnmarshalText implements [encoding.TextUnmarshaler].
func (l *logLevel) UnmarshalText(text []byte) error {
	*l = logLevel(strings.ToLower(string(text)))
	if !slices.Contains([]logLevel{"", "debug", "info", "warn", "error"}, *l) {
		return fmt.Errorf("%s is no level; give debug, info, warn or error", auditlog.Text(text).Quote())
	}
	return nil
}
