package sip

// Refresh refreshes every session now, as if it were time.
func (s *Server) Refresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.calls {
		c.do(func() {
			for _, l := range c.legs() {
				if l.session.ours {
					c.refresh(l)
				}
			}
		})
	}
}
