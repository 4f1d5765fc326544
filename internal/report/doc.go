// Package report makes the evidence pack of a window: one document about a log for people who were not there, such as auditors.
//
// What it says is what the tools answer: every number comes from a question that stands beside it, with the tool and its arguments, so that
// it can be asked again. It has more room than a conversation, so that lists are longer than a tool's page; each says how long it would be.
// What could not be read or proved is listed, never left out. The document promises no compliance with anything.
package report
