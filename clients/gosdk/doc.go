// Package gosdk drives the server with the official Go SDK, a client that shares no code with it. It is a module of its own, so that the
// server's module does not depend on a second SDK.
package gosdk
