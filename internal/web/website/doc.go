// Package website is the operator's public site: one file a route, one struct
// a page.
package website
