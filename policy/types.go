package policy

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Policy is one declared promise: what personal data the operator holds, why,
// for how long, who receives it, and what its sites may do in a browser. It is
// read from policy.yaml by Load and immutable afterwards, so it is safe for
// concurrent use.
//
// The tag "is" says what a value must be; the decoder, the references rule and
// the JSON Schema all read it: required, id, one-of=a|b, ref=kind, email,
// telephone, url, host, label, path, language, cookie-name, min=n.
type Policy struct {
	Version      int           `yaml:"version" is:"required,min=1"`     // counts up from 1; a published version never changes
	Language     string        `yaml:"language" is:"required,language"` // BCP 47, for example en-GB
	Operator     Operator      `yaml:"operator" is:"required"`
	Regulator    Regulator     `yaml:"regulator" is:"required"`
	Settings     Settings      `yaml:"settings" is:"required"`
	Storage      Storage       `yaml:"storage" is:"required"`
	Surfaces     []Surface     `yaml:"surfaces" is:"required"`
	Actors       []Actor       `yaml:"actors" is:"required"`
	Categories   []Category    `yaml:"categories" is:"required"`
	Purposes     []Purpose     `yaml:"purposes" is:"required"`
	Retention    []Retention   `yaml:"retention" is:"required"`
	Recipients   []Recipient   `yaml:"recipients"`
	CookieGroups []CookieGroup `yaml:"cookie_groups"`
	Cookies      []Cookie      `yaml:"cookies"`
	Integrations []Integration `yaml:"integrations"`
	Permissions  []Permission  `yaml:"permissions"`
	Forms        []Form        `yaml:"forms"`
	Rights       []Right       `yaml:"rights" is:"required"`
	Terms        []Term        `yaml:"terms"`
	Calling      Calling       `yaml:"calling"`
	Decisions    []Decision    `yaml:"decisions"`
}

// Operator is the communications provider that runs Candour: the controller
// (UK GDPR Art 4(7)), with the contacts that Art 13(1)(a) and (b) ask for.
type Operator struct {
	ID                string   `yaml:"id" is:"required,id"`
	Name              string   `yaml:"name" is:"required"`       // legal name
	ShortName         string   `yaml:"short_name" is:"required"` // what people call it
	CompanyNumber     string   `yaml:"company_number"`
	Jurisdiction      string   `yaml:"jurisdiction" is:"required"` // "England and Wales"; decides the public holidays of statutory clocks
	VAT               string   `yaml:"vat"`
	RegulatedBy       string   `yaml:"regulated_by"`
	RegisteredAddress []string `yaml:"registered_address" is:"required"`
	TradingAddress    []string `yaml:"trading_address"`
	Domain            string   `yaml:"domain" is:"required,host"`       // parent of all surfaces in production
	LocalDomain       string   `yaml:"local_domain" is:"required,host"` // parent on loopback, under .localhost
	Officer           Contact  `yaml:"officer" is:"required"`           // the data protection officer, by role
	Support           Contact  `yaml:"support" is:"required"`
	Security          Contact  `yaml:"security"` // where security.txt points
}

// Contact is how people reach the operator for one matter.
type Contact struct {
	Title     string   `yaml:"title"`
	Email     string   `yaml:"email" is:"required,email"`
	Telephone string   `yaml:"telephone" is:"telephone"`
	Address   []string `yaml:"address"`
}

// Regulator is the supervisory authority complaints may go to. It is policy
// data because its name and address are changing (Data (Use and Access) Act
// 2025 s119).
type Regulator struct {
	Name      string   `yaml:"name" is:"required"`
	Successor string   `yaml:"successor"` // the body that takes over, if declared
	Address   []string `yaml:"address"`
	Telephone string   `yaml:"telephone" is:"telephone"`
	Website   string   `yaml:"website" is:"required,url"`
	Complaint string   `yaml:"complaint" is:"url"` // address of its complaint page
	Advice    string   `yaml:"advice"`             // who else helps, for example the local Citizens Advice
	AdviceURL string   `yaml:"advice_url" is:"url"`
}

// Settings are the choices that law leaves to the operator.
type Settings struct {
	ConsentPeriod        Period `yaml:"consent_period" is:"required"` // after which a cookie choice is asked again
	GlobalPrivacyControl bool   `yaml:"global_privacy_control"`       // treat Sec-GPC as an objection to what it covers
	AnnouncePeriod       Period `yaml:"announce_period"`              // least time between telling people of a material change and its applying
}

// Storage says where the operator itself keeps personal data (R17).
type Storage struct {
	Regions []Region `yaml:"regions" is:"required,region"`
	// Measures are the operator's own technical and organisational measures,
	// beyond those of the software (Art 30(1)(g), Art 32).
	Measures []string `yaml:"measures"`
}

// Region is where data is held: EEA, GB, or an ISO 3166-1 alpha-2 code.
type Region string

// Near reports whether the region is in the European Economic Area or the
// United Kingdom, where data needs no safeguard for a transfer: the EEA by the
// transitional adequacy of DPA 2018 Sch 21 para 5.
func (r Region) Near() bool { return near[r] }

var near = map[Region]bool{
	"EEA": true, "GB": true,
	"AT": true, "BE": true, "BG": true, "HR": true, "CY": true, "CZ": true, "DK": true, "EE": true, "FI": true, "FR": true,
	"DE": true, "GR": true, "HU": true, "IS": true, "IE": true, "IT": true, "LV": true, "LI": true, "LT": true, "LU": true,
	"MT": true, "NL": true, "NO": true, "PL": true, "PT": true, "RO": true, "SK": true, "SI": true, "ES": true, "SE": true,
}

// Surface is one of the operator's sites or apps.
type Surface struct {
	ID          string `yaml:"id" is:"required,id"` // website, portal, partner, softphone, console, api
	Host        string `yaml:"host" is:"label"`     // label under the parent domain; empty for the parent itself
	Title       string `yaml:"title" is:"required"`
	Description string `yaml:"description"`
	Kind        string `yaml:"kind" is:"required,one-of=site|app"` // site or app: which list of categories the notice shows it in
}

// Actor is a role that may use personal data, and the purposes it may use it
// for. People act as themselves (visitor, customer); staff by role; the
// software itself as system.
type Actor struct {
	ID       string   `yaml:"id" is:"required,id"`
	Title    string   `yaml:"title" is:"required"`
	Kind     string   `yaml:"kind" is:"required,one-of=person|partner|staff|software"` // acts for themselves, as another firm's, as the operator's, or is no person
	SignsIn  []string `yaml:"signs_in" is:"ref=surface"`                               // surfaces that its account opens; empty: it has none
	Purposes []string `yaml:"purposes" is:"ref=purpose"`
}

// Category is a kind of personal data.
type Category struct {
	ID       string   `yaml:"id" is:"required,id"` // contact.email
	Title    string   `yaml:"title" is:"required"`
	Group    string   `yaml:"group"`                                                                                  // heading the notice lists it under
	Kind     string   `yaml:"kind" is:"required,one-of=ordinary|special|traffic|location"`                            // ordinary, special (Art 9), traffic (PECR 7), location (PECR 14)
	Surfaces []string `yaml:"surfaces" is:"ref=surface"`                                                              // which may collect it
	Source   string   `yaml:"source" is:"required,one-of=given|observed|derived|third-party"`                         // given, observed, derived, third-party
	Required string   `yaml:"required" is:"one-of=mandatory|optional"`                                                // mandatory or optional
	Reason   string   `yaml:"reason" is:"required"`                                                                   // why, in words shown beside the field
	Without  string   `yaml:"without"`                                                                                // what is lost without it, if optional
	Format   string   `yaml:"format" is:"one-of=text|email|telephone|postcode|choice|date|number|token|address|none"` // text, email, telephone, postcode, choice, date, number, token, address, none
	Lookup   bool     `yaml:"lookup"`                                                                                 // found by its value through a keyed tag
	Ours     bool     `yaml:"ours"`                                                                                   // declared beyond the published policy
	NotHeld  bool     `yaml:"not_held"`                                                                               // used in passing or on the device, never stored
}

// Purpose is why data is used.
type Purpose struct {
	ID          string   `yaml:"id" is:"required,id"`
	Title       string   `yaml:"title" is:"required"`
	Description string   `yaml:"description" is:"required"`
	Uses        []Use    `yaml:"uses" is:"required"`
	Recipients  []string `yaml:"recipients" is:"ref=recipient"`
	Subjects    []string `yaml:"subjects"`                                 // whose data it is, for example customers (Art 30(1)(c)); empty: people who use the surfaces
	Marketing   string   `yaml:"marketing" is:"one-of=opt-in|soft-opt-in"` // "", opt-in or soft-opt-in (PECR 22)
	// Channels are the ways in which marketing reaches people, each of which
	// they may allow or refuse on its own (PECR 19 to 22).
	Channels []string `yaml:"channels" is:"one-of=email|telephone|text|post"`
	// DespiteRestriction is the ground of Art 18(2) on which this purpose may
	// use data whose subject has restricted it; empty for none.
	DespiteRestriction string `yaml:"despite_restriction" is:"one-of=claims|rights-of-others|public-interest"`
	Ours               bool   `yaml:"ours"`
}

// Use is what a purpose does with some categories: its one lawful basis for
// them (Art 6(1)), and how long they stay.
type Use struct {
	Categories []string `yaml:"categories" is:"required,ref=category"`
	Basis      Basis    `yaml:"basis" is:"required,one-of=contract|consent|legitimate-interests|legal-obligation|recognised-legitimate-interest|vital-interests|public-task"`
	Condition  string   `yaml:"condition"` // Art 9(2) condition where a category is special
	Interest   string   `yaml:"interest"`  // the legitimate interest, or the recognised one (Annex 1), in words
	Law        string   `yaml:"law"`       // the legal obligation, cited
	Retention  string   `yaml:"retention" is:"ref=retention"`
}

// Basis is a lawful basis of UK GDPR Art 6(1).
type Basis string

// The lawful bases, as the policy file spells them.
const (
	Contract           Basis = "contract"                       // Art 6(1)(b)
	Consent            Basis = "consent"                        // Art 6(1)(a)
	LegitimateInterest Basis = "legitimate-interests"           // Art 6(1)(f)
	LegalObligation    Basis = "legal-obligation"               // Art 6(1)(c)
	RecognisedInterest Basis = "recognised-legitimate-interest" // Art 6(1)(ea), Annex 1
	VitalInterests     Basis = "vital-interests"                // Art 6(1)(d)
	PublicTask         Basis = "public-task"                    // Art 6(1)(e)
)

// Retention is a retention class: how long, from which event, and what
// happens then.
type Retention struct {
	ID     string `yaml:"id" is:"required,id"`
	Title  string `yaml:"title" is:"required"`                       // read in the notice: "two years after your enquiry is closed"
	Event  string `yaml:"event" is:"required,id"`                    // collected, or an event that falls later: enquiry.closed, contract.ended, consent.withdrawn
	Period Period `yaml:"period"`                                    // from that event; zero means at once
	Limit  Period `yaml:"limit"`                                     // at the latest this long after collection, where the event may never fall; zero for none
	Then   string `yaml:"then" is:"required,one-of=erase|anonymise"` // erase or anonymise
	Reason string `yaml:"reason"`
}

// CollectedEvent is the retention event that is known when data is written.
const CollectedEvent = "collected"

// Recipient is whoever outside the operator receives personal data.
type Recipient struct {
	ID         string   `yaml:"id" is:"required,id"`
	Name       string   `yaml:"name" is:"required"`
	Role       string   `yaml:"role" is:"required,one-of=processor|controller|joint-controller|authority"` // processor (Art 28), controller, joint-controller, authority
	What       string   `yaml:"what"`                                                                      // what it does for us or with it
	Categories []string `yaml:"categories" is:"ref=category"`
	Region     Region   `yaml:"region" is:"required,region"`
	Safeguard  string   `yaml:"safeguard" is:"one-of=none-needed|adequacy|data-bridge|idta|scc-addendum|bcr"` // none-needed, adequacy, data-bridge, idta, scc-addendum, bcr (Art 45-47)
	Website    string   `yaml:"website" is:"url"`
	// Several says that the entry stands for a category of recipients and not
	// for one firm, as Art 13(1)(e) allows.
	Several bool `yaml:"several"`
	Ours    bool `yaml:"ours"`
}

// CookieGroup is what a person decides on together. Exactly one of Consent
// and Exemption holds (PECR 6 and Schedule A1).
type CookieGroup struct {
	ID          string `yaml:"id" is:"required,id"`
	Title       string `yaml:"title" is:"required"`
	Description string `yaml:"description" is:"required"`
	Consent     bool   `yaml:"consent"`                                                                                                     // only with consent
	Exemption   string `yaml:"exemption" is:"one-of=communication|strictly-necessary|statistical-purposes|appearance|emergency-assistance"` // communication, strictly-necessary, statistical-purposes, appearance, emergency-assistance
	Purpose     string `yaml:"purpose" is:"ref=purpose"`
}

// Cookie is anything stored on or read from a device: a cookie, or an entry in
// another kind of browser storage (L23).
type Cookie struct {
	ID         string   `yaml:"id" is:"required,id"`
	Name       string   `yaml:"name" is:"required,cookie-name"`                                 // exact, or with one trailing * as a pattern
	Role       string   `yaml:"role" is:"one-of=session|antiforgery|signin|consent|statistics"` // session, antiforgery, signin, consent, statistics, or empty
	Group      string   `yaml:"group" is:"required,ref=cookie group"`
	Party      string   `yaml:"party" is:"required,one-of=first|third"`                                                            // first or third
	SetBy      string   `yaml:"set_by" is:"required,one-of=server|script|edge"`                                                    // server, script or edge
	Storage    string   `yaml:"storage" is:"required,one-of=cookie|local-storage|session-storage|indexed-db|service-worker|cache"` // cookie, local-storage, session-storage, indexed-db, service-worker, cache
	Surfaces   []string `yaml:"surfaces" is:"required,ref=surface"`
	Scope      string   `yaml:"scope" is:"one-of=host|parent"` // host or parent (the Domain attribute)
	Purpose    string   `yaml:"purpose" is:"required"`         // in words, for the table
	Lifetime   Period   `yaml:"lifetime"`                      // zero: until the browser closes
	HTTPOnly   bool     `yaml:"http_only"`
	Secure     bool     `yaml:"secure"`
	SameSite   string   `yaml:"same_site" is:"one-of=strict|lax|none"` // strict, lax or none
	Recipient  string   `yaml:"recipient" is:"ref=recipient"`
	Historical bool     `yaml:"historical"` // named by the published policy, no longer set by its maker
	Ours       bool     `yaml:"ours"`
}

// Integration is third-party content that a surface loads, only with consent
// to its group.
type Integration struct {
	ID        string              `yaml:"id" is:"required,id"`
	Kind      string              `yaml:"kind" is:"required,one-of=google-analytics|frame"` // google-analytics: loaded by our own module; frame: shown on request
	Group     string              `yaml:"group" is:"required,ref=cookie group"`
	Recipient string              `yaml:"recipient" is:"required,ref=recipient"`
	Surfaces  []string            `yaml:"surfaces" is:"required,ref=surface"`
	Script    string              `yaml:"script" is:"url"` // address of the script to load
	Account   string              `yaml:"account"`         // the operator's identifier with the recipient
	Sources   map[string][]string `yaml:"sources"`         // CSP directive -> sources it needs: script-src, connect-src, img-src, frame-src
}

// Permission is a browser or device permission a surface may ask for (R11).
type Permission struct {
	ID         string   `yaml:"id" is:"required,id"`
	Features   []string `yaml:"features"` // Permissions-Policy features; empty where the browser has none
	Title      string   `yaml:"title" is:"required"`
	Meaning    string   `yaml:"meaning" is:"required"` // what it lets the app do
	Reason     string   `yaml:"reason"`
	Surfaces   []string `yaml:"surfaces" is:"required,ref=surface"`
	Categories []string `yaml:"categories" is:"ref=category"`
	Required   string   `yaml:"required" is:"one-of=mandatory|optional"` // mandatory or optional
	Without    string   `yaml:"without"`
	Ours       bool     `yaml:"ours"`
}

// Form is a form a person fills in. Every input element on every page is one
// of its fields (R7).
type Form struct {
	ID       string   `yaml:"id" is:"required,id"`
	Title    string   `yaml:"title" is:"required"`
	Surfaces []string `yaml:"surfaces" is:"required,ref=surface"` // where it is shown, at the same path
	Path     string   `yaml:"path" is:"required,path"`
	Also     []string `yaml:"also"` // further paths at which it is shown on its surfaces
	Purpose  string   `yaml:"purpose" is:"required,ref=purpose"`
	Fields   []Field  `yaml:"fields" is:"required"`
}

// Field is one input of a form. Exactly one of Category and Control is set.
type Field struct {
	Name     string   `yaml:"name" is:"required"`
	Label    string   `yaml:"label"`
	Category string   `yaml:"category" is:"ref=category"`                                                      // the personal data it collects
	Control  string   `yaml:"control" is:"one-of=choice|reference|antiforgery|robot-trap|timing|consent|link"` // why an input holds none: choice, reference (what people quote of an account or ticket), antiforgery, robot-trap, timing, consent, link (the code of a link in a mail)
	Optional bool     `yaml:"optional"`
	Hint     string   `yaml:"hint"`   // shown beside the category's reason
	Reason   string   `yaml:"reason"` // why this form asks, where the category's reason is not it: it asks about somebody else
	Options  []Option `yaml:"options"`
}

// Option is one value of a field with choices.
type Option struct {
	Value string `yaml:"value"`
	Label string `yaml:"label" is:"required"`
}

// Right is a data-subject right as the operator offers it.
type Right struct {
	ID          string `yaml:"id" is:"required,id"` // informed, access, rectification, erasure, restriction, portability, objection, automated-decision-review, withdraw-consent, complaint
	Title       string `yaml:"title" is:"required"`
	Description string `yaml:"description" is:"required"`
	Article     string `yaml:"article"`
	How         string `yaml:"how" is:"required"`
}

// Term is a defined term, explained where it is used (R2).
type Term struct {
	ID         string   `yaml:"id" is:"required,id"`
	Term       string   `yaml:"term" is:"required"`
	Also       []string `yaml:"also"` // other forms to be marked, for example the plural
	Definition string   `yaml:"definition" is:"required"`
}

// Period is a calendar period in ISO 8601's form: P6M, P2Y, P28D, PT1H.
// Calendar units and clock units are not mixed. The zero Period is no time.
type Period struct {
	Years, Months, Days, Hours, Minutes int
}

// ParsePeriod reads an ISO 8601 duration made of years, months, weeks and
// days, or of hours and minutes, each unit at most once and in that order.
func ParsePeriod(s string) (Period, error) {
	var p Period
	bad := fmt.Errorf("%q is not a period; write one such as P2Y, P6M, P28D or PT1H", s)
	units, rest := "YMWD", strings.TrimPrefix(s, "P")
	if clock, ok := strings.CutPrefix(rest, "T"); ok {
		units, rest = "hm", strings.ToLower(clock)
		if clock != strings.ToUpper(clock) {
			return p, bad
		}
	}
	if rest == "" || !strings.HasPrefix(s, "P") {
		return p, bad
	}
	for rest != "" {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		if digits == 0 || digits > 5 || digits == len(rest) {
			return Period{}, bad
		}
		n, _ := strconv.Atoi(rest[:digits])
		at := strings.IndexByte(units, rest[digits])
		if at < 0 {
			return Period{}, bad
		}
		switch units[at] {
		case 'Y':
			p.Years = n
		case 'M':
			p.Months = n
		case 'W':
			p.Days = 7 * n
		case 'D':
			p.Days += n
		case 'h':
			p.Hours = n
		case 'm':
			p.Minutes = n
		}
		units, rest = units[at+1:], rest[digits+1:]
	}
	return p, nil
}

// IsZero reports whether the period is no time at all.
func (p Period) IsZero() bool { return p == Period{} }

// From returns the instant p after t. A month that lacks the day of t ends on
// its last day (31 January plus P1M is 28 or 29 February).
func (p Period) From(t time.Time) time.Time {
	if m := p.Years*12 + p.Months; m != 0 {
		y, mo, d := t.Date()
		first := time.Date(y, mo+time.Month(m), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
		last := first.AddDate(0, 1, -1).Day()
		t = first.AddDate(0, 0, min(d, last)-1)
	}
	return t.AddDate(0, 0, p.Days).Add(time.Duration(p.Hours)*time.Hour + time.Duration(p.Minutes)*time.Minute)
}

// Before returns the latest instant from which p has passed by now, to within a
// day: calendar periods do not run backwards.
func (p Period) Before(now time.Time) time.Time {
	at := now.AddDate(-p.Years, -p.Months, -p.Days).Add(-time.Duration(p.Hours)*time.Hour - time.Duration(p.Minutes)*time.Minute)
	for p.From(at).After(now) {
		at = at.AddDate(0, 0, -1)
	}
	return at
}

// String returns the ISO 8601 form.
func (p Period) String() string {
	s := "P"
	for _, u := range []struct {
		n int
		c string
	}{{p.Years, "Y"}, {p.Months, "M"}, {p.Days, "D"}} {
		if u.n != 0 {
			s += fmt.Sprintf("%d%s", u.n, u.c)
		}
	}
	if p.Hours != 0 || p.Minutes != 0 {
		s += "T"
		if p.Hours != 0 {
			s += fmt.Sprintf("%dH", p.Hours)
		}
		if p.Minutes != 0 {
			s += fmt.Sprintf("%dM", p.Minutes)
		}
	}
	if s == "P" {
		return "P0D"
	}
	return s
}
