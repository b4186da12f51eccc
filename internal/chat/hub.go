package chat

import (
	"sync"

	"candour/internal/keys"
)

// maxListeners is how many pages of one person are told at once.
const maxListeners = 20

// hub tells open pages that something changed for their person, and nothing of
// what: they ask for it as the page does.
type hub struct {
	mu    sync.Mutex
	pages map[keys.SubjectID]map[chan struct{}]bool
}

// Listen returns a channel on which a person's page is told that something
// changed, and how to end that. False if as many pages listen already.
func (d *Desk) Listen(s keys.SubjectID) (changed <-chan struct{}, end func(), ok bool) {
	h := &d.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.pages == nil {
		h.pages = map[keys.SubjectID]map[chan struct{}]bool{}
	}
	if len(h.pages[s]) >= maxListeners {
		return nil, nil, false
	}
	if h.pages[s] == nil {
		h.pages[s] = map[chan struct{}]bool{}
	}
	c := make(chan struct{}, 1)
	h.pages[s][c] = true
	return c, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.pages[s], c)
		if len(h.pages[s]) == 0 {
			delete(h.pages, s)
		}
	}, true
}

// tell tells people's pages. One that was told and has not looked yet need not
// be told again.
func (h *hub) tell(people ...keys.SubjectID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range people {
		for c := range h.pages[s] {
			select {
			case c <- struct{}{}:
			default:
			}
		}
	}
}
