// Package demo fills an empty store with people who evidently are none, so
// that whoever tries the program out finds it in use: accounts of each role,
// some years of choices, questions, looks and rights. Everything goes through
// the same doors as in earnest, with its evidence; only the clock is moved.
//
// Names say that they are made up, addresses are of example.com (RFC 2606),
// telephone numbers of the ranges that Ofcom keeps for drama.
package demo
