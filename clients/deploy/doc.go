// Package deploy holds what deploy/ has to the types of Kubernetes and to Compose's own reader, and to the program: its flags, variables,
// ports, paths and times. It is a module of its own, so that what it needs is no part of the server.
package deploy
