package softphone

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"candour/internal/identity"
	"candour/internal/web"
	"candour/internal/web/assets"
)

// Paths of the phone as an app.
const (
	manifestPath = "/app.webmanifest"
	workerPath   = "/worker.js"
	dialPath     = "/dial"
)

// icon is a picture of the app in the operator's folder. They are made of the
// operator's one drawing when the program is built (scripts/icons.mjs).
type icon struct {
	Source  string `json:"src"`
	Sizes   string `json:"sizes"`
	Type    string `json:"type"`
	Purpose string `json:"purpose,omitempty"`
}

var drawn = []icon{
	{"images/app-192.png", "192x192", "image/png", ""},
	{"images/app-512.png", "512x512", "image/png", ""},
	{"images/app-maskable-512.png", "512x512", "image/png", "maskable"},
}

// icons are those that the operator's folder has, and the drawing itself.
func (h *site) icons(r *http.Request) (list []icon) {
	names := h.Profile.FileNames()
	for _, i := range drawn {
		if slices.Contains(names, i.Source) {
			i.Source = "/" + i.Source
			list = append(list, i)
		}
	}
	if favicon := h.Base(r, "", "").Brand.Favicon; strings.Contains(favicon, ".svg") {
		list = append(list, icon{favicon, "any", "image/svg+xml", ""})
	}
	return list
}

// manifest tells browsers how the phone is installed (W3C Web Application
// Manifest). It is the same for everybody.
func (h *site) manifest(w http.ResponseWriter, r *http.Request) error {
	type link struct {
		Name string `json:"name"`
		URL  string `json:"url"`
	}
	type handler struct {
		Protocol string `json:"protocol"`
		URL      string `json:"url"`
	}
	surface, light := web.VisitOf(r).Surface, h.Profile.Brand.Tokens.Light
	body, err := json.Marshal(struct {
		ID          string            `json:"id"`
		Name        string            `json:"name"`
		Short       string            `json:"short_name"`
		Description string            `json:"description,omitempty"`
		Language    string            `json:"lang"`
		Start       string            `json:"start_url"`
		Scope       string            `json:"scope"`
		Display     string            `json:"display"`
		Theme       string            `json:"theme_color"`
		Background  string            `json:"background_color"`
		Icons       []icon            `json:"icons"`
		Shortcuts   []link            `json:"shortcuts"`
		Protocols   []handler         `json:"protocol_handlers"`
		Launch      map[string]string `json:"launch_handler"`
	}{
		ID: "/", Name: h.Profile.Brand.Name + " " + strings.ToLower(surface.Title), Short: h.Profile.Brand.Name, Description: surface.Description,
		Language: web.VisitOf(r).Policy().Language, Start: "/", Scope: "/", Display: "standalone", Theme: light.Brand, Background: light.Surface,
		Icons: h.icons(r), Shortcuts: []link{{"Your calls", callsPath}, {"This device", devicePath}},
		Protocols: []handler{{"tel", dialPath + "?number=%s"}},
		Launch:    map[string]string{"client_mode": "focus-existing"}, // a link that is opened must not end a call
	})
	if err != nil {
		return err
	}
	head := w.Header()
	head.Set("Content-Type", "application/manifest+json")
	head.Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(body) // the client has gone
	return nil
}

// workerContent is what the worker's own script may load: nothing but what comes
// from here.
const workerContent = "default-src 'none'; connect-src 'self'"

// worker is the script that runs while the phone is closed. In front of what was
// built stands what differs from one operator to the next, so that a change of
// the look brings a new worker.
func (h *site) worker(w http.ResponseWriter, r *http.Request) error {
	name := assets.Name("worker.js")
	if name == "" {
		return web.ErrNotFound
	}
	script, err := fs.ReadFile(assets.FS, name)
	if err != nil {
		return err
	}
	a := h.Base(r, "", "").Assets
	styles := slices.DeleteFunc([]string{a.Style, a.Brand}, func(s string) bool { return s == "" })
	picture := ""
	if list := h.icons(r); len(list) > 0 {
		picture = list[0].Source
	}
	sum := fnv.New64a()
	fmt.Fprint(sum, name, styles, picture)
	head, err := json.Marshal(struct {
		Name    string   `json:"name"`
		Version string   `json:"version"`
		Styles  []string `json:"styles"`
		Icon    string   `json:"icon"`
		Reach   string   `json:"reach"` // whom to ring where nothing works
	}{h.Profile.Brand.Name, fmt.Sprintf("%016x", sum.Sum64()), styles, picture, web.VisitOf(r).Policy().Operator.Support.Telephone})
	if err != nil {
		return err
	}
	out := w.Header()
	out.Set("Content-Type", "text/javascript; charset=utf-8")
	out.Set("Content-Security-Policy", workerContent)
	out.Set("Cache-Control", "no-cache")
	_, _ = fmt.Fprintf(w, "self.candour = %s;\n%s", head, script) // the client has gone
	return nil
}

// dialAddress is that of the phone with a number in its field.
func dialAddress(number string) string {
	return dialPath + "?" + url.Values{"number": {number}}.Encode()
}

// dial is the phone with a number in its field, from a link for telephones (RFC
// 3966) or another page of ours. It dials nothing: whoever followed the link presses the button.
func (h *site) dial(w http.ResponseWriter, r *http.Request, _ *identity.Session) error {
	return h.phone(w, r)
}

// linked is the number that a request for the page of a link brings; empty for
// any other, and for what is no number.
func linked(r *http.Request) string {
	if r.URL.Path != dialPath {
		return ""
	}
	return telephoneOf(r.URL.Query().Get("number"))
}

// longestLinked is how many digits and signs a number from a link has at most,
// as the page takes them.
const longestLinked = 32

// telephoneOf reads what follows "tel:" in an address (RFC 3966 section 3), or a
// number as people write it: without what separates its digits, and without
// parameters. Empty for what is none, so that nothing but a number ever stands in the field.
func telephoneOf(text string) string {
	if len(text) > 256 {
		return ""
	}
	if len(text) >= 4 && strings.EqualFold(text[:4], "tel:") {
		text = text[4:]
	}
	if plain, err := url.PathUnescape(text); err == nil {
		text = plain
	}
	text, _, _ = strings.Cut(text, ";")
	if text = strings.TrimSpace(text); strings.HasPrefix(text, "+") {
		text = strings.Replace(text, "(0)", "", 1) // that zero is for those who dial inside the country
	}
	number := strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) || strings.ContainsRune("-–—.()/", c) {
			return -1
		}
		return c
	}, text)
	digits := strings.TrimPrefix(number, "+")
	if digits == "" || len(number) > longestLinked || strings.Trim(digits, "0123456789*#") != "" {
		return ""
	}
	return number
}
