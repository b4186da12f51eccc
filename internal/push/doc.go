// Package push wakes a device whose browser has the phone closed, so that a
// call can ring there: a short sealed message through the push service of the
// browser's maker (RFC 8030), encrypted to the browser (RFC 8291) and signed by
// us (RFC 8292).
//
// What is said is that there is a call, never whose: the page asks for the rest
// when it is open and its person signed in. Where a message goes is a record of
// the vault, kept on consent, and gone with it. The services that we send to are
// a closed list of hosts; an address elsewhere is refused, so that nobody can
// have this program ask for addresses of their choosing.
//
// Delivery by the services of browser makers was not tried: the tests have a
// push service of their own, which decrypts what comes and checks who sent it.
package push
