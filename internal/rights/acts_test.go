package rights_test

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/marketing"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/support"
	"candour/internal/support/intake"
	"candour/internal/vault"
	"candour/policy"
)

// email is the operator's category of e-mail addresses.
func (o *office) email() string {
	roles, err := rights.RolesOf(o.InForce())
	o.must(err)
	return roles.Email
}

// access is that of an actor for the contact form's purpose.
func (o *office) access(actor string) vault.Access {
	return vault.Access{Actor: actor, Purpose: o.form("contact").Purpose, Surface: "console"}
}

// canRead reports what becomes of a reading of a person's address for the
// purpose of answering them.
func (o *office) canRead(s keys.SubjectID) error {
	o.t.Helper()
	return o.Store.View(context.Background(), func(tx *store.Tx) error {
		list, err := o.Vault.ReadSubject(context.Background(), tx, o.access("support"), s, o.email())
		if err == nil && len(list) == 0 {
			return vault.ErrNotFound
		}
		return err
	})
}

// L9: restricted, the data is stored and nothing else, and the link still
// works; lifted by the person, all is as it was.
func TestRestrictAndLift(t *testing.T) {
	each(t, func(o *office) {
		ctx := context.Background()
		o.enquire("ann@example.org", "Hello")
		p := o.enter(o.link("ann@example.org"))
		r, err := o.desk.Restrict(ctx, p)
		if err != nil || r.Outcome != rights.Stopped || r.Right != "restriction" || r.Way != rights.ByLink || r.Answered.IsZero() {
			o.t.Errorf("%+v, %v", r, err)
		}
		if err := o.canRead(p.Subjects[0]); !errors.Is(err, vault.ErrRestricted) {
			o.t.Errorf("restricted data is read: %v", err)
		}
		o.Later(2 * time.Hour)
		again := o.enter(o.link("ann@example.org")) // what is restricted is the person's all the same
		if c, err := o.desk.Choices(ctx, again); err != nil || !c.Restricted || c.Records == 0 {
			o.t.Errorf("%+v, %v", c, err)
		}
		_, err = o.desk.Lift(ctx, again)
		o.must(err)
		o.must(o.canRead(p.Subjects[0]))
		about := o.About(p.Subjects[0])
		for _, want := range []string{"right.requested restriction", "subject.restricted", "right.answered restricted", "subject.lifted", "right.answered lifted"} {
			if !slices.Contains(about, want) {
				o.t.Errorf("%s is not evidenced: %v", want, about)
			}
		}
	})
}

// Who writes to us between asking and restricting is taken for whoever asked:
// the link must outlive the restriction all the same.
func TestRestrictionLeavesTheLink(t *testing.T) {
	o := open(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
	o.enquire("ann@example.org", "Hello")
	token := o.link("ann@example.org")
	for range 3 {
		o.enquire("ann@example.org", "Again")
	}
	_, err := o.desk.Restrict(context.Background(), o.enter(token))
	o.must(err)
	_, err = o.desk.Lift(context.Background(), o.enter(token))
	o.must(err)
}

// L11: an objection holds at once, can be taken back, and only where a purpose
// can be objected to.
func TestObject(t *testing.T) {
	each(t, func(o *office) {
		ctx := context.Background()
		o.enquire("ann@example.org", "Hello")
		p := o.enter(o.link("ann@example.org"))
		answering := o.form("contact").Purpose
		c, err := o.desk.Choices(ctx, p)
		if err != nil || len(c.Object) == 0 || !slices.ContainsFunc(c.Object, func(x rights.Choice) bool { return x.Purpose == answering && !x.Made }) {
			o.t.Errorf("%+v, %v", c, err)
		}
		_, err = o.desk.Object(ctx, p, answering, true)
		o.must(err)
		if err := o.canRead(p.Subjects[0]); !errors.Is(err, vault.ErrObjected) {
			o.t.Errorf("data is used against an objection: %v", err)
		}
		if c, err := o.desk.Choices(ctx, p); err != nil || !slices.ContainsFunc(c.Object, func(x rights.Choice) bool { return x.Purpose == answering && x.Made }) {
			o.t.Errorf("%+v, %v", c, err)
		}
		_, err = o.desk.Object(ctx, p, answering, false)
		o.must(err)
		o.must(o.canRead(p.Subjects[0]))
		if got := o.chosen(p.Subjects[0]); !slices.Equal(got, []string{"resumed " + answering, "objected " + answering}) {
			o.t.Errorf("the history of choices: %v", got)
		}
		before := o.rows()
		for _, q := range o.InForce().Policy().Purposes {
			if q.Objectable() {
				continue
			}
			if _, err := o.desk.Object(ctx, p, q.ID, true); !errors.Is(err, rights.ErrNotObjectable) {
				o.t.Errorf("%s: %v", q.ID, err)
			}
		}
		if _, err := o.desk.Object(ctx, p, "no-such-purpose", true); !errors.Is(err, rights.ErrNotObjectable) || o.rows() != before {
			o.t.Errorf("%v", err)
		}
	})
}

// chosen returns what the history of choices says of a person, newest first.
func (o *office) chosen(s keys.SubjectID) (list []string) {
	o.t.Helper()
	o.must(o.Store.View(context.Background(), func(tx *store.Tx) error {
		past, err := o.choices.History(context.Background(), tx, s)
		for _, c := range past {
			list = append(list, string(c.Code)+" "+c.Purpose)
		}
		return err
	}))
	return list
}

// R16, L11, L16: whatever the purpose, and in whatever role it is said, an
// objection and a withdrawal are kept in the history of choices as a choice on
// the page of choices is, with one entry of evidence each, once.
func TestEveryDecisionIsInTheHistory(t *testing.T) {
	each(t, func(o *office) {
		ctx := context.Background()
		for _, by := range []struct {
			actor, surface string
			way            rights.Way
		}{{"contact", "website", rights.ByLink}, {"customer", "portal", rights.ByPortal}, {"support", "console", rights.ByPortal}} {
			p := rights.Person{
				Subjects: []keys.SubjectID{o.person()}, Way: by.way,
				Access: vault.Access{Actor: by.actor, Surface: by.surface, Purpose: o.form("your-data").Purpose, Own: true},
			}
			s := p.Subjects[0]
			for _, q := range o.InForce().Policy().Purposes {
				o.decideOn(ctx, by.actor, p, s, &q)
			}
		}
	})
}

// about returns the evidence about a person, newest first.
func (o *office) about(s keys.SubjectID) (list []evidence.Body) {
	o.t.Helper()
	o.must(o.Store.View(context.Background(), func(tx *store.Tx) error {
		entries, err := o.Log.About(context.Background(), tx, s, 0, 1000)
		for _, e := range entries {
			list = append(list, e.Body)
		}
		return err
	}))
	return list
}

func (o *office) decideOn(ctx context.Context, actor string, p rights.Person, s keys.SubjectID, q *policy.Purpose) {
	o.t.Helper()
	said := func(name string, want ...string) {
		o.t.Helper()
		var got []string
		for _, x := range o.chosen(s) {
			if code, purpose, _ := strings.Cut(x, " "); purpose == q.ID {
				got = append([]string{code}, got...)
			}
		}
		proofs := 0
		for _, e := range o.about(s) {
			if e.Kind == evidence.ConsentDecided && e.Purpose == q.ID {
				proofs++
			}
		}
		if !slices.Equal(got, want) || proofs != len(want) {
			o.t.Errorf("%s on %s, %s: %v with %d entries, want %v", actor, q.ID, name, got, proofs, want)
		}
	}
	var want []string
	if q.Agreed() {
		o.must(o.Update(func(ctx context.Context, tx *store.Tx) error { return o.Vault.SetConsent(ctx, tx, s, q.ID, true) }))
		_, err := o.desk.Withdraw(ctx, p, q.ID)
		o.must(err)
		want = append(want, "withdrawn")
		said("withdrawn", want...)
	}
	if !q.Objectable() {
		return
	}
	for _, stands := range []bool{true, true, false, false} {
		_, err := o.desk.Object(ctx, p, q.ID, stands)
		o.must(err)
	}
	said("objected and resumed", append(want, "objected", "resumed")...)
}

// subscribe has an address get the newsletter.
func (o *office) subscribe(email string) {
	o.t.Helper()
	o.must(o.newsletter.Subscribe(context.Background(), marketing.Signup{Policy: 1, Form: url.Values{"email": {email}}}))
	o.must(o.newsletter.Confirm(context.Background(), o.codeIn(o.post(), mail.NewsletterConfirm)))
	o.post()
}

// R16, R12: a consent that is taken back here ends at once, as by the link in
// a newsletter: what hung on it is erased, and the address is marked.
func TestWithdraw(t *testing.T) {
	each(t, func(o *office) {
		ctx := context.Background()
		o.subscribe("ann@example.org")
		news := o.form("newsletter").Purpose
		p := o.enter(o.link("ann@example.org"))
		c, err := o.desk.Choices(ctx, p)
		if err != nil || len(c.Withdraw) != 1 || c.Withdraw[0].Purpose != news {
			o.t.Fatalf("%+v, %v", c, err)
		}
		pack, text := o.copyOf(p)
		if len(values(o.t, pack)) == 0 || !strings.Contains(text, "You confirmed that you want the newsletter") {
			o.t.Error("the newsletter is not in the copy")
		}
		r, err := o.desk.Withdraw(ctx, p, news)
		if err != nil || r.Outcome != rights.Ended {
			o.t.Fatalf("%+v, %v", r, err)
		}
		o.must(o.Store.View(ctx, func(tx *store.Tx) error {
			list, err := o.newsletter.History(ctx, tx, p.Subjects[0])
			if err == nil && (len(list) == 0 || list[len(list)-1].Code != "withdrawn") {
				o.t.Errorf("%v", list)
			}
			address, perr := mail.ParseAddress("ann@example.org")
			o.must(perr)
			if stopped, serr := o.Queue.Suppressed(ctx, tx, news, o.Queue.Mark(news, address)); serr != nil || !stopped {
				o.t.Errorf("the address is not marked: %v", serr)
			}
			return err
		}))
		if about := o.About(p.Subjects[0]); !slices.ContainsFunc(about, func(x string) bool { return strings.HasPrefix(x, "consent.decided") }) || !slices.Contains(about, "right.answered withdrawn") {
			o.t.Errorf("%v", about)
		}
		if got := o.chosen(p.Subjects[0]); len(got) == 0 || got[0] != "withdrawn "+news {
			o.t.Errorf("the history of choices: %v", got)
		}
		for _, purpose := range []string{news, o.form("contact").Purpose, "no-such-purpose"} {
			if _, err := o.desk.Withdraw(ctx, p, purpose); !errors.Is(err, rights.ErrNoConsent) {
				o.t.Errorf("%s: %v", purpose, err)
			}
		}
	})
}

// L7: a record is put right in all its copies, by the rules of the form that
// collects it, if it is the person's and theirs to change.
func TestRectify(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		o := open(t, st, "invoco")
		ctx := context.Background()
		o.enquire("ann@example.org", "Hello")
		o.enquire("bob@example.org", "Hello")
		o.plant("cat@example.org", o.person())
		p := o.enter(o.link("ann@example.org"))
		find := func(p rights.Person) map[string]vault.RecordID {
			v, err := o.desk.View(ctx, p)
			o.must(err)
			found := map[string]vault.RecordID{}
			for _, g := range v.Groups {
				for _, it := range g.Items {
					n, err := strconv.ParseInt(it.ID, 10, 64)
					o.must(err)
					found[it.Category] = vault.RecordID(n)
				}
			}
			return found
		}
		ids := find(p)
		it, err := o.desk.Record(ctx, p, ids["person.name"])
		if err != nil || it.Value != "Ann Planted" {
			t.Fatal(err)
		}
		r, err := o.desk.Rectify(ctx, p, ids["person.name"], "  Ann\tExample ")
		if err != nil || r.Outcome != rights.Rectified || r.Ref != int64(ids["person.name"]) {
			t.Fatalf("%+v, %v", r, err)
		}
		if it, err := o.desk.Record(ctx, p, ids["person.name"]); err != nil || it.Value != "Ann Example" {
			t.Error(err)
		}
		for value, category := range map[string]string{"": "person.name", "\u202e": "person.name", "\x00": "person.name", strings.Repeat("a", 201): "person.name"} {
			var wrong intake.FieldErrors
			if _, err := o.desk.Rectify(ctx, p, ids[category], value); !errors.As(err, &wrong) || wrong[0].Field != rights.ValueField || wrong[0].Message == "" {
				t.Errorf("%s: %v", category, err)
			}
		}
		if _, err := o.desk.Rectify(ctx, p, ids["contact.message"], "First line\nsecond line"); err != nil {
			t.Errorf("a letter has lines: %v", err)
		}
		for _, id := range []vault.RecordID{find(o.enter(o.link("bob@example.org")))["person.name"], 0, -1, 77} {
			if _, err := o.desk.Rectify(ctx, p, id, "Eve"); !errors.Is(err, rights.ErrNotFound) {
				t.Errorf("a record of somebody else's: %v", err)
			}
			if _, err := o.desk.Record(ctx, p, id); !errors.Is(err, rights.ErrNotFound) {
				t.Errorf("a record of somebody else's: %v", err)
			}
		}
		cat := o.enter(o.link("cat@example.org"))
		for _, fixed := range []string{"contact.email", "contact.telephone", "payment.record", "network.ip-address", "credential.signin", "identity.proof", "contact.address"} {
			if _, err := o.desk.Rectify(ctx, cat, find(cat)[fixed], "0"); !errors.Is(err, rights.ErrFixed) {
				t.Errorf("%s: %v", fixed, err)
			}
		}
		cat.Access = vault.Access{Actor: "customer", Purpose: "rights", Surface: "portal"}
		var wrong intake.FieldErrors
		if _, err := o.desk.Rectify(ctx, cat, find(cat)["contact.postcode"], "not a postcode"); !errors.As(err, &wrong) {
			t.Errorf("a postcode: %v", err)
		}
		if _, err := o.desk.Rectify(ctx, cat, find(cat)["contact.postcode"], "ab12 3cd"); err != nil {
			t.Errorf("a postcode: %v", err)
		}
	})
}

// Nobody takes another's place by writing their address into a record of their
// own: not that of the link itself, nor any other.
func TestNobodyMovesAnAddress(t *testing.T) {
	each(t, func(o *office) {
		ctx := context.Background()
		o.enquire("eve@example.org", "Hello")
		o.enquire("ann@example.org", "A planted secret")
		token := o.link("eve@example.org")
		eve := o.enter(token)
		pack, _ := o.copyOf(eve)
		tried := 0
		for _, r := range pack["records"].([]any) {
			record := r.(map[string]any)
			if record["value"] != "eve@example.org" {
				continue
			}
			tried++
			id, err := strconv.ParseInt(record["id"].(string), 10, 64)
			o.must(err)
			if _, err := o.desk.Rectify(ctx, eve, vault.RecordID(id), "ann@example.org"); !errors.Is(err, rights.ErrFixed) && !errors.Is(err, rights.ErrNotFound) {
				o.t.Errorf("an address was moved: %v", err)
			}
		}
		if _, text := o.copyOf(o.enter(token)); tried < 2 || strings.Contains(text, "planted secret") {
			o.t.Errorf("%d addresses tried, or somebody else's data is in the copy", tried)
		}
	})
}

// L5, R6: a complaint gets a reference, an acknowledgement at once, a ticket of
// the rights desk and an open request; nobody's words stand outside the vault.
func TestComplain(t *testing.T) {
	each(t, func(o *office) {
		ctx := context.Background()
		send := func(form url.Values) (rights.Request, error) {
			return o.desk.Complain(ctx, rights.Complaining{Form: form, Policy: 1})
		}
		r, err := send(url.Values{"email": {"ann@example.org"}, "message": {"You did a planted thing.\nTwice."}})
		if err != nil || r.Right != "complaint" || !r.Answered.IsZero() || r.Reference == "" {
			o.t.Fatalf("%+v, %v", r, err)
		}
		list, err := o.help.List(ctx, support.QueueRights, 0, 10)
		if err != nil || len(list) != 1 || list[0].ID != r.Ref || list[0].Suggests != "complaint" {
			o.t.Errorf("%+v, %v", list, err)
		}
		letters := o.post()
		if len(letters) != 1 || letters[0].Kind != mail.ComplaintReceived || !strings.Contains(letters[0].Raw, r.Reference) || strings.Contains(letters[0].Raw, "planted") {
			o.t.Errorf("%d letters", len(letters))
		}
		if about := o.About(r.Subject); !slices.Contains(about, "complaint.made") || !slices.Contains(about, "right.requested complaint") {
			o.t.Errorf("%v", about)
		}
		// It survives the erasure of the person, and is in their copy.
		o.enquire("ann@example.org", "Hello")
		o.post()
		p := o.enter(o.link("ann@example.org"))
		if _, text := o.copyOf(p); !strings.Contains(text, "planted thing") || !strings.Contains(text, r.Reference) {
			o.t.Error("the complaint is not in the copy")
		}
		_, err = o.desk.Erase(ctx, p)
		o.must(err)
		o.keep()
		if list, err := o.help.List(ctx, support.QueueRights, 0, 10); err != nil || len(list) != 1 || list[0].Subject != r.Subject {
			o.t.Errorf("%+v, %v", list, err)
		}
		if !slices.Contains(o.everything(), "You did a planted thing.\nTwice.") {
			o.t.Error("the complaint went before it was answered")
		}
		for _, bad := range []url.Values{{}, {"email": {"ann@example.org"}}, {"message": {"x"}}, {"email": {"x"}, "message": {"x"}}} {
			var wrong intake.FieldErrors
			if _, err := send(bad); !errors.As(err, &wrong) {
				o.t.Errorf("%v", err)
			}
		}
	})
}

// Who may not act is refused, and so is acting for nobody.
func TestWhoMayAct(t *testing.T) {
	o := open(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
	ctx := context.Background()
	o.enquire("ann@example.org", "Hello")
	p := o.enter(o.link("ann@example.org"))
	for _, a := range []vault.Access{{Actor: "marketing", Purpose: "rights"}, {Actor: "nobody", Purpose: "rights"}, {Actor: "engineer", Purpose: "rights"}, {}} {
		stranger := p
		stranger.Access = a
		for name, act := range map[string]func() error{
			"access": func() error { _, err := o.desk.Access(ctx, stranger, brokenPipe{}); return err },
			"view":   func() error { _, err := o.desk.View(ctx, stranger); return err },
			"erase":  func() error { _, err := o.desk.Erase(ctx, stranger); return err },
			"keep":   func() error { _, err := o.desk.Keeping(ctx, stranger); return err },
			"stop":   func() error { _, err := o.desk.Restrict(ctx, stranger); return err },
			"record": func() error { _, err := o.desk.Record(ctx, stranger, 1); return err },
			"choose": func() error { _, err := o.desk.Choices(ctx, stranger); return err },
		} {
			if err := act(); !errors.Is(err, rights.ErrActor) {
				t.Errorf("%s by %s: %v", name, a.Actor, err)
			}
		}
	}
	nobody := rights.Person{Access: p.Access, Way: rights.ByLink}
	if _, err := o.desk.Restrict(ctx, nobody); !errors.Is(err, rights.ErrNothing) {
		t.Error(err)
	}
	nobody.Subjects = []keys.SubjectID{keys.NewSubjectID()}
	if _, err := o.desk.Restrict(ctx, nobody); !errors.Is(err, rights.ErrNothing) {
		t.Error(err)
	}
	if _, err := o.desk.Access(ctx, nobody, brokenPipe{}); !errors.Is(err, rights.ErrNothing) {
		t.Error(err)
	}
}
