package website

import (
	"net/http"

	"candour/internal/web"
	"candour/policy"
)

// written answers with a page that the operator wrote, in its layout.
func (h *site) written(p *policy.Page) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		base, content, err := h.prepare(r, p)
		if err != nil {
			return err
		}
		switch p.Layout {
		case "home":
			h.Render(w, r, http.StatusOK, "home", Home{base, content})
		case "products":
			h.Render(w, r, http.StatusOK, "products", Products{base, content})
		default:
			h.Render(w, r, http.StatusOK, "page", Page{base, content})
		}
		return nil
	}
}

// prepare fills in what an operator's page shows.
func (h *site) prepare(r *http.Request, p *policy.Page) (web.Base, web.Content, error) {
	content, err := h.Content(r, p)
	return h.Base(r, p.Title, p.Description), content, err
}

// own fills in a page of ours that carries the operator's words if the folder
// has a page at its path.
func (h *site) own(r *http.Request, path, title string) (web.Base, web.Content, error) {
	if p, ok := h.Profile.Page(path); ok {
		return h.prepare(r, p)
	}
	return h.Base(r, title, ""), web.Content{Heading: title}, nil
}
