package softphone

import (
	"net/http"

	"candour/internal/identity"
)

// colleague is somebody of one's company who chose to be found.
type colleague struct {
	Line            int64
	Name, Extension string
}

// directoryFor is where whoever is signed in finds the directory of their
// company; empty where there is none.
func (h *site) directoryFor(*http.Request, *identity.Session) string { return "" }

// colleagues are those who chose to be found by whoever is signed in.
func (h *site) colleagues(*http.Request, *identity.Session) ([]colleague, error) { return nil, nil }
