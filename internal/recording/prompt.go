package recording

import (
	"embed"
	"io/fs"

	"candour/internal/media"
)

// The words that are said in a call that is recorded, each in both codecs:
// scripts/prompts.sh made them.
//
//go:embed prompts
var files embed.FS

// Say is something that is said in a call that is recorded.
type Say string

// What is said; the words stand in scripts/prompts.sh.
const (
	Begins Say = "begins" // to both, before anything is kept
	Ends   Say = "ends"   // to whom no page tells it
	Tone   Say = "tone"   // to the same, again and again while it goes on
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
