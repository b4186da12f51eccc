// Package website is the operator's public site: one file a route, one struct
// a page.
//
// Each handler goes the same way: who, parse, load, may they, act, answer.
// Who is the visit, which the server found before; nobody signs in here.
package website
