// Package resources serves what questions refer to as MCP resources: the organizations, the filter catalogs of organizations and teams, and
// single entries, with completion of their addresses.
//
// A resource is a value: an address, and a read that returns content with a type and metadata. All content but the views' is the JSON that
// the tools give as structured content. Every part of an address is checked before it is used; errors say what to do next.
package resources
