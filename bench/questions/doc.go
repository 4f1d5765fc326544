// Package questions asks 60 questions of security people about the demo organization and grades the answers, without a model's help. It
// promises that what is right is computed from the simulator's own world, by code that shares nothing with the product but the rules of
// time zones; that every conversation is bounded; and that a model, a script and a wrapper around Make's calls are measured alike.
package questions
