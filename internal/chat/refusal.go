package chat

import (
	"errors"
	"fmt"
	"time"

	"candour/internal/vault"
)

// Code is why a message was not taken: a closed set.
type Code string

// Refusals.
const (
	Empty     Code = "empty"     // nothing was written
	TooLong   Code = "too-long"  // more than a message holds
	TooMany   Code = "too-many"  // more than a person writes in a while
	Forbidden Code = "forbidden" // the policy refuses
	Gone      Code = "gone"      // the reader is not there any more
	Blocked   Code = "blocked"   // the reader takes none from the author
	NoYes     Code = "no-yes"    // the author did not agree to their place being shared
	NoFix     Code = "no-fix"    // it is no place on earth
	TooSoon   Code = "too-soon"  // a place was shared a moment ago
	TooOften  Code = "too-often" // places were shared as often as they may be in a day
	Kind      Code = "kind"      // a file of a kind that is not carried
	TooLarge  Code = "too-large" // a file beyond what is carried
	Damaged   Code = "damaged"   // a photo that cannot be read
)

var words = map[Code]string{
	Empty:     "Please write something first.",
	TooLong:   "That is longer than one message holds. Please send it in two.",
	TooMany:   "That was a lot in a short time. Please wait a minute and send it again; what you wrote is still here.",
	Forbidden: "We may not carry this message.",
	Gone:      "They cannot be reached any more.",
	Blocked:   "They take no messages from you.",
	NoYes:     "You have not agreed to share where you are, or no longer. Nothing was sent.",
	NoFix:     "Your device did not say where you are in a way that we can read. Nothing was sent.",
	TooSoon:   "You shared where you are a moment ago. So that it cannot become a track, once in a quarter of an hour is the most. Nothing was sent.",
	TooOften:  "You shared where you are as often as it can be shared in a day: four times with one person, eight times in all. More could become a track, so nothing was sent.",
	Kind:      "Files of that kind are not carried. Send photos as JPEG, PNG, GIF or WebP, and documents as PDF, plain text, or of an office program.",
	TooLarge:  "That file is too large. Photos may have up to 12 MB, and are made smaller; other files up to 900 kB.",
	Damaged:   "That photo cannot be read. It may be damaged, or larger than we can open.",
}

// Refusal is why a message is not taken. It holds nothing of the message.
type Refusal struct {
	Code Code
	Wait time.Duration // of TooSoon and TooOften: until it can be done again
}

// Error names the code.
func (r *Refusal) Error() string { return "chat: refused: " + string(r.Code) }

// Words are for the author.
func (r *Refusal) Words() string { return words[r.Code] }

// Is lets errors.Is find a refusal by its code.
func (r *Refusal) Is(other error) bool {
	o, ok := other.(*Refusal)
	return ok && o.Code == r.Code
}

func refuse(c Code) error { return &Refusal{Code: c} }

// ErrNotFound says that there is no such message or conversation, or that it is
// somebody else's.
var ErrNotFound = errors.New("chat: no such message")

// wrap names the package in an error of the store.
func wrap(err error) error {
	var r *Refusal
	if err == nil || errors.As(err, &r) || errors.Is(err, ErrNotFound) || errors.Is(err, ErrUndeclared) || errors.Is(err, vault.ErrNotFound) {
		return err
	}
	return fmt.Errorf("chat: %w", err)
}
