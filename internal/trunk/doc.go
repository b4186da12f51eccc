// Package trunk reads what an operator says of their trunks: the ways to other
// telephone networks. It reads and checks; package sip connects.
//
// Parse reads a file and returns every fault in it, each with its place and its
// cure: a trunk that was misread would send calls, and people's numbers, to
// somebody else. Passwords stand in files of their own.
package trunk
