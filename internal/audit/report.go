package audit

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"candour/policy"
)

// Format names the structure of report.json. Within one format fields are only
// ever added.
const Format = "candour-audit/1"

// Report is what an audit found. Its JSON form is stable (Format); it holds
// names, addresses without their queries, and counts, never a value of a
// cookie or a field.
type Report struct {
	Format      string       `json:"format"`
	Site        string       `json:"site"`        // the address that was given
	Operator    string       `json:"operator"`    // legal name
	Policy      int          `json:"policy"`      // version
	PolicyHash  string       `json:"policy_hash"` // of the operator's folder, hexadecimal
	Browser     string       `json:"browser"`     // product and version
	Started     time.Time    `json:"started"`
	Ended       time.Time    `json:"ended"`
	Surfaces    []SurfaceRun `json:"surfaces"`
	States      []StateRun   `json:"states"`
	Differences []Difference `json:"differences"` // none: the site does as the policy says
	Sightings   []Sighting   `json:"sightings"`   // all that was seen, declared or not
	Pages       []PageRun    `json:"pages"`
	Notes       []Note       `json:"notes"`     // what the reader should know; no difference
	Truncated   bool         `json:"truncated"` // more pages were found than may be opened

	noVisitor bool
}

// Roles are those that walked, Visitor among them; none if only a visitor did.
func (r *Report) Roles() (list []string) {
	for _, s := range r.States {
		if role := cmp.Or(s.Role, Visitor); !slices.Contains(list, role) {
			list = append(list, role)
		}
	}
	if len(list) == 1 && list[0] == Visitor {
		return nil
	}
	return list
}

// SurfaceRun is one declared surface.
type SurfaceRun struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Address string `json:"address"`
	Answers bool   `json:"answers"`
	Pages   int    `json:"pages"` // opened on it, in all states together
}

// StateRun is one walk: a visitor, or somebody signed in, in one state.
type StateRun struct {
	State State  `json:"state"`
	Role  string `json:"role,omitempty"` // whose sign-in the browser held; none for a visitor
	Pages int    `json:"pages"`          // opened; none where there was nothing to decide
}

// Sighting is one thing that was seen, folded over pages and states.
type Sighting struct {
	Kind   string   `json:"kind"` // cookie, storage, request, field, permission
	Name   string   `json:"name"`
	Detail string   `json:"detail"`
	States []State  `json:"states"`
	Roles  []string `json:"roles,omitempty"` // as in Difference
	Pages  int      `json:"pages"`
	First  string   `json:"first"` // page on which it was first seen
}

// PageRun is one page that was opened.
type PageRun struct {
	Address string   `json:"address"`
	Surface string   `json:"surface"`
	Status  int      `json:"status"`
	Title   string   `json:"title"`
	States  []State  `json:"states"`
	Roles   []string `json:"roles,omitempty"` // as in Difference
}

// Note is something the reader should know that is no difference.
type Note struct {
	State State  `json:"state,omitempty"`
	Page  string `json:"page,omitempty"`
	Text  string `json:"text"`
}

func newReport(o Options, s *site) *Report {
	return &Report{
		noVisitor: o.NoVisitor,
		Format:    Format, Site: withoutQuery(s.start.String()), Operator: s.policy.Operator.Name, Policy: s.policy.Version,
		PolicyHash: hex.EncodeToString(o.Profile.Hash[:]), Started: o.Now().UTC(),
		Surfaces: []SurfaceRun{}, States: []StateRun{}, Differences: []Difference{}, Sightings: []Sighting{}, Pages: []PageRun{}, Notes: []Note{},
	}
}

func (r *Report) note(s State, page, text string) {
	n := Note{State: s, Page: withoutQuery(page), Text: text}
	if !slices.ContainsFunc(r.Notes, func(o Note) bool { return o.Page == n.Page && o.Text == n.Text && (n.Page != "" || o.State == n.State) }) {
		r.Notes = append(r.Notes, n)
	}
}

func (r *Report) surface(f *policy.Surface, address string, answers bool) {
	r.Surfaces = append(r.Surfaces, SurfaceRun{ID: f.ID, Title: f.Title, Address: address, Answers: answers})
	if !answers {
		r.note("", address, "nothing answers there, so the surface \""+f.Title+"\" was not audited")
	}
}

// buttons are what a person presses to come into a state.
var buttons = map[State]string{Refused: "to reject all", Accepted: "to accept all", Withdrawn: "to reject all after accepting"}

// finish fills the report from the pages.
func (r *Report) finish(pages []*visit, differences []Difference) {
	r.Differences = append(r.Differences, differences...)
	slices.SortStableFunc(r.Differences, func(a, b Difference) int {
		return cmp.Compare(slices.Index(States, a.State), slices.Index(States, b.State))
	})
	r.walks(pages)
	for _, p := range pages {
		r.page(p)
		for i := range r.Surfaces {
			if r.Surfaces[i].ID == p.Surface {
				r.Surfaces[i].Pages++
			}
		}
		if p.Status >= 400 && !(p.guess && (p.Status == 404 || p.Status == 405)) {
			r.note(p.State, p.URL, fmt.Sprintf("it answers with status %d", p.Status))
		}
	}
	r.Sightings = append(r.Sightings, sightings(pages)...)
}

// walks counts the looks of each walk. A visitor comes into all states, or
// the reader should know why not.
func (r *Report) walks(pages []*visit) {
	roles := []string{""}
	for _, p := range pages {
		if !slices.Contains(roles, p.Role) {
			roles = append(roles, p.Role)
		}
	}
	for _, role := range roles {
		for _, s := range States {
			n := len(visited(pages, role, s))
			if role != "" && n == 0 || role == "" && r.noVisitor {
				continue
			}
			r.States = append(r.States, StateRun{State: s, Role: role, Pages: n})
			if n == 0 {
				r.note(s, "", "this state was not entered, for want of a button: "+buttons[s])
			}
		}
	}
}

func (r *Report) page(p *visit) {
	address := withoutQuery(p.URL)
	i := slices.IndexFunc(r.Pages, func(q PageRun) bool { return q.Address == address })
	if i < 0 {
		i = len(r.Pages)
		r.Pages = append(r.Pages, PageRun{Address: address, Surface: p.Surface, Status: p.Status, Title: p.Title, Roles: rolesOf(p)})
	}
	r.Pages[i].Roles = withRole(r.Pages[i].Roles, p.Role)
	if !slices.Contains(r.Pages[i].States, p.State) {
		r.Pages[i].States = append(r.Pages[i].States, p.State)
	}
}

// sightings folds all that was seen.
func sightings(pages []*visit) []Sighting {
	var list []Sighting
	at := map[string]int{}
	for _, p := range pages {
		once := map[string]bool{}
		add := func(kind, name, detail string) {
			key := kind + "\x00" + name + "\x00" + detail
			if once[key] {
				return
			}
			once[key] = true
			i, ok := at[key]
			if !ok {
				i = len(list)
				at[key] = i
				list = append(list, Sighting{Kind: kind, Name: name, Detail: detail, Roles: rolesOf(p), First: withoutQuery(p.URL)})
			}
			list[i].Roles = withRole(list[i].Roles, p.Role)
			list[i].Pages++
			if !slices.Contains(list[i].States, p.State) {
				list[i].States = append(list[i].States, p.State)
			}
		}
		for _, k := range p.cookies {
			add("cookie", k.Name, cookieDetail(k))
		}
		for _, e := range p.entries {
			add("storage", e.Name, e.Storage+" of "+e.Origin)
		}
		for _, q := range p.requests {
			detail := q.Directive
			if q.Refused != "" {
				detail += ", refused by the browser (" + q.Refused + ")"
			}
			add("request", q.URL, detail)
		}
		for _, f := range p.content.Fields {
			add("field", cmp.Or(f.Name, "(no name)"), strings.Trim(kindOf(f), " ()"))
		}
		for _, a := range p.asks {
			add("permission", strings.Join(a.Feature, ", "), a.API)
		}
	}
	slices.SortStableFunc(list, func(a, b Sighting) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Detail, b.Detail))
	})
	return list
}

func cookieDetail(k cookie) string {
	words := []string{"set by " + k.By, "for " + k.Domain}
	if !k.HostOnly {
		words[1] += " and all hosts under it"
	}
	if k.HTTPOnly {
		words = append(words, "HttpOnly")
	}
	if k.Secure {
		words = append(words, "Secure")
	}
	if k.SameSite != "" {
		words = append(words, "SameSite "+k.SameSite)
	}
	if k.Expires.IsZero() {
		words = append(words, "until the browser closes")
	} else {
		words = append(words, "kept after the browser closes")
	}
	return strings.Join(words, ", ")
}

// String returns the difference as one line: state, role if any, page: seen;
// declared.
func (d Difference) String() string {
	as := ""
	var also []string
	if len(d.Roles) > 0 {
		as, also = " as "+d.Roles[0], slices.Clone(d.Roles[1:])
	}
	s := fmt.Sprintf("%s%s %s: %s; the policy declares %s", d.State, as, d.Page, d.Seen, d.Declared)
	for _, a := range d.Also {
		also = append(also, string(a))
	}
	if len(also) > 0 {
		s += " (also " + strings.Join(also, ", ") + ")"
	}
	return s
}

// WriteJSON writes the report as JSON.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// WriteSummary writes one line for each difference, and a last line with the
// counts.
func (r *Report) WriteSummary(w io.Writer) error {
	var b strings.Builder
	for _, d := range r.Differences {
		fmt.Fprintln(&b, d)
	}
	surfaces, pages := 0, 0
	for _, s := range r.Surfaces {
		if s.Answers {
			surfaces++
		}
	}
	var states []State
	for _, s := range r.States {
		pages += s.Pages
		if s.Pages > 0 && !slices.Contains(states, s.State) {
			states = append(states, s.State)
		}
	}
	walked := ""
	if roles := r.Roles(); len(roles) > 0 {
		walked = ", as " + strings.Join(roles, ", ")
	}
	found := fmt.Sprintf("%d differences", len(r.Differences))
	switch len(r.Differences) {
	case 0:
		found = "no difference"
	case 1:
		found = "1 difference"
	}
	fmt.Fprintf(&b, "%s between %s and policy version %d of %s (%d looks at %d pages of %d surfaces, %d states%s)\n",
		found, r.Site, r.Policy, r.Operator, pages, len(r.Pages), surfaces, len(states), walked)
	if r.Truncated {
		fmt.Fprintln(&b, "more pages were found than were opened; raise --max-pages to see them all")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
