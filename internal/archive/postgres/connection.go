package postgres

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"
)

// connection is one to the server. It speaks PostgreSQL's binary format, of the few types that there are here: all that package pgtype has
// beyond would be a tenth of the program.
type connection struct {
	*pgconn.PgConn
	// prepared are statements by their texts, which must be few: what varies is a parameter.
	prepared map[string]*pgconn.StatementDescription
}

// pool lends connections.
type pool struct {
	*puddle.Pool[*connection]
	// failed counts the connections that could not be made.
	failed *atomic.Int64
}

const (
	// maxConnections is how many a process holds at most unless the address says otherwise.
	maxConnections = 10
	// checkedAfter is how long a connection may have been idle before it is tried, oldest how old it may get: behind a name another server
	// may answer since.
	checkedAfter = time.Second
	oldest       = time.Hour
)

// noticeVanished has the server find out within 15 s that this machine lost power or its network, rather than after two hours: the
// transaction that it was in may hold the row of a lease, which no time-out of statements ends while the server waits for rows to copy.
// Source: https://www.postgresql.org/docs/current/runtime-config-connection.html#GUC-TCP-KEEPALIVES-IDLE
const noticeVanished = "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 2"

func newPool(config *pgconn.Config, size int32) (pool, error) {
	goesOn := config.OnPgError
	config.OnPgError = func(c *pgconn.PgConn, failure *pgconn.PgError) bool { // false closes the connection
		return goesOn(c, failure) && failure.Code != noSuchStatement && failure.Code != planChanged
	}
	failed := &atomic.Int64{}
	made, err := puddle.NewPool(&puddle.Config[*connection]{
		MaxSize: size,
		Constructor: func(ctx context.Context) (*connection, error) {
			connected, err := pgconn.ConnectConfig(ctx, config)
			made := &connection{connected, map[string]*pgconn.StatementDescription{}}
			if err != nil {
				failed.Add(1)
				return made, err
			}
			_ = made.do(ctx, noticeVanished) // it is nothing that a server must have
			return made, nil
		},
		Destructor: func(c *connection) {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			_ = c.Close(ctx)
		},
	})
	return pool{made, failed}, err
}

// acquire lends a connection that works, until release is called.
func (p pool) acquire(ctx context.Context) (c *connection, release func(), err error) {
	for {
		lent, err := p.Acquire(ctx)
		if err != nil {
			return nil, nil, err
		}
		c := lent.Value()
		isOld := time.Since(lent.CreationTime()) > oldest
		isBroken := !isOld && lent.IdleDuration() > checkedAfter && c.ping(ctx) != nil
		if isBroken {
			p.dropIdle() // or each would be waited for
		}
		if isOld || isBroken {
			lent.Destroy()
			continue
		}
		return c, func() {
			if c.IsClosed() || c.TxStatus() != 'I' {
				lent.Destroy()
				return
			}
			lent.Release()
		}, nil
	}
}

// dropIdle closes the connections that nobody has.
func (p pool) dropIdle() {
	for _, idle := range p.AcquireAllIdle() {
		idle.Destroy()
	}
}

// ping asks whether the connection works; one that does not answer in time is closed.
func (c *connection) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	return c.Ping(ctx)
}

// do runs statements without parameters.
func (c *connection) do(ctx context.Context, statements string) error {
	results, err := c.Exec(ctx, statements).ReadAll()
	for _, result := range results {
		if err == nil {
			err = result.Err
		}
	}
	return err
}

// query runs a statement, which is prepared and kept: to prepare one takes as long as to run it.
func (c *connection) query(ctx context.Context, statement string, args ...any) (*pgconn.ResultReader, error) {
	values, types, formats := encode(args)
	kept := c.prepared[statement]
	if kept == nil {
		var err error
		if kept, err = c.Prepare(ctx, "statement_"+strconv.Itoa(len(c.prepared)), statement, types); err != nil {
			return nil, err
		}
		c.prepared[statement] = kept
	}
	return c.ExecStatement(ctx, kept, values, formats, []int16{binaryFormat}), nil
}

// queryPlanned runs a statement, which is planned for these parameters and not kept.
func (c *connection) queryPlanned(ctx context.Context, statement string, args ...any) *pgconn.ResultReader {
	values, types, formats := encode(args)
	return c.ExecParams(ctx, statement, values, types, formats, []int16{binaryFormat})
}

// run runs a statement, and counts the rows that it changed or found.
func (c *connection) run(ctx context.Context, statement string, args ...any) (int64, error) {
	reader, err := c.query(ctx, statement, args...)
	if err != nil {
		return 0, err
	}
	tag, err := reader.Close()
	return tag.RowsAffected(), err
}

// batch are statements that are sent at once.
type batch struct{ pgconn.Batch }

func (b *batch) queue(statement string, args ...any) {
	values, types, formats := encode(args)
	b.ExecParams(statement, values, types, formats, nil)
}

func (b *batch) run(ctx context.Context, c *connection) error {
	_, err := c.ExecBatch(ctx, &b.Batch).ReadAll()
	return err
}

// binaryFormat is how parameters and results are sent.
const binaryFormat = 1

// Numbers of types (https://www.postgresql.org/docs/current/catalog-pg-type.html: they never change).
const (
	typeBytes    = 17
	typeInt64    = 20
	typeInt32    = 23
	typeText     = 25
	typeByteses  = 1001
	typeInt32s   = 1007
	typeInt64s   = 1016
	arrayHeader  = 20
	noDimensions = 0
)

// encode is parameters as they are sent.
func encode(args []any) (values [][]byte, types []uint32, formats []int16) {
	for _, arg := range args {
		value, is := encoded(arg)
		values, types, formats = append(values, value), append(types, is), append(formats, binaryFormat)
	}
	return values, types, formats
}

func encoded(arg any) (value []byte, is uint32) {
	switch arg := arg.(type) {
	case int:
		return encoded(int64(arg))
	case int64:
		return appendInt64(nil, arg), typeInt64
	case int32:
		return appendInt32(nil, arg), typeInt32
	case string:
		return []byte(arg), typeText
	case []byte:
		if arg == nil { // which would be NULL
			arg = []byte{}
		}
		return arg, typeBytes
	case []int64:
		return array(typeInt64, arg, func(to []byte, n int64) []byte { return appendInt64(appendInt32(to, 8), n) }), typeInt64s
	case []int32:
		return array(typeInt32, arg, func(to []byte, n int32) []byte { return appendInt32(appendInt32(to, 4), n) }), typeInt32s
	case [][]byte:
		return array(typeBytes, arg, func(to []byte, data []byte) []byte {
			return append(appendInt32(to, int32(len(data))), data...) //nolint:gosec // bounded by what Make sends
		}), typeByteses
	default:
		panic(fmt.Sprintf("postgres: there are no parameters of type %T", arg))
	}
}

// array is a list as an array.
func array[T any](of int32, list []T, appendOne func([]byte, T) []byte) []byte {
	dimensions := int32(1)
	if len(list) == 0 {
		dimensions = noDimensions
	}
	data := make([]byte, 0, arrayHeader+12*len(list))
	data = appendInt32(appendInt32(appendInt32(data, dimensions), 0), of)
	if len(list) == 0 {
		return data
	}
	data = appendInt32(appendInt32(data, int32(len(list))), 1) //nolint:gosec // lists are cut before
	for _, one := range list {
		data = appendOne(data, one)
	}
	return data
}

func appendInt64(to []byte, n int64) []byte { return binary.BigEndian.AppendUint64(to, uint64(n)) } //nolint:gosec // bits

func appendInt32(to []byte, n int32) []byte { return binary.BigEndian.AppendUint32(to, uint32(n)) } //nolint:gosec // bits
