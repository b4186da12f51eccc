// Package account is what every surface has on which people sign in: signing
// up, in and out, forgotten passwords, step-up, and the page of one's own
// security. One file a route, one handler order: who, parse, load, may they,
// act, answer.
package account
