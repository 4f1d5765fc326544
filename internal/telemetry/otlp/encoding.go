package otlp

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/sdk/trace"
)

// The media types of the two encodings.
const (
	ProtobufType = "application/x-protobuf"
	JSONType     = "application/json"
)

// Protobuf is a request to take spans, in Protocol Buffers.
//
// Source: https://protobuf.dev/programming-guides/encoding/
func Protobuf(spans []trace.ReadOnlySpan) ([]byte, error) {
	return requestOf(spans).appendProtobuf(nil), nil
}

// JSON is a request to take spans, in JSON: that of Protocol Buffers, but for ids in hexadecimal.
//
// Sources: https://protobuf.dev/programming-guides/json/ and https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
func JSON(spans []trace.ReadOnlySpan) ([]byte, error) {
	return json.Marshal(requestOf(spans))
}

// message is a message of Protocol Buffers.
type message []field

// field is one of a message, by number and by name. Its value has a type for each way of writing: string, bool, int64 and float64, []byte
// and id, uint32 (enumerations, too), fixed32 and fixed64, message, and []message for as many fields as there are messages.
type field struct {
	number uint64
	name   string
	value  any
}

type (
	fixed32 uint32
	fixed64 uint64
	id      []byte
)

// put appends a field.
func (m *message) put(number uint64, name string, value any) {
	if text, isText := value.(string); isText {
		value = strings.ToValidUTF8(text, "\uFFFD")
	}
	*m = append(*m, field{number, name, value})
}

// add appends a field, unless its value is what a missing one means.
func (m *message) add(number uint64, name string, value any) {
	switch value := value.(type) {
	case []message:
		if len(value) == 0 {
			return
		}
	case string, uint32, fixed32, fixed64:
		if value == "" || value == uint32(0) || value == fixed32(0) || value == fixed64(0) {
			return
		}
	}
	m.put(number, name, value)
}

// How a field goes on behind its tag.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

func (m message) appendProtobuf(to []byte) []byte {
	for _, f := range m {
		to = f.appendProtobuf(to)
	}
	return to
}

func (f field) appendProtobuf(to []byte) []byte {
	tag := func(wire uint64) []byte { return binary.AppendUvarint(to, f.number<<3|wire) }
	varint := func(value uint64) []byte { return binary.AppendUvarint(tag(wireVarint), value) }
	bytes := func(value []byte) []byte {
		return append(binary.AppendUvarint(tag(wireBytes), uint64(len(value))), value...)
	}
	switch value := f.value.(type) {
	case string:
		return bytes([]byte(value))
	case []byte:
		return bytes(value)
	case id:
		return bytes(value)
	case bool:
		if value {
			return varint(1)
		}
		return varint(0)
	case uint32:
		return varint(uint64(value))
	case int64:
		return varint(uint64(value)) //nolint:gosec // two's complement is how they are written
	case fixed32:
		return binary.LittleEndian.AppendUint32(tag(wireFixed32), uint32(value))
	case fixed64:
		return binary.LittleEndian.AppendUint64(tag(wireFixed64), uint64(value))
	case float64:
		return binary.LittleEndian.AppendUint64(tag(wireFixed64), math.Float64bits(value))
	case message:
		return bytes(value.appendProtobuf(nil))
	case []message:
		for _, item := range value {
			to = field{f.number, f.name, item}.appendProtobuf(to)
		}
	}
	return to
}

// MarshalJSON is the message as an object.
func (m message) MarshalJSON() ([]byte, error) {
	object := make(map[string]any, len(m))
	for _, f := range m {
		object[f.name] = f.jsonValue()
	}
	return json.Marshal(object)
}

func (f field) jsonValue() any {
	switch value := f.value.(type) {
	case []byte:
		return base64.StdEncoding.EncodeToString(value)
	case id:
		return hex.EncodeToString(value)
	case int64:
		return strconv.FormatInt(value, 10)
	case fixed64:
		return strconv.FormatUint(uint64(value), 10)
	case float64:
		switch {
		case math.IsNaN(value):
			return "NaN"
		case math.IsInf(value, 1):
			return "Infinity"
		case math.IsInf(value, -1):
			return "-Infinity"
		}
	}
	return f.value
}
