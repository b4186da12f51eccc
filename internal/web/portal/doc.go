// Package portal is the customers' surface: what is held about them, what they
// decide, and their rights. One file a route, one struct a page.
package portal
