// Package sigma evaluates Sigma rules, and correlations of them, over records in the order of time.
//
// It follows the Sigma specification 2.1 (https://github.com/SigmaHQ/sigma-specification); comments name its documents as rules, modifiers
// and correlations. [Load] reads rules and refuses, with file and line, what it does not understand; an [Evaluator] is given records one by
// one and yields a [Match] for each that a rule describes and for each run of records that a correlation describes.
//
// Of the specification's parts these are refused by name: the modifiers for encodings, addresses, placeholders and parts of dates, the
// correlations value_sum, value_avg and value_percentile, and filters. Where it leaves a choice: a field that is not there is null; neq
// wants the field to be there; regular expressions are Go's, and find themselves anywhere; logsource may be missing.
//
// It does not know what the records are: whoever loads says which fields there are, and a [Record] says what is in them.
package sigma
