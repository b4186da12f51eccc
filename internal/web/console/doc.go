// Package console is the surface of the operator's staff, who can do there
// what the policy allows their role and nothing else.
//
// Everything is asked of the policy in force: which pages a role comes to,
// which purposes it may state, what it sees of a person. Whoever looks states a
// purpose, and the look stands in that person's history at once.
package console
