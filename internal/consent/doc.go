// Package consent keeps what browsers decide about cookie groups, and answers
// for each request what this browser agreed to.
//
// A decision is a row with its evidence, and a cookie that carries the choice
// back to every surface. The cookie holds a message authentication code; one
// that does not verify, is older than the declared period, or was given for
// something else than what is declared now, is no choice. It holds the row's
// id only after something was accepted: two browsers that refused on the same
// day carry the same cookie.
//
// The doors of package web ask State; the forms of the website call Decide.
package consent
