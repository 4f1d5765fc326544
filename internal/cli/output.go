package cli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
)

// How results are printed.
const (
	outputTable = "table"
	outputJSON  = "json"
	outputCSV   = "csv"
)

// declareOutput declares the flag that says how a result is printed.
func declareOutput(flags flagSet, to *string) {
	flags.choice(to, "output", "FORMAT", outputTable, outputJSON, outputCSV).
		help("How to print the result: table, json or csv (its main list); default: table on a terminal, else json.")
}

// outputOf is how a result is printed to a stream.
func outputOf(asked string, stream any) string {
	if asked == "" && isTerminal(stream) {
		return outputTable
	}
	return cmp.Or(asked, outputJSON)
}

// printDocument prints JSON, indented for a person.
func printDocument(to io.Writer, document []byte) error {
	var out bytes.Buffer
	if err := json.Indent(&out, document, "", "  "); err != nil {
		return fmt.Errorf("internal error: what is printed is no JSON: %w", err)
	}
	out.WriteByte('\n')
	if _, err := out.WriteTo(to); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	return nil
}
