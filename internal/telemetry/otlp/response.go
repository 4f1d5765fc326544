package otlp

import (
	"encoding/binary"
	"encoding/json"
	"mime"
	"strconv"
)

// Refused reads the answer to a request that was taken (ExportTraceServiceResponse): how many of its spans were not taken all the same, and
// why, or what else the collector wants to be known. An answer that cannot be read says nothing.
func Refused(contentType string, answer []byte) (spans uint64, reason string) {
	switch mediaType, _, _ := mime.ParseMediaType(contentType); mediaType {
	case ProtobufType:
		_, response := fieldsOf(answer)
		numbers, texts := fieldsOf(response[1])
		return numbers[1], string(texts[2])
	case JSONType:
		var response struct {
			PartialSuccess struct {
				RejectedSpans json.Number `json:"rejectedSpans"`
				ErrorMessage  string      `json:"errorMessage"`
			} `json:"partialSuccess"`
		}
		if json.Unmarshal(answer, &response) == nil {
			spans, _ = strconv.ParseUint(response.PartialSuccess.RejectedSpans.String(), 10, 64)
			return spans, response.PartialSuccess.ErrorMessage
		}
	}
	return 0, ""
}

// fieldsOf returns a message's whole numbers, and its texts and messages, by the fields' numbers, the last of each, as far as the message
// is well formed.
func fieldsOf(message []byte) (numbers map[uint64]uint64, texts map[uint64][]byte) {
	numbers, texts = map[uint64]uint64{}, map[uint64][]byte{}
	for len(message) > 0 {
		tag, length := binary.Uvarint(message)
		if length <= 0 {
			break
		}
		message = message[length:]
		// What a field has behind its tag: a number, which may be the length of what follows, or so many bytes.
		var number uint64
		size := uint64(0)
		switch tag & 7 {
		case wireVarint, wireBytes:
			if number, length = binary.Uvarint(message); length <= 0 {
				return numbers, texts
			}
			message = message[length:]
			if tag&7 == wireBytes {
				size = number
			}
		case wireFixed64:
			size = 8
		case wireFixed32:
			size = 4
		default: // groups, which are no more
			return numbers, texts
		}
		if size > uint64(len(message)) {
			break
		}
		switch tag & 7 {
		case wireVarint:
			numbers[tag>>3] = number
		case wireBytes:
			texts[tag>>3] = message[:size]
		}
		message = message[size:]
	}
	return numbers, texts
}
