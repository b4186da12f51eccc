package web

import (
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"candour/internal/analytics"
	"candour/internal/consent"
	"candour/internal/consent/people"
	"candour/internal/evidence"
	"candour/internal/identity"
	"candour/internal/notice"
	"candour/internal/web/door"
	"candour/internal/web/templates"
	"candour/policy"
)

// Deps is what the sites stand on. All fields are needed unless it says
// otherwise.
type Deps struct {
	Profile  *policy.Profile // the operator's folder: pages, brand, pictures
	Versions *notice.Versions
	Desk     *consent.Desk
	Counter  *evidence.Counter  // refusals of the doors, reports of browsers
	Views    *analytics.Counter // first-party statistics
	Accounts *identity.Accounts // who is signed in; nil where nobody can
	People   *people.Desk       // what whoever is signed in decided; nil where nobody can
	Secret   func(label string) []byte
	Log      *slog.Logger
	Now      func() time.Time

	// Parents are the domains below which the surfaces are served, such as
	// invoco.localhost, and invoco.net where the certificate covers it.
	Parents []string
	// Ports are the ports at which people reach the surfaces, by parent; an empty
	// one is the scheme's own. Passkeys work there alone, and below a parent that
	// is not named nowhere.
	Ports map[string]string
	TLS   bool // the sites are served by https
	// Strict says at error level when our own code set a cookie that the door
	// dropped: for development.
	Strict bool
	// ProxyHeader names the header in which the proxy in front writes the
	// address that a request came to it from, such as X-Forwarded-For. Empty:
	// there is none, and the address of the connection counts.
	ProxyHeader string
	// FormLimit is how many forms one network address may send in ten
	// minutes. Zero is DefaultFormLimit.
	FormLimit int
}

// DefaultFormLimit fits an office behind one address, and no robot.
const DefaultFormLimit = 60

// choicesPerForm is how many times more choices about cookies than other forms
// are taken: to say no must not fail because a whole campus says it at once.
const choicesPerForm = 50

// formWindow is the time in which forms are counted.
const formWindow = 10 * time.Minute

// Site serves all surfaces of one operator. It is safe for concurrent use once
// every surface is given.
type Site struct {
	Deps
	Stamps  *door.Stamps
	Forgery door.Forgery

	limit    *door.Limit // of forms
	choices  *door.Limit // of choices about cookies
	pages    map[string]*template.Template
	files    files
	surfaces map[string]http.Handler // by surface id
	hosts    map[string]http.Handler // by label, for what is no surface
	origin   *http.CrossOriginProtection

	headers   headerCache
	documents sync.Map // document key -> *notice.Document
	wordings  sync.Map // wording key -> [32]byte
	tellings  sync.Map // two versions' numbers -> []string, what people must be told
	metrics   metrics
}

// New returns a site without surfaces; give them with Handle.
func New(d Deps) (*Site, error) {
	if d.FormLimit == 0 {
		d.FormLimit = DefaultFormLimit
	}
	s := &Site{
		Deps: d, pages: map[string]*template.Template{}, surfaces: map[string]http.Handler{}, hosts: map[string]http.Handler{},
		Stamps:  door.NewStamps(d.Secret("web form stamp v1"), d.Now),
		Forgery: door.NewForgery(d.Secret("web form token v1")),
		limit:   door.NewLimit(d.FormLimit, formWindow, d.Now),
		choices: door.NewLimit(d.FormLimit*choicesPerForm, formWindow, d.Now),
		origin:  http.NewCrossOriginProtection(),
		metrics: newMetrics(),
	}
	for _, name := range templates.Pages() {
		t, err := templates.Page(name)
		if err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		s.pages[name] = t
	}
	var err error
	if s.files, err = loadFiles(d.Profile); err != nil {
		return nil, err
	}
	return s, nil
}

// Handle gives the handler of a surface, by its declared id.
func (s *Site) Handle(surface string, h http.Handler) { s.surfaces[surface] = h }

// HandleHost gives the handler of a host below the parent that is no surface,
// such as the development mailbox at mail. It gets the strictest headers.
func (s *Site) HandleHost(label string, h http.Handler) { s.hosts[label] = h }

// InForce is the version of the policy that applies now.
func (s *Site) InForce() *notice.Version { return s.Versions.InForce(s.Now()) }

// Notice returns the rendered notice of a version.
func (s *Site) Notice(v *notice.Version) (*notice.Document, error) {
	return s.document(documentKey{v.Number, policy.NoticeFile}, func() (*notice.Document, error) { return notice.Render(v.Profile) })
}

// Text returns the rendered text of an operator's page under a version.
func (s *Site) Text(v *notice.Version, p *policy.Page) (*notice.Document, error) {
	return s.document(documentKey{v.Number, p.File}, func() (*notice.Document, error) { return notice.RenderPage(v.Profile.Policy, p) })
}

type documentKey struct {
	version int
	file    string
}

// document keeps what was rendered: versions and the folder never change while
// the program runs.
func (s *Site) document(k documentKey, render func() (*notice.Document, error)) (*notice.Document, error) {
	if d, ok := s.documents.Load(k); ok {
		return d.(*notice.Document), nil
	}
	d, err := render()
	if err == nil {
		s.documents.Store(k, d)
	}
	return d, err
}
