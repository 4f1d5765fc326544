package telemetry

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"mime"
	"strconv"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// What requests and answers are written in.
const (
	protobufType = "application/x-protobuf"
	jsonType     = "application/json"
)

// requestOf is a message with the fields of ExportTraceServiceRequest, which is generated together with gRPC.
func requestOf(spans []*tracepb.ResourceSpans) *tracepb.TracesData {
	return &tracepb.TracesData{ResourceSpans: spans}
}

func spansAsProtobuf(spans []*tracepb.ResourceSpans) ([]byte, error) {
	return proto.Marshal(requestOf(spans))
}

// spansAsJSON writes ids in hexadecimal and not, as protojson does, in Base64.
//
// Source: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
func spansAsJSON(spans []*tracepb.ResourceSpans) ([]byte, error) {
	text, err := protojson.MarshalOptions{UseEnumNumbers: true}.Marshal(requestOf(spans))
	if err != nil {
		return nil, err
	}
	var document any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&document); err != nil {
		return nil, err
	}
	writeIDsInHex(document)
	return json.Marshal(document)
}

// writeIDsInHex changes the ids of spans and links, wherever they are: attributes' names are no keys of JSON.
func writeIDsInHex(value any) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			writeIDsInHex(item)
		}
	case map[string]any:
		for name, item := range value {
			id, isText := item.(string)
			switch name {
			case "traceId", "spanId", "parentSpanId":
				if raw, err := base64.StdEncoding.DecodeString(id); isText && err == nil {
					value[name] = hex.EncodeToString(raw)
				}
			default:
				writeIDsInHex(item)
			}
		}
	}
}

// compress is gzip.
func compress(plain []byte) ([]byte, error) {
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return compressed.Bytes(), nil
}

// refusedSpans reads the answer to spans that were taken, ExportTraceServiceResponse: it may say that some were not.
func refusedSpans(contentType string, answer []byte) error {
	var spans uint64
	var reason string
	switch mediaType, _, _ := mime.ParseMediaType(contentType); mediaType {
	case protobufType:
		partial := fieldsOf(fieldsOf(answer)[1])
		spans, _ = protowire.ConsumeVarint(partial[1])
		reason = string(partial[2])
	case jsonType:
		var response struct {
			PartialSuccess struct {
				RejectedSpans json.Number `json:"rejectedSpans"`
				ErrorMessage  string      `json:"errorMessage"`
			} `json:"partialSuccess"`
		}
		if json.Unmarshal(answer, &response) == nil {
			spans, _ = strconv.ParseUint(response.PartialSuccess.RejectedSpans.String(), 10, 64)
			reason = response.PartialSuccess.ErrorMessage
		}
	}
	if spans == 0 && reason == "" {
		return nil
	}
	return fmt.Errorf("the collector refused %d of them: %s", spans, words(reason))
}

// fieldsOf returns the values of a message's fields by number, the last of each, as far as it is well formed: of texts and messages their
// content.
func fieldsOf(message []byte) map[protowire.Number][]byte {
	fields := map[protowire.Number][]byte{}
	for len(message) > 0 {
		number, kind, tagLength := protowire.ConsumeTag(message)
		length := -1
		if tagLength > 0 {
			message = message[tagLength:]
			length = protowire.ConsumeFieldValue(number, kind, message)
		}
		if length < 0 {
			break
		}
		fields[number] = message[:length]
		if kind == protowire.BytesType {
			fields[number], _ = protowire.ConsumeBytes(message)
		}
		message = message[length:]
	}
	return fields
}
