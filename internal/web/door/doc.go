// Package door computes what may pass between our sites and a browser: which
// cookies leave and which are expired, what a page may load and from where,
// which of the browser's powers it may use, and which forms are taken.
//
// Everything is computed from the policy in force and from what this browser
// agreed to. The package keeps no state about people but a limiter's counts,
// in memory and under a salt that is thrown away.
package door
