// Package softphone is the surface of the app that makes and takes calls: the
// page with the phone in it, the connection that the phone talks over, one's
// own calls, and what the app may use of a device.
//
// The page of the phone is a page like others. Without scripts it tells who one
// is, which calls there were, and what may be used; the calls themselves are
// made by frontend/src/phone.
package softphone
