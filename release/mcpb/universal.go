package mcpb

import (
	"bytes"
	"debug/macho"
	"encoding/binary"
	"fmt"
)

// pages is what the parts of a universal binary are aligned to, as an exponent of 2: the pages of arm64 have 16 KiB.
const pages = 14

// universal joins binaries of macOS for several processors into one, as lipo does.
func universal(parts ...[]byte) ([]byte, error) {
	var header bytes.Buffer
	words := func(values ...uint32) {
		for _, value := range values {
			_ = binary.Write(&header, binary.BigEndian, value) // a buffer takes everything
		}
	}
	align := func(size int) int { return (size + 1<<pages - 1) &^ (1<<pages - 1) }
	words(macho.MagicFat, uint32(len(parts))) //nolint:gosec // a few
	const fatHeader, fatPart = 8, 20
	end := fatHeader + fatPart*len(parts)
	for _, part := range parts {
		read, err := macho.NewFile(bytes.NewReader(part))
		if err != nil {
			return nil, fmt.Errorf("no binary of macOS: %w", err)
		}
		start := align(end)
		words(uint32(read.Cpu), read.SubCpu, uint32(start), uint32(len(part)), pages) //nolint:gosec // binaries have megabytes
		end = start + len(part)
	}
	joined := header.Bytes()
	for _, part := range parts {
		joined = append(joined, make([]byte, align(len(joined))-len(joined))...)
		joined = append(joined, part...)
	}
	return joined, nil
}
