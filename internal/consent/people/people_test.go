package people_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"candour/internal/consent"
	"candour/internal/consent/people"
	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/mail/mailtest"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/vault"
	"candour/policy"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var ctx = context.Background()

// person is somebody signed in as a customer.
type person struct {
	*mailtest.Bench
	desk *people.Desk
	s    keys.SubjectID
}

func newPerson(t *testing.T, st *store.Store, operator string) *person {
	t.Helper()
	p := &person{Bench: mailtest.New(t, st, operator)}
	first := p.Policy.Policy()
	p.desk = people.New(people.Config{Store: st, Log: p.Log, Vault: p.Vault, InForce: p.InForce, Now: p.Now, Version: func(n int) *policy.Policy {
		if n == 1 {
			return first
		}
		return nil
	}})
	p.s = p.other()
	return p
}

func (p *person) other() (s keys.SubjectID) {
	p.TB.Helper()
	if err := p.Update(func(ctx context.Context, tx *store.Tx) (err error) {
		s, err = p.Vault.NewSubject(ctx, tx)
		return err
	}); err != nil {
		p.TB.Fatal(err)
	}
	return s
}

func (p *person) shown(purpose string) (h [32]byte) {
	if q, ok := p.Policy.Policy().PurposeByID(purpose); ok {
		h = people.Statement(p.Policy.Policy(), q).Hash()
	}
	return h
}

func (p *person) try(purpose string, yes bool, channels ...string) error {
	return p.desk.Decide(ctx, people.Decision{
		Subject: p.s, Actor: "customer", Surface: "portal", Purpose: purpose, Yes: yes, Channels: channels, Shown: p.shown(purpose),
	})
}

func (p *person) say(purpose string, yes bool, channels ...string) {
	p.TB.Helper()
	if err := p.try(purpose, yes, channels...); err != nil {
		p.TB.Fatalf("%s %v: %v", purpose, yes, err)
	}
}

func (p *person) choices() map[string]people.Choice {
	p.TB.Helper()
	all := map[string]people.Choice{}
	if err := p.Store.View(ctx, func(tx *store.Tx) error {
		list, err := p.desk.Choices(ctx, tx, p.s, "customer")
		for _, c := range list {
			all[c.Purpose.ID] = c
		}
		return err
	}); err != nil {
		p.TB.Fatal(err)
	}
	return all
}

func (p *person) history() (list []people.Past) {
	p.TB.Helper()
	if err := p.Store.View(ctx, func(tx *store.Tx) (err error) {
		list, err = p.desk.History(ctx, tx, p.s)
		return err
	}); err != nil {
		p.TB.Fatal(err)
	}
	return list
}

// Every declared purpose that touches a customer is listed, with its state
// before anything was decided and whose word it takes. Nothing on consent is on
// (L35).
func TestChoicesBeforeAnyDecision(t *testing.T) {
	for operator, want := range map[string]map[string]string{
		"invoco": {
			"account": "fixed account needed", "tax-records": "fixed account needed", "rights": "fixed account needed",
			"news": "consent account not-asked", "direct-marketing": "consent account not-asked", "personalise-sites": "consent account not-asked",
			"accessible-service": "consent account not-asked", "feedback": "consent account not-asked",
			"similar-offers": "objection account in-use", "access": "objection account in-use", "support": "objection account in-use",
			"analysis": "consent browser not-asked", "statistics": "objection browser in-use",
			"video": "consent app not-asked", "call-recording": "consent app not-asked", "notifications": "consent app not-asked",
			"security": "on-request account in-use", "legal-demands": "fixed account needed", "emergency": "fixed account needed",
		},
		"fernhill": {
			"membership": "fixed account needed", "letter": "consent account not-asked", "digging": "consent account not-asked",
			"vote": "objection account in-use", "care": "consent account not-asked",
		},
	} {
		p := newPerson(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), operator)
		all := p.choices()
		for id, w := range want {
			c, ok := all[id]
			if got := fmt.Sprint(c.Kind, " ", c.Place, " ", c.State); !ok || got != w {
				t.Errorf("%s %s: %s, want %s", operator, id, got, w)
			}
		}
		for id, c := range all {
			if c.Kind == people.ByConsent && c.State != people.StateNotAsked || len(c.Words) < 4 || c.Policy != 0 {
				t.Errorf("%s %s: %+v", operator, id, c.State)
			}
			for _, ch := range c.Channels {
				if ch.Allow != (c.Kind == people.ByObjection) {
					t.Errorf("%s %s by %s: %v", operator, id, ch.ID, ch.Allow)
				}
			}
		}
	}
}

// L16, R16, L11: a decision is standing, history and evidence at once; the
// newest decides, and what was said before stays readable with its words.
func TestDecisions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		p := newPerson(t, st, "invoco")
		p.say("direct-marketing", true, "post", "email")
		p.Later(time.Hour)
		p.say("direct-marketing", true, "post")
		p.say("direct-marketing", true, "post") // pressed twice
		p.Later(time.Hour)
		p.say("direct-marketing", false)
		p.say("similar-offers", false)
		p.say("similar-offers", true)
		p.say("feedback", false)
		var got []string
		for _, h := range p.history() {
			got = append(got, strings.TrimSpace(h.Purpose+" "+string(h.Code)+" "+strings.Join(h.Channels, ",")))
			q, _ := p.Policy.Policy().PurposeByID(h.Purpose)
			if h.Policy != 1 || h.Surface != "portal" || h.Way != people.ByPage || h.Wording != h.Words.Hash() || h.Words[0] != q.Title {
				t.Errorf("%+v", h)
			}
		}
		want := []string{
			"feedback declined", "similar-offers resumed", "similar-offers objected", "direct-marketing withdrawn",
			"direct-marketing given post", "direct-marketing given email,post",
		}
		if !slices.Equal(got, want) {
			t.Errorf("history %q", got)
		}
		all := p.choices()
		if c := all["direct-marketing"]; c.State != people.StateWithdrawn || c.Policy != 1 || !c.Since.Equal(mailtest.Noon.Add(2*time.Hour)) {
			t.Errorf("%s since %v", c.State, c.Since)
		}
		if all["similar-offers"].State != people.StateInUse || all["feedback"].State != people.StateDeclined {
			t.Error(all["similar-offers"].State, all["feedback"].State)
		}
		p.evidenced(t)
	})
}

// evidenced looks at the evidence of the first decisions of TestDecisions.
func (p *person) evidenced(t *testing.T) {
	t.Helper()
	var bodies []evidence.Body
	if err := p.Store.View(ctx, func(tx *store.Tx) error {
		entries, err := p.Log.About(ctx, tx, p.s, 0, 100)
		for _, e := range entries {
			if e.Body.Kind == evidence.ConsentDecided {
				bodies = append(bodies, e.Body)
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(bodies)
	if len(bodies) != 6 {
		t.Fatalf("%d entries", len(bodies))
	}
	b, shown := bodies[0], p.shown("direct-marketing")
	want := map[string]bool{
		"direct-marketing": true, "direct-marketing/email": true, "direct-marketing/post": true, "direct-marketing/telephone": false, "direct-marketing/text": false,
	}
	if !maps.Equal(b.Choices, want) || string(b.Hash) != string(shown[:]) || b.Actor != "customer" || b.Purpose != "direct-marketing" || b.Ref == 0 {
		t.Errorf("%+v", b)
	}
	if bodies[2].Choices["direct-marketing"] || bodies[3].Choices["similar-offers"] || !bodies[4].Choices["similar-offers"] {
		t.Error("the evidence of a no says otherwise")
	}
}

// Each refusal is typed and leaves nothing behind. A no is never refused for
// its words.
func TestRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		p := newPerson(t, st, "invoco")
		for name, c := range map[string]struct {
			purpose  string
			yes      bool
			channels []string
			want     error
		}{
			"contract": {"account", false, nil, people.ErrFixed}, "law": {"tax-records", false, nil, people.ErrFixed},
			"looked at by a person": {"security", false, nil, people.ErrFixed}, "not declared": {"selling", true, nil, people.ErrNotFound},
			"asked in the app": {"video", true, nil, people.ErrFixed}, "nothing typed": {"", true, nil, people.ErrNotFound}, "of nobody who signs in": {"confirmation\x00", false, nil, people.ErrNotFound},
			"no channel": {"direct-marketing", true, nil, people.ErrChannel}, "a channel that is none": {"direct-marketing", true, []string{"email", "pigeon"}, people.ErrChannel},
			"another purpose's channel": {"news", true, []string{"post"}, people.ErrChannel},
		} {
			if err := p.try(c.purpose, c.yes, c.channels...); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		d := people.Decision{Subject: p.s, Actor: "customer", Surface: "portal", Purpose: "feedback", Yes: true, Shown: [32]byte{1}}
		if err := p.desk.Decide(ctx, d); !errors.Is(err, people.ErrWords) {
			t.Errorf("other words: %v", err)
		}
		if d.Actor = "support"; p.desk.Decide(ctx, d) == nil {
			t.Error("staff decided")
		}
		if len(p.history()) != 0 || len(p.About(p.s)) != 0 {
			t.Error("a refusal left something behind")
		}
		if err := p.desk.Decide(ctx, people.Decision{Subject: p.s, Actor: "customer", Surface: "softphone", Purpose: "video", Yes: true, Shown: p.shown("video"), Way: people.InTheApp}); err != nil {
			t.Errorf("in the app: %v", err)
		}
		d.Actor, d.Yes = "customer", false
		if err := p.desk.Decide(ctx, d); err != nil {
			t.Errorf("a no under other words: %v", err)
		}
		if s := fmt.Sprintf("%v %+v %#v", d, d, d); strings.Contains(s, "customer") {
			t.Error("a decision prints itself")
		}
	})
}

// R12: what hung on the consent alone goes with it, whoever else holds what.
func TestWithdrawalErases(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		p := newPerson(t, st, "invoco")
		p.say("personalise-sites", true)
		p.say("personalise-services", true)
		put := func(purpose, value string) vault.RecordID {
			var id vault.RecordID
			if err := p.Update(func(ctx context.Context, tx *store.Tx) error {
				ids, err := p.Vault.Put(ctx, tx, vault.Access{Actor: "customer", Purpose: purpose, Surface: "portal"},
					vault.Item{Category: "person.demographics", Parts: []vault.Part{{Owner: p.s, Value: []byte(value)}}})
				if err == nil {
					id = ids[0]
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return id
		}
		put("personalise-sites", "lives in the country")
		put("personalise-services", "works at night")
		p.say("personalise-sites", false)
		var left []string
		if err := p.Store.View(ctx, func(tx *store.Tx) error {
			return p.Vault.Walk(ctx, tx, p.s, func(r vault.Record) error {
				left = append(left, string(r.Value()))
				return nil
			})
		}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(left, []string{"works at night"}) {
			t.Errorf("left: %q", left)
		}
	})
}

// A yes in the account is a later word than an objection that the operator's
// people noted.
func TestAYesTakesBackAnObjection(t *testing.T) {
	p := newPerson(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
	if err := p.Update(func(ctx context.Context, tx *store.Tx) error {
		return p.Vault.Object(ctx, tx, vault.Access{Actor: "dpo", Purpose: "rights"}, p.s, "direct-marketing", true)
	}); err != nil {
		t.Fatal(err)
	}
	if got := p.choices()["direct-marketing"].State; got != people.StateObjected {
		t.Error(got)
	}
	p.say("direct-marketing", true, "text")
	if got := p.choices()["direct-marketing"].State; got != people.StateGiven {
		t.Error(got)
	}
}

// R16, L46: a person's no tightens every browser in which they are signed in,
// never widens one, and leaves what the browser itself decided.
func TestANoTightensBrowsers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		p := newPerson(t, st, "invoco")
		desk := consent.New(st, p.Log, []byte("secret"), func(int) *policy.Policy { return p.Policy.Policy() }, p.Now)
		read := func(choices map[string]bool, gpc bool) consent.State {
			fresh := desk.Read(p.Policy.Policy(), "website", nil, gpc)
			if choices == nil {
				return fresh
			}
			d, err := desk.Decide(ctx, consent.Request{Surface: "website", Choices: choices, State: fresh})
			if err != nil {
				t.Fatal(err)
			}
			_, value, _ := desk.Cookie(p.Policy.Policy(), "website", d)
			return desk.Read(p.Policy.Policy(), "website", []string{value}, gpc)
		}
		accepted, nothing, signal := read(map[string]bool{"analytics": true, "trusted-traffic": true, "statistics": true}, false), read(nil, false), read(nil, true)
		check := func(when string, wantAnalytics, wantStatistics bool) {
			t.Helper()
			no := p.refused()
			for name, s := range map[string]consent.State{"accepted": accepted, "nothing decided": nothing, "signal": signal} {
				tight := s.Tighten(no)
				for _, g := range p.Policy.Policy().CookieGroups {
					if tight.Allows(g.ID) && !s.Allows(g.ID) {
						t.Errorf("%s, %s: wider for %s", when, name, g.ID)
					}
				}
			}
			tight := accepted.Tighten(no)
			if tight.Allows("analytics") != wantAnalytics || tight.Counted() != wantStatistics || !tight.Allows("trusted-traffic") || !tight.Allows("necessary") {
				t.Errorf("%s: analytics %v, statistics %v", when, tight.Allows("analytics"), tight.Counted())
			}
			if yes, decided := tight.Choice("analytics"); !yes || !decided || tight.Record() != accepted.Record() {
				t.Errorf("%s: the browser's own choice changed", when)
			}
		}
		check("before", true, true)
		p.say("analysis", false)
		check("after a no to analysis", false, true)
		if !nothing.Ask() || nothing.Tighten(p.refused()).Ask() {
			t.Error("what was answered in the account is asked again") // trusted traffic has only cookies of the past
		}
		p.say("statistics", false)
		check("after an objection to statistics", false, false)
		p.say("analysis", true) // the browser decides again; nothing is given
		check("after taking the no back", true, false)
		if c := p.choices()["analysis"]; c.State != people.StateNotAsked || c.Kind != people.ByConsent {
			t.Errorf("taking back a no became %s", c.State)
		}
		if (consent.State{}).Tighten(map[string]bool{"analysis": true}).Allows("analytics") {
			t.Error("the empty state allows something")
		}
	})
}

func (p *person) refused() (no map[string]bool) {
	p.TB.Helper()
	if err := p.Store.View(ctx, func(tx *store.Tx) (err error) {
		no, err = p.desk.Refused(ctx, tx, p.s)
		return err
	}); err != nil {
		p.TB.Fatal(err)
	}
	return no
}

// The history is of the person, under all their aliases.
func TestHistoryFollowsAliases(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		p := newPerson(t, st, "invoco")
		known := p.s
		p.s = p.other()
		p.say("feedback", true)
		newcomer := p.s
		p.s = known
		p.say("similar-offers", false)
		if err := p.Update(func(ctx context.Context, tx *store.Tx) error { return p.Vault.Alias(ctx, tx, newcomer, known) }); err != nil {
			t.Fatal(err)
		}
		all := p.choices()
		if len(p.history()) != 2 || all["feedback"].State != people.StateGiven || all["similar-offers"].State != people.StateObjected {
			t.Errorf("%d, %s, %s", len(p.history()), all["feedback"].State, all["similar-offers"].State)
		}
	})
}

// R12: replaced decisions go after the declared period, all after the limit,
// those of the erased at once, and words that nobody was shown with them.
func TestSweepOfChoices(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		p := newPerson(t, st, "invoco")
		day := 24 * time.Hour
		p.say("feedback", true)
		p.Later(30 * day)
		p.say("feedback", false) // replaces
		p.say("similar-offers", false)
		erased := p.other()
		me := p.s
		p.s = erased
		p.say("direct-marketing", true, "post")
		p.s = me
		if _, err := p.Vault.Erase(ctx, erased); err != nil {
			t.Fatal(err)
		}
		sweep := func(want int64) {
			t.Helper()
			if n, err := p.desk.Sweep(ctx); err != nil || n != want {
				t.Errorf("%d went (%v), want %d", n, err, want)
			}
		}
		sweep(1)
		p.Later(729 * day)
		sweep(0)
		p.Later(3 * day)
		sweep(1)
		p.Later(5 * 365 * day)
		sweep(2)
		if got := p.choices()["similar-offers"].State; got != people.StateObjected {
			t.Errorf("the objection was forgotten: %s", got)
		}
		var n int
		if err := st.DB().QueryRow("SELECT COUNT(*) FROM wordings").Scan(&n); err != nil || n != 0 {
			t.Errorf("%d wordings, %v", n, err)
		}
	})
}

// R1: a person's history has the version of the notice under which they first
// came and those they said they had seen, each once and with its evidence, and
// follows them under their aliases.
func TestNoticesSeen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		p := newPerson(t, st, "invoco")
		see := func(code string) {
			t.Helper()
			if err := p.Update(func(ctx context.Context, tx *store.Tx) error {
				return p.desk.See(ctx, tx, p.s, "customer", "portal", code)
			}); err != nil {
				t.Fatal(err)
			}
		}
		known := func() (version int, list []people.Notice) {
			t.Helper()
			if err := p.Store.View(ctx, func(tx *store.Tx) (err error) {
				if version, err = p.desk.Known(ctx, tx, p.s); err == nil {
					list, err = p.desk.Notices(ctx, tx, p.s)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return version, list
		}
		if version, _ := known(); version != 0 {
			t.Errorf("knows version %d before the first use", version)
		}
		see(people.FirstUse)
		see(people.FirstUse)
		see(people.SeenIt) // of a version that is known already
		next := *p.Policy.Policy()
		next.Version = 2
		p.Policy = policy.Compile(&next)
		p.Later(time.Hour)
		see(people.SeenIt)
		known2 := p.s
		p.s = p.other()
		if err := p.Update(func(ctx context.Context, tx *store.Tx) error { return p.Vault.Alias(ctx, tx, p.s, known2) }); err != nil {
			t.Fatal(err)
		}
		version, list := known()
		if version != 2 || len(list) != 2 || list[0].Policy != 2 || list[0].Code != people.SeenIt || list[1].Code != people.FirstUse || list[1].Surface != "portal" {
			t.Errorf("knows %d: %+v", version, list)
		}
		if about := p.About(known2); !slices.Equal(about[:2], []string{"notice.accepted first-use", "notice.accepted seen"}) {
			t.Errorf("evidence: %v", about)
		}
	})
}
