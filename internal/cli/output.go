package cli

import "cmp"

// How results are printed.
const (
	outputTable = "table"
	outputJSON  = "json"
	outputCSV   = "csv"
)

// declareOutput declares the flag that says how a result is printed.
func declareOutput(flags flagSet, to *string) {
	flags.choice(to, "output", "FORMAT",
		"How to print the result: table, json or csv (its main list); default: table on a terminal, else json.",
		outputTable, outputJSON, outputCSV)
}

// outputOf is how a result is printed to a stream.
func outputOf(asked string, stream any) string {
	if asked == "" && isTerminal(stream) {
		return outputTable
	}
	return cmp.Or(asked, outputJSON)
}
