// Command generate writes the JSON Schemas that come with the program, each into a file named as the struct that it describes.
//
//	go generate ./schemas
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := write("generated"); err != nil { // go generate runs in the folder of package schemas
		_, _ = fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// write makes a folder hold the schemas and nothing else.
func write(folder string) error {
	files := files()
	known, err := filepath.Glob(filepath.Join(folder, "*"+extension))
	if err != nil {
		return err
	}
	for _, path := range known {
		if _, ok := files[filepath.Base(path)]; ok {
			continue
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	for name, schema := range files {
		if err := os.WriteFile(filepath.Join(folder, name), schema, 0o644); err != nil { //nolint:gosec // source, for everybody to read
			return err
		}
	}
	return nil
}
