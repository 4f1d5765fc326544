// Package prompts serves the reviews that people start from their client's menu.
//
// A prompt carries data, not instructions: it asks the tools what the review is about and returns their answers, each with the call that
// gave it, so that a model can go on from there. What the tools promise of their answers holds here as well. A part that cannot be read is
// named in its place; if nothing can be read, the prompt fails.
package prompts
