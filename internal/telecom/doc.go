// Package telecom is the service that the operator sells: lines, the numbers
// they are reached by, the routing of what is dialled, and the record of each
// call. A call is decided on here before anything rings.
package telecom
