package media

import (
	"io/fs"
	"sync"
)

// Prompts are words that the program says, as scripts/prompts.sh makes them: each
// in a folder as NAME.wav and NAME.opus. It is safe for concurrent use.
type Prompts struct {
	files fs.FS
	read  sync.Map // those that were used before, by name
}

// NewPrompts returns those of a folder.
func NewPrompts(folder fs.FS) *Prompts { return &Prompts{files: folder} }

// Say returns what is said in the codec that a leg speaks; the zero value, of which
// nothing is heard, if there is no such.
func (p *Prompts) Say(name, codec string) Sound {
	if name += ".wav"; codec == "opus" {
		name = name[:len(name)-len(".wav")] + ".opus"
	}
	if s, ok := p.read.Load(name); ok {
		return s.(Sound)
	}
	file, err := fs.ReadFile(p.files, name)
	if err != nil {
		return Sound{}
	}
	s, err := ReadSound(file)
	if err != nil {
		return Sound{}
	}
	p.read.Store(name, s)
	return s
}
