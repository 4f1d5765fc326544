// Package detection measures how well findings tell incidents from an organization's ordinary life.
//
// It generates organizations: people with habits, 120 days of their work (a baseline of 90 days and a window of 30), the occasions that
// every organization knows, harmless things that look like incidents, and incidents of 30 kinds, planted at random. A [Detector] is
// asked what it finds in them, and is scored by precision, recall and how often it calls where nothing happened.
//
// It promises that
//   - a seed is a world: the same bytes every time;
//   - an incident only adds entries: without them the world is the one that [World.Calm] returns;
//   - worlds are drawn from what people do, and from nothing that a detector looks for or measures by.
//
// Even seeds are for tuning. Odd ones are held out: they are looked at only when a figure is claimed.
package detection
