package postgres

import (
	"cmp"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"make-audit-mcp/internal/archive"
)

// IsAddress reports whether a text is the address of a database rather than a path.
func IsAddress(text string) bool {
	scheme, _, isURL := strings.Cut(text, "://")
	return isURL && slices.Contains([]string{"postgres", "postgresql"}, strings.ToLower(scheme))
}

// Redact is an address without secrets, for messages.
func Redact(address string) string {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Opaque != "" { // what cannot be taken apart may have a secret anywhere
		return "postgres://…"
	}
	shown := url.URL{Scheme: parsed.Scheme, Host: parsed.Host, Path: parsed.Path}
	if parsed.User != nil {
		shown.User = url.User(parsed.User.Username())
		if _, hasPassword := parsed.User.Password(); hasPassword {
			shown.User = url.UserPassword(parsed.User.Username(), "xxxxx")
		}
	}
	query := url.Values{}
	for _, name := range []string{"host", "port", "dbname", "user", schemaParameter} {
		if parsed.Query().Has(name) {
			query.Set(name, parsed.Query().Get(name))
		}
	}
	shown.RawQuery = query.Encode()
	return shown.String()
}

// schemaParameter names the schema that the archive lies in: it is that of PostgreSQL itself.
const schemaParameter = "search_path"

// defaultSchema is where an archive lies unless its address says otherwise.
const defaultSchema = "make_audit"

// schemaName is what can be a name without quotes.
var schemaName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// What connections have unless the address says otherwise. Appending and taking the lease have shorter ones.
var defaultParameters = map[string]string{
	"application_name":  "make-audit-mcp",
	"statement_timeout": "600000",
	"lock_timeout":      "10000",
}

// parse reads an address as libpq does, with the environment's PGPASSFILE, PGPASSWORD, PGSSLROOTCERT and the others.
func (s *Store) parse(address string) (*pgxpool.Config, error) {
	const howToWrite = "write it as postgres://USER@HOST:5432/DATABASE, with the password in PGPASSFILE or PGPASSWORD; in an address, " +
		"characters of a password such as / # ? @ : are written as %2F %23 %3F %40 %3A"
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, s.refuse("its address cannot be read", howToWrite, nil) // the cause might quote a part of the password
	}
	config, err := pgxpool.ParseConfig(address)
	if err == nil && !hasMode(parsed) && !isLocal(&config.ConnConfig.Config) {
		query := parsed.Query()
		query.Set("sslmode", "verify-full")
		parsed.RawQuery = query.Encode()
		config, err = pgxpool.ParseConfig(parsed.String())
	}
	if _, isFile := errors.AsType[*os.PathError](err); isFile {
		return nil, s.refuse("a file that its address or the environment names cannot be read", "check sslrootcert, sslcert, sslkey and "+
			"PGSSLROOTCERT, PGSSLCERT, PGSSLKEY", errors.Unwrap(err))
	}
	if err != nil {
		return nil, s.refuse("its address cannot be read", howToWrite, nil)
	}
	if err := s.checkTLS(&config.ConnConfig.Config); err != nil {
		return nil, err
	}
	if config.ConnConfig.DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol {
		return nil, s.refuse("its address asks for the simple protocol", "leave default_query_exec_mode out, or set it to exec", nil)
	}
	parameters := config.ConnConfig.RuntimeParams
	for name, value := range defaultParameters {
		parameters[name] = cmp.Or(parameters[name], value)
	}
	s.schema = cmp.Or(parameters[schemaParameter], defaultSchema)
	if !schemaName.MatchString(s.schema) {
		return nil, s.refuse("the search_path in its address is not the name of one schema", "name one of small letters, digits and _, "+
			"or none for "+defaultSchema, nil)
	}
	parameters[schemaParameter] = s.schema
	if !parsed.Query().Has("pool_max_conns") {
		config.MaxConns = maxConnections
	}
	return config, s.checkPasswordFile(parsed.Query().Get("passfile"))
}

// maxConnections is how many a process holds at most unless the address says otherwise.
const maxConnections = 10

func hasMode(address *url.URL) bool {
	return address.Query().Has("sslmode") || os.Getenv("PGSSLMODE") != ""
}

// endpoints are all hosts that a connection may be made to, with how.
func endpoints(config *pgconn.Config) []*pgconn.FallbackConfig {
	return append([]*pgconn.FallbackConfig{{Host: config.Host, Port: config.Port, TLSConfig: config.TLSConfig}}, config.Fallbacks...)
}

// isLocal reports whether no host is of another machine.
func isLocal(config *pgconn.Config) bool {
	return !slices.ContainsFunc(endpoints(config), func(e *pgconn.FallbackConfig) bool { return !isHere(e) })
}

// isHere reports whether a host is this machine: a socket, or loopback.
func isHere(e *pgconn.FallbackConfig) bool {
	if network, _ := pgconn.NetworkAddress(e.Host, e.Port); network == "unix" {
		return true
	}
	ip := net.ParseIP(e.Host)
	return e.Host == "localhost" || ip != nil && ip.IsLoopback()
}

// checkTLS refuses connections over a network to whoever answers: what an archive holds goes over them, and the password.
func (s *Store) checkTLS(config *pgconn.Config) error {
	for _, e := range endpoints(config) {
		if !isHere(e) && (e.TLSConfig == nil || e.TLSConfig.InsecureSkipVerify) {
			return s.refuse("its sslmode does not prove which server answers", "leave sslmode out, which is verify-full, and name the "+
				"certificate authority by sslrootcert=FILE or PGSSLROOTCERT where the system does not know it", nil)
		}
	}
	return nil
}

// checkPasswordFile refuses a file of passwords that others may read; named is by the address.
func (s *Store) checkPasswordFile(named string) error {
	path := cmp.Or(named, os.Getenv("PGPASSFILE"))
	if home, err := os.UserHomeDir(); path == "" && err == nil {
		path = filepath.Join(home, ".pgpass")
	}
	if s.options.Private == nil || path == "" {
		return nil
	}
	return s.options.Private(path)
}

func (s *Store) refuse(problem, next string, err error) error {
	return &archive.StoreError{Store: s.name, Problem: problem, Next: next, Err: err}
}
