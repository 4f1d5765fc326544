package archive

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
)

// level is where more effort stops helping.
const level = 5

// packer compresses what Make sends: short texts that are much alike, so that a dictionary does more than the texts themselves. It takes
// many times the memory of a record, and is for one goroutine. The zero value is ready.
type packer struct {
	to     bytes.Buffer
	writer *flate.Writer
}

// pack returns raw compressed, with a checksum behind it.
func (p *packer) pack(raw []byte) (packed []byte, err error) {
	p.to.Reset()
	if p.writer == nil {
		p.writer, err = flate.NewWriterDict(&p.to, level, dictionary())
	} else {
		p.writer.Reset(&p.to)
	}
	if err == nil {
		_, err = p.writer.Write(raw)
		err = errors.Join(err, p.writer.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("packing a record: %w", err)
	}
	return seal(append(make([]byte, 0, p.to.Len()+checksumSize), p.to.Bytes()...)), nil
}

// unpackers are to use again, as packers are.
var unpackers sync.Pool //nolint:gochecknoglobals // no state, only memory

// checksumSize is that of the CRC-32 of what precedes it, big-endian. Without it some bits could change unseen: several compressed forms
// unpack to the same bytes.
const checksumSize = 4

// seal appends the checksum.
func seal(packed []byte) []byte {
	return binary.BigEndian.AppendUint32(packed, crc32.ChecksumIEEE(packed))
}

// mostPacked is more than what packing makes of so many bytes, however little they repeat themselves.
func mostPacked(size int) int { return size + size/1000 + 100 }

// unpack reverses pack, of at most so many bytes: damage must not exhaust memory.
func unpack(packed []byte, most int) ([]byte, error) {
	if len(packed) < checksumSize {
		return nil, errors.New("unpacking a record: it is cut short")
	}
	packed, sum := packed[:len(packed)-checksumSize], packed[len(packed)-checksumSize:]
	if crc32.ChecksumIEEE(packed) != binary.BigEndian.Uint32(sum) {
		return nil, errors.New("unpacking a record: its checksum does not fit")
	}
	reader, _ := unpackers.Get().(io.Reader)
	if resetter, can := reader.(flate.Resetter); !can || resetter.Reset(bytes.NewReader(packed), dictionary()) != nil {
		reader = flate.NewReaderDict(bytes.NewReader(packed), dictionary())
	}
	defer unpackers.Put(reader)
	raw, err := io.ReadAll(io.LimitReader(reader, int64(most)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("unpacking a record: %w", err)
	case len(raw) > most:
		return nil, errors.New("unpacking a record: it is larger than any that was signed")
	}
	return raw, nil
}

// dictionary is what entries look like. It is part of the file's format: it never changes within a version.
func dictionary() []byte {
	return []byte(`{"details":{"scenarioName":"","connectionName":"","connectionType":"","webhookName":"","webhookType":"gateway-webhook","keyName":"","dataStoreName":"","functionName":""},` +
		`organization_variable_created_updated_deleted_enabled_disabled_activated_deactivated_team_variable_credential_request_data_structure_data_store_record_function_scenario_webhook_connection_key_` +
		`"version":{"from":"1","to":"2"},"extra":null,"team":null,"actor":null,"targetId":null,` +
		`{"uuid":"00000000-0000-4000-8000-000000000000","createdAt":"2026-01-01T00:00:00.000Z","triggeredAt":"2026-01-01T00:00:00.000Z",` +
		`"organization":{"id":1000000,"name":"` + `"},"organizationId":1000,"eventName":"scenario_updated","team":{"id":1000,"name":"` +
		`"},"actor":{"id":1000,"name":"","email":"name@example.com"},"targetId":"1000"}`)
}
