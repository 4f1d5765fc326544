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
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

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

// isName reports whether a text can be a name without quotes.
func isName(text string) bool { return regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`).MatchString(text) }

// What connections have unless the address says otherwise. Appending and taking the lease have shorter ones.
func defaultParameters() map[string]string {
	return map[string]string{"application_name": "make-audit-mcp", "statement_timeout": "600000", "lock_timeout": "10000"}
}

// parse reads an address as libpq does, with the environment's PGPASSFILE, PGPASSWORD, PGSSLROOTCERT and the others.
func (s *Store) parse(address string) (config *pgconn.Config, connections int32, err error) {
	const howToWrite = "write it as postgres://USER@HOST:5432/DATABASE, with the password in PGPASSFILE or PGPASSWORD; in an address, " +
		"characters of a password such as / # ? @ : are written as %2F %23 %3F %40 %3A"
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, 0, s.refuse("its address cannot be read", howToWrite, nil) // the cause might quote a part of the password
	}
	query := parsed.Query()
	connections = maxConnections
	if query.Has(poolParameter) {
		size, err := strconv.ParseInt(query.Get(poolParameter), 10, 32)
		if err != nil || size < 2 { // a sync reads while it holds one
			return nil, 0, s.refuse("the "+poolParameter+" in its address is no number from 2 on", "give one such as 10", nil)
		}
		connections = int32(size)
		query.Del(poolParameter)
	}
	parsed.RawQuery = query.Encode()
	config, err = pgconn.ParseConfig(parsed.String())
	if err == nil && !query.Has("sslmode") && os.Getenv("PGSSLMODE") == "" && !isLocal(config) {
		query.Set("sslmode", "verify-full")
		parsed.RawQuery = query.Encode()
		config, err = pgconn.ParseConfig(parsed.String())
	}
	if failure, isFile := errors.AsType[*os.PathError](err); isFile {
		return nil, 0, s.refuse("a file that its address or the environment names cannot be read", "check sslrootcert, sslcert, sslkey and "+
			"PGSSLROOTCERT, PGSSLCERT, PGSSLKEY", failure)
	}
	if err != nil {
		return nil, 0, s.refuse("its address cannot be read", howToWrite, nil)
	}
	if err := s.checkTLS(config); err != nil {
		return nil, 0, err
	}
	for name, value := range defaultParameters() {
		config.RuntimeParams[name] = cmp.Or(config.RuntimeParams[name], value)
	}
	config.ConnectTimeout = cmp.Or(config.ConnectTimeout, connectTimeout)
	config.DialFunc = newDialer().DialContext
	s.schema = cmp.Or(config.RuntimeParams[schemaParameter], defaultSchema)
	if !isName(s.schema) {
		return nil, 0, s.refuse("the search_path in its address is not the name of one schema", "name one of small letters, digits and _, "+
			"or none for "+defaultSchema, nil)
	}
	config.RuntimeParams[schemaParameter] = s.schema
	return config, connections, s.checkSecrets(query)
}

// poolParameter is how many connections a process holds at most.
const poolParameter = "pool_max_conns"

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

// checkSecrets refuses files of secrets that others may read: that of passwords, and a client's TLS key.
func (s *Store) checkSecrets(address url.Values) error {
	if s.options.Private == nil {
		return nil
	}
	passwords := cmp.Or(address.Get("passfile"), os.Getenv("PGPASSFILE"))
	if home, err := os.UserHomeDir(); passwords == "" && err == nil {
		passwords = filepath.Join(home, ".pgpass")
	}
	for _, path := range []string{passwords, cmp.Or(address.Get("sslkey"), os.Getenv("PGSSLKEY"))} {
		if path == "" {
			continue
		}
		if err := s.options.Private(path); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) refuse(problem, next string, err error) error {
	return &archive.StoreError{Store: s.name, Problem: problem, Next: next, Err: err}
}
