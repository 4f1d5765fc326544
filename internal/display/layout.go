package display

// layout describes a tool's result: what is said in a line, and what stands in tables.
type layout struct {
	facts    []fact
	sections []section
	// factsFirst has the facts stand above the tables, where they are the answer rather than its sum.
	factsFirst bool
	// csv is the list that CSV has, by its section's path; empty where the result decides which of several, by what choose names.
	csv, choose string
	// alone are the columns of CSV where that list is empty, since nobody asked for it: the result's own.
	alone []column
	// hidden are fields of the result that tables leave out: they are told elsewhere in it, or are for programs.
	hidden []string
}

// fact is a number or a text that stands in a line with others.
type fact struct {
	path string
	// text says what it is, with %s where the value stands.
	text  string
	one   string // the text of one of it; "" where there is no other
	kind  kind
	bound bound
	// isLack has the fact be said beside CSV, too.
	isLack bool
}

// line is facts of a row, one behind the other.
type line struct {
	facts []fact
	apart string // between them
}

// section is a part of a result.
type section struct {
	title string
	path  string // in the result; "@this" for the result itself
	shape shape
	// columns are those of a table, or the lines of a record.
	columns []column
	// below are texts under each row; of blocks they are lines, each of facts.
	below []column
	lines []line
	// total is where the result says how many there are, of which the list may be a part.
	total string
	// bound is of the total, and of the hours.
	bound bound
	// isLack has the section stand beside CSV of another one, too.
	isLack bool
	// more says how to get the others, where there is no cursor.
	more string
	// none is said where the list is empty; "" says nothing.
	none string
}

// shape is how a section is drawn.
type shape int

const (
	table   shape = iota // a row each
	records              // a block of lines each, a column a line
	blocks               // a block each: the first column beside the second, and lines below that one
	hours                // a number for each hour of the day
)

// column is a field of a row.
type column struct {
	title string
	path  string // in the row
	kind  kind
	// drop says which columns go where there is no room: the highest first. 0 stays.
	drop int
	// name is the column's in CSV; made of its path where that is empty.
	name string
	// asked marks a column that is there only where the question asks for it; in CSV, others always are.
	asked bool
	// style is that of every value.
	style style
	// wide has others make room for the column, however wide it is.
	wide  bool
	bound bound
}

// kind is how a value is written.
type kind int

const (
	text     kind = iota
	whole         // a text that is of use only as a whole, such as an id
	ref           // an object with a name
	address       // an object with a name, which is told from others of the same name by its id
	number        // grouped, on the right
	change        // a number with its sign
	bar           // a number as a bar
	minute        // an instant, to the minute
	second        // an instant, to the second
	day           // a day
	severity      // of a finding
	status        // of a person
	yes           // whether something is so
	list          // texts or objects, in a line
	changes       // fields that changed, from what to what
	version       // from a version to another
	missing       // of a fact: said where the value is false
	somebody      // of a fact of a row: who, with the id; several where there is nobody
	span          // of a fact of a row: from when to when it was
	sample        // of a fact of a row: the first entries of its evidence
	powers        // what somebody made and changed
	data          // JSON, a line a field where there is room for lines
)

// dropFirst is the place of what goes first where there is no room: ids of entries, which only programs read.
const dropFirst = 9
