// Package own is the pages of whoever is signed in about themselves, the same on
// every surface: what they tell, what they decide, what is held about them and
// their rights, what happened with it, and who may see it. A page whose form the
// policy does not declare for a surface is not there. One file a route, one
// struct a page.
package own
