// Package question says what the words of a question mean: which organization, which window in which zone, which people, teams and events,
// in which order, from which place on.
//
// [Resolver.Resolve] turns a [Filter], in the words of whoever asks, into a [Question] that is resolved to ids and instants, or into an
// error that names everything that could not be understood: a word is never guessed at. Cursors keep a resolved question from one page to
// the next. The package reads the log only to find people whom the catalog does not know, and knows neither MCP nor HTTP.
package question
