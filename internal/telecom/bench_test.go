package telecom_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"candour/internal/evidence"
	"candour/internal/identity"
	"candour/internal/identity/identitytest"
	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/mail/mailtest"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/telecom"
	"candour/internal/vault"
	"candour/operators"
	"candour/policy"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var ctx = context.Background()

// exchange is a desk with people who have accounts.
type exchange struct {
	*mailtest.Bench
	t        testing.TB
	accounts *identity.Accounts
	desk     *telecom.Desk
	counter  *evidence.Counter
	tariff   *telecom.Tariff
}

// withTelephone gives fernhill, who has none, a telephone under ids that no
// other operator has.
func withTelephone(p *policy.Policy) {
	p.Categories = append(p.Categories, policy.Category{
		ID: "bell.digits", Title: "Digits of your bell", Kind: "ordinary", Surfaces: []string{"portal"}, Source: "derived", Required: "mandatory",
		Reason: "So that others can ring you.", Format: "telephone",
	}, policy.Category{
		ID: "bell.box", Title: "Names of your bells", Kind: "ordinary", Surfaces: []string{"portal"}, Source: "given", Required: "mandatory",
		Reason: "So that you can tell them apart.", Format: "text",
	}, policy.Category{
		ID: "bell.cost", Title: "What your bells cost", Kind: "traffic", Surfaces: []string{"portal"}, Source: "derived", Required: "mandatory",
		Reason: "So that you see it.", Format: "number",
	}, policy.Category{
		ID: "bell.thief", Title: "Signs of thieves", Kind: "ordinary", Surfaces: []string{"portal"}, Source: "derived", Required: "mandatory",
		Reason: "So that none rings for you.", Format: "text",
	}, policy.Category{
		ID: "bell.plea", Title: "What you say of them", Kind: "ordinary", Surfaces: []string{"portal", "console"}, Source: "given", Required: "optional",
		Reason: "So that somebody reads it.", Without: "Nobody does.", Format: "text",
	}, policy.Category{
		ID: "bell.key", Title: "Keys of your bells", Kind: "ordinary", Surfaces: []string{"portal"}, Source: "derived", Required: "mandatory",
		Reason: "So that nobody else rings for you.", Format: "token",
	})
	for i := range p.Purposes {
		if q := &p.Purposes[i]; q.ID == "line" {
			q.Uses = append(q.Uses, policy.Use{Categories: []string{"bell.digits", "bell.box", "bell.key", "bell.plea", "bell.thief"}, Basis: policy.Contract, Retention: "member"},
				policy.Use{Categories: []string{"bell.cost"}, Basis: policy.Contract, Retention: "calls"})
		}
	}
	p.Forms = append(p.Forms, policy.Form{
		ID: "dial", Title: "Ring", Surfaces: []string{"portal"}, Path: "/bell", Purpose: "line",
		Fields: []policy.Field{{Name: "form_key", Control: "antiforgery"}, {Name: "digits", Label: "Digits", Category: "calls.list"}},
	}, policy.Form{
		ID: "block-contest", Title: "Say no", Surfaces: []string{"portal"}, Path: "/bell/no", Purpose: "line",
		Fields: []policy.Field{{Name: "form_key", Control: "antiforgery"}, {Name: "plea", Label: "Why", Category: "bell.plea"}},
	}, policy.Form{
		ID: "spending-cap", Title: "Limit", Surfaces: []string{"portal"}, Path: "/bell/limit", Purpose: "line",
		Fields: []policy.Field{{Name: "form_key", Control: "antiforgery"}, {Name: "cap", Label: "How much", Control: "choice", Options: []policy.Option{{Value: "100", Label: "a pound"}}}},
	}, policy.Form{
		ID: "device", Title: "Add a bell", Surfaces: []string{"portal"}, Path: "/bells", Purpose: "line",
		Fields: []policy.Field{{Name: "form_key", Control: "antiforgery"}, {Name: "box", Label: "Its name", Category: "bell.box"}},
	})
	p.Calling = policy.Calling{Cap: 2000, Most: 25000, Hourly: 60, Longest: policy.Period{Hours: 2}, Closed: []string{"premium", "high-risk"}}
	p.Decisions = []policy.Decision{{
		ID: "toll-fraud", Title: "Thieves", Description: "Calls stop.", Purpose: "line", Categories: []string{"bell.thief"}, Within: policy.Period{Days: 3},
		Patterns: patternsOfTests,
	}}
}

// patternsOfTests are those of invoco.
var patternsOfTests = []policy.Pattern{
	{ID: "short-calls", Kind: "short-calls", Classes: []string{"premium", "high-risk", "revenue-share", "international"}, Count: 10, Within: policy.Period{Minutes: 10}, Seconds: 30, Reason: "Machines."},
	{ID: "sudden-spend", Kind: "sudden-spend", Count: 5, Within: policy.Period{Days: 1}, Pence: 1500, Reason: "Haste."},
	{ID: "at-once", Kind: "at-once", Classes: []string{"premium", "high-risk", "international"}, Count: 4, Reason: "Many mouths."},
	{ID: "at-night", Kind: "at-night", Classes: []string{"premium", "high-risk"}, Count: 3, Within: policy.Period{Hours: 6}, From: 0, Until: 5, Reason: "Darkness."},
}

func open(t testing.TB, st *store.Store, operator string) *exchange {
	t.Helper()
	edit := func(*policy.Policy) {}
	if operator == "fernhill" {
		edit = withTelephone
	}
	return openOn(t, mailtest.NewWith(t, st, operator, edit))
}

func openOn(t testing.TB, b *mailtest.Bench) *exchange {
	t.Helper()
	x := &exchange{Bench: b, t: t}
	x.accounts = identitytest.Open(b)
	x.counter = evidence.NewCounter(b.Log, make(chan struct{}))
	t.Cleanup(func() { x.counter.Close(ctx) })
	x.tariff = x.tariffOf()
	x.desk = telecom.New(x.config(x.Queue)) // the one that writes letters
	return x
}

// newDesk is another desk on the same store: that of the next process.
func (x *exchange) newDesk() *telecom.Desk {
	return telecom.New(x.config(nil))
}

func (x *exchange) config(q *mail.Queue) telecom.Config {
	return telecom.Config{
		Store: x.Store, Ring: x.Ring, Log: x.Log, Counter: x.counter, Vault: x.Vault, Accounts: x.accounts, InForce: x.InForce, Now: x.Now,
		Tariff: x.tariff, Queue: q,
	}
}

// tariffOf is the tariff of an operator who is part of the program.
func (x *exchange) tariffOf() *telecom.Tariff {
	x.t.Helper()
	fsys, _ := operators.FS(x.InForce().Policy().Operator.ID)
	text, err := fs.ReadFile(fsys, telecom.TariffFile)
	x.must(err)
	t, faults := telecom.ParseTariff(string(text))
	if len(faults) > 0 {
		x.t.Fatal(faults)
	}
	return t
}

// each runs fn for both operators on both engines.
func each(t *testing.T, fn func(*exchange)) {
	for _, operator := range []string{"invoco", "fernhill"} {
		t.Run(operator, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, st *store.Store) { fn(open(t, st, operator)) })
		})
	}
}

func (x *exchange) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

func (x *exchange) want(what string, got, want any) {
	x.t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		x.t.Errorf("%s: %s, want %s", what, g, w)
	}
}

var token = regexp.MustCompile(`token=([A-Za-z0-9_-]{32})`)

// finish follows the link in the one letter that came.
func (x *exchange) finish() *identity.Session {
	x.t.Helper()
	x.Work()
	letters := x.Office.Take()
	if len(letters) != 1 {
		x.t.Fatalf("%d letters came", len(letters))
	}
	o, err := x.accounts.Finish(ctx, token.FindStringSubmatch(letters[0].Raw)[1], "harbour lantern twelve", identity.Device{})
	x.must(err)
	return o.Session
}

// named are the values of a form, with the name if the form asks for it.
func (x *exchange) named(form, name, email string) url.Values {
	values := url.Values{"email": {email}}
	f, _ := x.InForce().Policy().FormByID(form)
	if slices.ContainsFunc(f.Fields, func(f policy.Field) bool { return f.Name == "name" }) {
		values.Set("name", name)
	}
	return values
}

// customer opens an account.
func (x *exchange) customer(name string) *identity.Session {
	x.t.Helper()
	x.must(x.accounts.SignUp(ctx, identity.SignUp{Form: x.named("sign-up", name, strings.ToLower(name)+"@example.org"), Surface: "portal", Policy: 1, Wording: [32]byte{7}}))
	return x.finish()
}

// colleague opens an account in somebody's company.
func (x *exchange) colleague(of *identity.Session, name string) *identity.Session {
	x.t.Helper()
	values := x.named("invitation", name, strings.ToLower(name)+"@example.org")
	values.Set("role", string(identity.CustomerUser))
	x.must(x.accounts.Invite(ctx, of, identity.CustomerUser, values))
	return x.finish()
}

// give gives a line, or returns why not.
func (x *exchange) give(s *identity.Session, extension string, within bool) error {
	return x.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if within {
			_, err = x.desk.GiveWithin(ctx, tx, s.Account.ID, extension)
		} else {
			_, err = x.desk.Give(ctx, tx, s.Account.ID, extension)
		}
		return err
	})
}

// line gives a line and returns it as its person has it.
func (x *exchange) line(s *identity.Session, extension string) telecom.Line {
	x.t.Helper()
	x.must(x.give(s, extension, false))
	return x.lineOf(s)
}

func (x *exchange) lineOf(s *identity.Session) telecom.Line {
	x.t.Helper()
	l, err := x.desk.LineOf(ctx, s.Account.ID)
	x.must(err)
	return l
}

// two are two people with lines.
func (x *exchange) two() (ann, bob telecom.Line) {
	x.t.Helper()
	return x.line(x.customer("Ann"), "1001"), x.line(x.customer("Bob"), "1002")
}

// begin dials and has the call let through.
func (x *exchange) begin(from telecom.Line, dialled string) *telecom.Call {
	x.t.Helper()
	to, err := x.desk.Route(ctx, from, dialled)
	x.must(err)
	c, err := x.desk.Begin(ctx, telecom.Start{From: from, To: to})
	x.must(err)
	return c
}

// talk is a call that is answered and lasts a while.
func (x *exchange) talk(from telecom.Line, dialled string, long time.Duration) *telecom.Call {
	x.t.Helper()
	c := x.begin(from, dialled)
	x.must(c.Answered(ctx, telecom.Line{}))
	x.Later(long)
	x.must(c.Ended(ctx, telecom.End{Code: telecom.Completed}))
	return c
}

// calls is a person's list.
func (x *exchange) calls(s keys.SubjectID) (list []telecom.Entry) {
	x.t.Helper()
	x.must(x.Store.View(ctx, func(tx *store.Tx) (err error) {
		list, err = x.desk.Calls(ctx, tx, s, 0, 0)
		return err
	}))
	return list
}

// words are the parts in a person's list, newest first.
func (x *exchange) words(l telecom.Line) (list []string) {
	x.t.Helper()
	for _, e := range x.calls(l.Subject) {
		list = append(list, e.Words)
	}
	return list
}

// own is the access of a person to what is theirs.
func (x *exchange) own() vault.Access {
	x.t.Helper()
	r, err := telecom.RolesOf(x.InForce())
	x.must(err)
	return vault.Access{Actor: "customer", Purpose: r.Purpose, Surface: r.Surface, Own: true}
}

func (x *exchange) update(fn func(*store.Tx) error) {
	x.t.Helper()
	x.must(x.Store.Update(ctx, fn))
}

func (x *exchange) count(query string, args ...any) (n int) {
	x.t.Helper()
	x.must(x.Store.DB().QueryRow(query, args...).Scan(&n))
	return n
}

// told is what a person's evidence says of calls.
func (x *exchange) told(s keys.SubjectID) (list []string) {
	x.t.Helper()
	for _, e := range x.About(s) {
		if strings.HasPrefix(e, "call.") {
			list = append(list, e)
		}
	}
	return list
}

// code is why something was refused; "done" if it was not.
func code(err error) string {
	var r *telecom.Refusal
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &r):
		return string(r.Code)
	}
	for word, known := range map[string]error{
		"taken": telecom.ErrTaken, "no extension": telecom.ErrExtension, "no line": telecom.ErrNoLine, "not found": telecom.ErrNotFound,
		"no account": identity.ErrNotFound, "closed": telecom.ErrClosed,
		"no phone": telecom.ErrNoDevice, "too many": telecom.ErrTooMany, "no name": telecom.ErrDeviceName,
	} {
		if errors.Is(err, known) {
			return word
		}
	}
	return err.Error()
}
