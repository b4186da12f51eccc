package telecom

import "github.com/nyaruka/phonenumbers"

// Canonical brings what somebody would dial into the one spelling in which two
// numbers are compared: the digits of an extension or a service, or ITU-T E.164.
// A prefix for one call is no part of it. The refusals Empty and Unreadable for
// what is no number; others, with its digits in the same spelling as far as it has
// one, for a number that we could not connect: it may be right all the same.
func Canonical(dialled string) (string, error) {
	n, err := read(dialled)
	if err != nil {
		return "", err
	}
	if digits, ok := emergencyIn(n.digits); ok {
		return digits, nil
	}
	if n = n.unprefixed(); n.digits == "" {
		return "", refuse(Empty)
	}
	if n.extension() {
		return n.digits, nil
	}
	e164, err := n.world()
	if err == nil {
		return e164, nil
	}
	text := n.digits
	if n.plus {
		text = "+" + text
	}
	if parsed, perr := phonenumbers.Parse(text, home); perr == nil {
		return phonenumbers.Format(parsed, phonenumbers.E164), err
	}
	return n.digits, err
}

// IsExtension reports whether what somebody would dial is an extension.
func IsExtension(dialled string) bool {
	n, err := read(dialled)
	if err != nil {
		return false
	}
	if _, ok := emergencyIn(n.digits); ok {
		return false
	}
	return n.unprefixed().extension()
}
