// Package auth says who may call an MCP server over HTTP: the holder of a static token, whoever an OAuth issuer vouches for, or anybody;
// and whether callers bring Make keys of their own.
//
// Whoever is not let in gets a [Refusal], whose words never hold a secret. Tokens count in the Authorization header only, never in an
// address, and are passed on to nobody.
package auth
