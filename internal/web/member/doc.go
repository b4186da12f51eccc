// Package member is what the surfaces share on which people sign in: the first
// page, for whoever is signed in and for whoever is not.
package member
