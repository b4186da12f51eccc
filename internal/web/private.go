package web

import "net/http"

// Private has the answer to a request be about one person, who came by a link
// and not by a sign-in: it is kept by no cache and shown by no search engine,
// and nobody else's content is loaded into it, whatever this browser agreed to,
// because that content would see the link in the address and the data on the
// page. Call it before anything is made of the page.
func (s *Site) Private(w http.ResponseWriter, r *http.Request) {
	v := VisitOf(r)
	v.private, v.secret = true, true
	s.setHeaders(w.Header(), v)
	w.Header().Set("X-Robots-Tag", "noindex")
}
