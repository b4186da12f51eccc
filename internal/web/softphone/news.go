package softphone

import (
	"net/http"
	"sync"

	"candour/internal/identity"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/web"
)

// newsPath is where the phone is told how much is new, while it is open.
const newsPath = "/news"

// maxNews is how many pages of one person are told at once.
const maxNews = 20

// news tells open phones that something is new for their line or their person, and
// nothing of what: they ask for it as the page does. It is safe for concurrent use.
type news struct {
	mu     sync.Mutex
	lines  map[int64]map[chan struct{}]bool
	people map[keys.SubjectID]map[chan struct{}]bool
}

// listen returns a channel for one page; false if as many listen already.
func (n *news) listen(line int64, s keys.SubjectID) (changed <-chan struct{}, end func(), ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.people[s]) >= maxNews {
		return nil, nil, false
	}
	if n.lines == nil {
		n.lines, n.people = map[int64]map[chan struct{}]bool{}, map[keys.SubjectID]map[chan struct{}]bool{}
	}
	c := make(chan struct{}, 1)
	enter(n.lines, line, c)
	enter(n.people, s, c)
	return c, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		leave(n.lines, line, c)
		leave(n.people, s, c)
	}, true
}

func enter[K comparable](in map[K]map[chan struct{}]bool, k K, c chan struct{}) {
	if in[k] == nil {
		in[k] = map[chan struct{}]bool{}
	}
	in[k][c] = true
}

func leave[K comparable](from map[K]map[chan struct{}]bool, k K, c chan struct{}) {
	delete(from[k], c)
	if len(from[k]) == 0 {
		delete(from, k)
	}
}

// ofLine and ofPerson tell pages. One that was told and has not looked yet need not
// be told again.
func (n *news) ofLine(line int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	nudge(n.lines[line])
}

// ofPerson is described at ofLine.
func (n *news) ofPerson(s keys.SubjectID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	nudge(n.people[s])
}

func nudge(pages map[chan struct{}]bool) {
	for c := range pages {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// News is how much is new for somebody.
type News struct {
	Missed    int `json:"missed"`    // calls, since they last looked at the list
	Voicemail int `json:"voicemail"` // messages that nobody has heard
	Messages  int `json:"messages"`  // that they have not read
}

// newsOf finds how much is new for whoever is signed in.
func (h *site) newsOf(r *http.Request, tx *store.Tx, me *identity.Session, line telecom.Line) (n News, err error) {
	if n.Missed, err = h.Phones.Missed(r.Context(), tx, me.Account.Subject); err != nil {
		return n, err
	}
	w, err := h.waiting(r, tx, line)
	if err != nil {
		return n, err
	}
	if w != nil {
		n.Voicemail = w.Fresh
	}
	if _, err := h.chatRoles(r, me); err == nil {
		n.Messages, err = h.Chat.Unread(r.Context(), tx, me.Account.Subject)
		return n, err
	}
	return n, nil
}

// tellNews tells the phone how much is new, at once and whenever that changes.
func (h *site) tellNews(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	line, err := h.line(r, me)
	if err != nil {
		return web.ErrNotFound
	}
	changed, end, ok := h.news.listen(line.ID, me.Account.Subject)
	if !ok {
		return web.ErrTooMany
	}
	defer end()
	var written <-chan struct{}
	if _, err := h.chatRoles(r, me); err == nil {
		c, end, ok := h.Chat.Listen(me.Account.Subject)
		if !ok {
			return web.ErrTooMany
		}
		defer end()
		written = c
	}
	return h.live(w, r, me, func(tx *store.Tx, _ string) (string, any, error) {
		n, err := h.newsOf(r, tx, me, line)
		return "news", n, err
	}, changed, written)
}
