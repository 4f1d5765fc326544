// Command pack prints the zones below a folder of TZif files as internal/tz embeds them: a line for each zone, its name and how long its
// rules are, or another zone that has the same; an empty line; and all rules on end, gzip, base64.
//
//	pack /usr/share/zoneinfo
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "pack: give a folder of TZif files, e.g. pack /usr/share/zoneinfo")
		os.Exit(2)
	}
	out := bufio.NewWriter(os.Stdout)
	if err := errors.Join(pack(out, os.DirFS(os.Args[1])), out.Flush()); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func pack(out io.Writer, zones fs.FS) error {
	var all bytes.Buffer
	named := map[string]string{} // rules by the zone that has them
	err := fs.WalkDir(zones, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".":
			return nil
		case name[0] < 'A' || name[0] > 'Z': // no zone, or one with leap seconds
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return nil
		}
		file, err := fs.ReadFile(zones, name)
		if err != nil {
			return err
		}
		rules, err := withoutFirst(file)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if same, known := named[string(rules)]; known {
			_, err = fmt.Fprintf(out, "%s =%s\n", name, same)
			return err
		}
		named[string(rules)] = name
		all.Write(rules)
		_, err = fmt.Fprintf(out, "%s %d\n", name, len(rules))
		return err
	})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out); err != nil {
		return err
	}
	encoder := base64.NewEncoder(base64.StdEncoding, out)
	compressor, err := gzip.NewWriterLevel(encoder, gzip.BestCompression)
	if err != nil {
		return err
	}
	_, err = all.WriteTo(compressor)
	if err := errors.Join(err, compressor.Close(), encoder.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out)
	return err
}

// header is how a block of a TZif file begins, in big-endian numbers (RFC 8536, 3.1).
type header struct {
	Magic   [4]byte
	Version byte
	_       [15]byte
	// How many of each follow: indicators for UT and standard time, leap seconds, changes, types, characters of names.
	UT, Standard, Leaps, Changes, Types, Characters uint32
}

const headerSize = uint64(44)

// withoutFirst returns a file whose first block, in 32-bit times for readers of before 2006, is as empty as it can be (RFC 8536, 4, and
// what zic -b slim writes). The second has the same in 64-bit times.
func withoutFirst(file []byte) ([]byte, error) {
	var first header
	if err := binary.Read(bytes.NewReader(file), binary.BigEndian, &first); err != nil || string(first.Magic[:]) != "TZif" {
		return nil, errors.New("this is no TZif file")
	}
	if first.Version < '2' {
		return nil, fmt.Errorf("version %q has one block alone", first.Version)
	}
	size := headerSize + 5*uint64(first.Changes) + 6*uint64(first.Types) + uint64(first.Characters) +
		8*uint64(first.Leaps) + uint64(first.Standard) + uint64(first.UT)
	if size > uint64(len(file)) || !bytes.HasPrefix(file[size:], []byte("TZif")) {
		return nil, errors.New("the second block is not where the first ends")
	}
	least := header{Magic: first.Magic, Version: first.Version, Types: 1, Characters: 1}
	rules, err := binary.Append(nil, binary.BigEndian, least)
	if err != nil {
		return nil, err
	}
	rules = append(rules, make([]byte, 6+1)...) // one type, and the end of its name
	return append(rules, file[size:]...), nil
}
