// Package makesim is Make.com's Web API v2, as far as audit logs need it, simulated over real HTTP: the upstream of every test and of the
// demo.
//
// It promises that
//   - it is strict: a wrong credential scheme, a missing scope or role, an unknown parameter, a trailing slash or an odd date is refused as
//     Make refuses it (or, where Make's answer is unknown, as harshly as it might);
//   - everything that Make's documentation leaves open is a switch in [Quirks], whose zero value is the best-behaved reading of the
//     documentation;
//   - it is deterministic: the same world, options and order of requests give the same answers. Time and chance come from [Options];
//   - it counts requests and limits them per organization as Make does, and keeps a log of them ([Server.Requests]) for tests to assert on.
//
// It imports nothing else of this repository, so that it cannot share a mistake with the client under test. A server is made by [New] from
// a [World], which a test writes down as plain data or takes from [Demo]; [Bulk] makes entries in numbers for load.
package makesim
