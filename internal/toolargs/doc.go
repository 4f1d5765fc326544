// Package toolargs turns the words of a command line into the arguments of a tool, by the tool's input schema, and back.
//
// A word is a flag (--group-by actor, --group-by=actor), a pair (group_by=actor), or where a JSON object stands: the object itself,
// @FILE, or - for standard input. Dashes and underscores in names are one. What is typed beside a JSON object takes the place of what the
// object says.
//
// Values are handed on as text: the tool itself reads numbers, times and names of them, as it does of what models send. Only lists are
// taken apart here: they are repeated, or separated by commas; a value that holds a comma stands in a JSON list, ["Sales, EMEA"]. A
// boolean's flag takes no value of its own, --compare-to-previous or --compare-to-previous=false. A value that is empty is refused, since
// a shell's variable that is not set would widen the question.
package toolargs
