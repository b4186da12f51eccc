package voicemail

import (
	"embed"
	"io/fs"

	"candour/internal/media"
)

// The words that voicemail says, each in both codecs: scripts/prompts.sh made
// them.
//
//go:embed prompts
var files embed.FS

// Say is something that voicemail says.
type Say string

// What it says; the words stand in scripts/prompts.sh.
const (
	Greeting  Say = "greeting"  // the standard greeting: who calls is recorded
	Recorded  Say = "recorded"  // the same, after a greeting of the person's own
	Beep      Say = "beep"      // from here on
	Menu      Say = "menu"      // what can be pressed
	None      Say = "none"      // no messages
	After     Say = "after"     // what can be pressed after a message
	Deleted   Say = "deleted"   // the message is
	Last      Say = "last"      // there are no more
	Elsewhere Say = "elsewhere" // this message is in another codec
	Record    Say = "record"    // record a greeting
	Saved     Say = "saved"     // it is kept
	Empty     Say = "empty"     // nothing was heard
	Standard  Say = "standard"  // the standard greeting is back
	Full      Say = "full"      // there is no room for a message
	Goodbye   Say = "goodbye"
	Minute    Say = "minute" // to the caller in a call: it ends in one minute
	Soon      Say = "soon"   // the same, where less is left
)

// Prompt returns what is said in the codec that a leg speaks; the zero value, of
// which nothing is heard, if there is no such.
func Prompt(say Say, codec string) media.Sound { return prompts.Say(string(say), codec) }

var prompts = media.NewPrompts(folder())

func folder() fs.FS {
	sub, err := fs.Sub(files, "prompts")
	if err != nil {
		panic(err) // the name is no path
	}
	return sub
}
