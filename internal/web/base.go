package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"candour/internal/identity"
	"candour/internal/notice"
	"candour/internal/web/door"
	"candour/policy"
)

// Paths of the website that other parts link to.
const (
	PrivacyPath = notice.Path
	CookiesPath = "/cookies"
	ContactPath = "/contact"
)

// Base fills in what every page knows.
func (s *Site) Base(r *http.Request, title, description string) Base {
	v := VisitOf(r)
	p, brand := v.Policy(), &s.Profile.Brand
	b := Base{
		Title: title, Description: description, Language: p.Language, Path: r.URL.Path,
		Brand:      BrandView{brand.Name, brand.Tagline, s.picture(brand.Logo), s.picture(brand.Favicon)},
		Assets:     Assets{Brand: s.files.names["brand.css"], Style: s.files.names["site.css"], Script: s.files.names["site.js"]},
		PrivacyURL: v.URL("", PrivacyPath), CookiesURL: v.URL("", CookiesPath), ContactURL: v.URL("", ContactPath), HomeURL: v.URL("", "/"),
		Year:   v.Now.Year(),
		Footer: s.footer(v, r.URL.Path),
	}
	if v.Surface != nil {
		b.Surface = SurfaceView{v.Surface.ID, v.Surface.Title, v.Surface.Description, v.origin(v.Surface.Host) + "/"}
		s.member(v, r, &b)
		if v.Surface.Host != "" {
			b.Assets.Member = s.files.names["member.css"]
		} else {
			b.Nav = s.links(v, r.URL.Path, func(page *policy.Page) int { return page.Nav })
		}
		b.Consent = s.consentView(v, r.URL.Path)
		if v.private {
			b.NoIndex, b.Consent.Ask = true, false // nothing is loaded here that could be asked about
		} else {
			b.Integrations, b.Choice = integrations(p, v), v.Consent.Record()
		}
	}
	b.Announcement = s.announcement(v)
	b.Changed = s.changed(v, r.URL.Path)
	return b
}

// member fills in what a page shows whoever is signed in.
func (s *Site) member(v *Visit, r *http.Request, b *Base) {
	if v.Person == nil || v.Person.Level == identity.Half {
		return
	}
	b.NoIndex, b.SignOut = true, SignOutPath
	if rt, ok := s.surfaces[v.Surface.ID].(*Routes); ok && v.Person.Level == identity.Whole {
		b.Nav = rt.menuFor(v.Person, r.URL.Path)
	}
}

// links lists the operator's pages that have a place in a menu.
func (s *Site) links(v *Visit, current string, place func(*policy.Page) int) []Link {
	var pages []*policy.Page
	for _, p := range s.Profile.Pages {
		if place(p) > 0 {
			pages = append(pages, p)
		}
	}
	slices.SortStableFunc(pages, func(a, b *policy.Page) int { return cmp.Compare(place(a), place(b)) })
	links := make([]Link, len(pages))
	for i, p := range pages {
		links[i] = Link{Label: p.Title, Href: v.URL("", p.Path), Current: v.Surface != nil && v.Surface.Host == "" && p.Path == current}
	}
	return links
}

func (s *Site) footer(v *Visit, current string) Footer {
	op := &v.Policy().Operator
	f := Footer{
		Links: s.links(v, current, func(p *policy.Page) int { return p.Footer }),
		Name:  op.Name, Company: op.CompanyNumber, Where: op.Jurisdiction, VAT: op.VAT, Regulated: op.RegulatedBy,
		Address: op.RegisteredAddress, Email: op.Support.Email, Telephone: op.Support.Telephone,
	}
	if f.Telephone != "" {
		f.TelHref = notice.TelHref(f.Telephone)
	}
	for i := range v.Policy().Surfaces {
		o := &v.Policy().Surfaces[i]
		if s.surfaces[o.ID] != nil && o.ID != "console" && (v.Surface == nil || o.ID != v.Surface.ID) {
			f.Surfaces = append(f.Surfaces, Link{Label: o.Title, Href: v.URL(o.Host, "/")})
		}
	}
	return f
}

// integration is what the browser part needs to load one.
type integration struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"`
	Script  string `json:"script,omitempty"`
	Account string `json:"account,omitempty"`
}

func integrations(p *policy.Policy, v *Visit) string {
	var list []integration
	for _, n := range door.Loaded(p, v.Surface.ID, v.Consent) {
		list = append(list, integration{n.ID, n.Kind, n.Script, n.Account})
	}
	if len(list) == 0 {
		return ""
	}
	b, err := json.Marshal(list)
	if err != nil {
		return "" // four strings always marshal
	}
	return string(b)
}

// Render answers with a page. The page is made whole before anything leaves,
// so that an error in the middle still becomes an error page.
func (s *Site) Render(w http.ResponseWriter, r *http.Request, status int, name string, page any) {
	v := VisitOf(r)
	var b bytes.Buffer
	if err := s.execute(&b, name, page); err != nil {
		if name == "error" {
			s.Log.Error("the error page cannot be rendered", "id", v.ID, "error", err)
			http.Error(w, "Something went wrong at our end.", http.StatusInternalServerError)
			return
		}
		s.Fail(w, r, err)
		return
	}
	h, body := w.Header(), b.Bytes()
	if !v.secret && len(body) >= minZipped && takesGzip(r.Header.Get("Accept-Encoding")) {
		body = zipped(body)
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	cachePage(h, v)
	v.counted = status == http.StatusOK && name != "error"
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has gone
}

func (s *Site) execute(b *bytes.Buffer, name string, page any) error {
	t, ok := s.pages[name]
	if !ok {
		return fmt.Errorf("web: there is no template for the page %q", name)
	}
	return t.ExecuteTemplate(b, "base", page)
}
