package sip

import "sync"

// serial runs acts one after the other in the order in which they were given,
// without a goroutine of its own while there are none. It is what keeps the
// messages of a call in order: BYE after the ACK that was sent before it.
type serial struct {
	mu      sync.Mutex
	waiting []func()
	running bool
}

// do gives an act to be run and returns at once. An act may give further ones.
func (s *serial) do(act func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = append(s.waiting, act)
	if !s.running {
		s.running = true
		go s.run()
	}
}

// enter has the caller run its own act here and now, if there is none under way;
// it must say leave after it.
func (s *serial) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running {
		return false
	}
	s.running = true
	return true
}

func (s *serial) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) > 0 {
		go s.run()
		return
	}
	s.running = false
}

func (s *serial) run() {
	for {
		s.mu.Lock()
		if len(s.waiting) == 0 {
			s.running = false
			s.waiting = nil
			s.mu.Unlock()
			return
		}
		act := s.waiting[0]
		s.waiting = s.waiting[1:]
		s.mu.Unlock()
		act()
	}
}
