package rights_test

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"candour/internal/keys"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// member is somebody with an account, of an actor: a new person of whom an
// address is held.
func (o *office) member(actor, email string) (keys.SubjectID, vault.Access) {
	o.t.Helper()
	ctx := context.Background()
	own := vault.Access{Actor: actor, Purpose: o.form("contact").Purpose, Surface: "website", Own: true}
	var s keys.SubjectID
	o.must(o.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if s, err = o.Vault.NewSubject(ctx, tx); err != nil {
			return err
		}
		_, err = o.Vault.Put(ctx, tx, own, vault.Item{Category: o.email(), Parts: []vault.Part{{Owner: s, Value: []byte(email)}}})
		return err
	}))
	o.accounts = append(o.accounts, s)
	return s, own
}

// other is an actor of the policy that may not act on rights.
func (o *office) other() string {
	roles, err := rights.RolesOf(o.InForce())
	o.must(err)
	for _, a := range o.InForce().Policy().Actors {
		if !slices.Contains(a.Purposes, roles.Purpose) && a.Kind != "software" {
			return a.ID
		}
	}
	o.t.Fatal("every actor may act on rights")
	return ""
}

// R5, L6, L9: a right is everybody's. Whoever is signed in acts on their own
// data whatever their role may do for others, and nobody acts so on another's.
func TestRightsNeedNoRole(t *testing.T) {
	each(t, func(o *office) {
		ctx := context.Background()
		s, own := o.member(o.other(), "ann@example.org")
		p, err := o.desk.Self(ctx, s, own, "ann@example.org")
		o.must(err)
		_, file := o.copyOf(p)
		if !strings.Contains(file, "ann@example.org") {
			o.t.Error("the copy lacks what is held")
		}
		_, err = o.desk.Restrict(ctx, p)
		o.must(err)
		if v, err := o.desk.Look(ctx, p); err != nil || v.Records == 0 || !v.Processing.Decisions.Restricted {
			o.t.Errorf("a person does not see what they restricted: %+v, %v", v, err)
		}
		_, err = o.desk.Lift(ctx, p)
		o.must(err)
		foreign := p
		foreign.Access.Own = false
		var none bytes.Buffer
		if _, err := o.desk.Access(ctx, foreign, &none); !errors.Is(err, rights.ErrActor) || none.Len() > 0 {
			o.t.Errorf("a role without the purpose has the copy: %v", err)
		}
		if _, err := o.desk.Look(ctx, foreign); !errors.Is(err, rights.ErrActor) {
			o.t.Errorf("a role without the purpose looks: %v", err)
		}
		if _, err := o.desk.Erase(ctx, p); err != nil {
			o.t.Error(err)
		}
	})
}

// To look at one's own data writes nothing: it is no request.
func TestLookWritesNothing(t *testing.T) {
	each(t, func(o *office) {
		ctx := context.Background()
		s, own := o.member("customer", "ann@example.org")
		p, err := o.desk.Self(ctx, s, own, "ann@example.org")
		o.must(err)
		before, told := o.rows(), len(o.About(s))
		v, err := o.desk.Look(ctx, p)
		if err != nil || v.Records != 1 || v.Request.ID != 0 || o.rows() != before || len(o.About(s)) != told {
			o.t.Errorf("%+v, %v", v, err)
		}
	})
}

// L6, L8, R24: what is held with the address that a person proved is theirs,
// from before the account and of earlier requests; what another's account holds
// is not, whatever stands in it. The list of requests has all of it.
func TestSelfIsWhoeverHasTheAddress(t *testing.T) {
	each(t, func(o *office) {
		ctx := context.Background()
		o.enquire("ann@example.org", "Before the account")
		_, err := o.desk.Complain(ctx, rights.Complaining{Policy: 1, Form: url.Values{"email": {"ann@example.org"}, "message": {"A planted wrong"}}})
		o.must(err)
		other, _ := o.member("customer", "ann@example.org") // somebody who typed it into their own account
		s, own := o.member("customer", "ann@example.org")
		p, err := o.desk.Self(ctx, s, own, "ann@example.org")
		o.must(err)
		if p.Subjects[0] != s || slices.Contains(p.Subjects, other) {
			o.t.Errorf("%d is taken for %v", s, p.Subjects)
		}
		if _, file := o.copyOf(p); !strings.Contains(file, "Before the account") || !strings.Contains(file, "A planted wrong") {
			o.t.Error("the copy lacks what was written with the same address")
		}
		list, err := o.desk.Requests(ctx, p)
		o.must(err)
		if len(list) != 2 || list[0].Right != rights.Access || list[0].Way != rights.ByPortal || list[1].Right != rights.Complaint || !list[1].Answered.IsZero() {
			o.t.Errorf("%+v", list)
		}
		unproven, err := o.desk.Self(ctx, s, own, "")
		if err != nil || len(unproven.Subjects) != 1 {
			o.t.Errorf("without an address: %v, %v", unproven.Subjects, err)
		}
		erased, err := o.desk.Erase(ctx, p)
		o.must(err)
		if erased.Receipt == "" || erased.Way != rights.ByPortal {
			o.t.Errorf("%+v", erased.Request)
		}
		if err := o.canRead(other); err != nil {
			o.t.Errorf("somebody else was erased too: %v", err)
		}
		if _, err := o.desk.Self(ctx, s, own, "ann@example.org"); !errors.Is(err, rights.ErrNothing) {
			o.t.Errorf("erased and still there: %v", err)
		}
	})
}

// R24, R28: the copy has the person's history, and what a law keeps secret is
// not in it until it is told.
func TestCopyHasTheHistory(t *testing.T) {
	each(t, func(o *office) {
		ctx := context.Background()
		o.enquire("ann@example.org", "Hello")
		p := o.enter(o.link("ann@example.org"))
		_, err := o.desk.Restrict(ctx, p)
		o.must(err)
		_, err = o.desk.Lift(ctx, p)
		o.must(err)
		told := func() (entries map[string]string) {
			entries = map[string]string{}
			file, _ := o.copyOf(p)
			for _, x := range file["history"].([]any) {
				h := x.(map[string]any)
				entries[h["what"].(string)] = h["entry"].(string)
			}
			if n := file["complete"].(map[string]any)["history"].(float64); int(n) != len(file["history"].([]any)) {
				o.t.Errorf("%v lines are counted", n)
			}
			return entries
		}
		before := told()
		secret, id := "", int64(0)
		o.must(o.Store.View(ctx, func(tx *store.Tx) error {
			return tx.QueryRow(ctx, "SELECT MAX(entry) FROM evidence_about WHERE subject = $1", int64(p.Subjects[0])).Scan(&id)
		}))
		for what, entry := range before {
			if entry == strconv.FormatInt(id, 10) {
				secret = what
			}
		}
		if len(before) < 4 {
			o.t.Fatalf("the history has %v", before)
		}
		o.must(o.Store.Update(ctx, func(tx *store.Tx) error { return o.history.Withhold(ctx, tx, id, o.Now().AddDate(1, 0, 0)) }))
		if v, err := o.desk.Look(ctx, p); err != nil || len(v.Happened) == 0 || slices.ContainsFunc(v.Happened, func(h rights.Happening) bool { return h.Entry == strconv.FormatInt(id, 10) }) {
			o.t.Errorf("the page tells what is withheld (%s): %v", secret, err)
		}
		for what, entry := range told() {
			if entry == strconv.FormatInt(id, 10) {
				o.t.Errorf("the copy tells what is withheld: %s", what)
			}
		}
	})
}

// A copy says that a secret of a sign-in is held and since when, and hands it
// to nobody: not in a file, nor on a page that is left open.
func TestCopyWithholdsWhatSignsIn(t *testing.T) {
	each(t, func(o *office) {
		ctx := context.Background()
		p := o.InForce().Policy()
		i := slices.IndexFunc(p.Categories, func(k policy.Category) bool { return k.Format == "token" && k.Source == "given" })
		if i < 0 {
			return // this operator has none
		}
		k := p.Categories[i]
		s, own := o.member("customer", "ann@example.org")
		for _, q := range p.Purposes {
			if slices.ContainsFunc(q.Uses, func(u policy.Use) bool { return slices.Contains(u.Categories, k.ID) }) {
				own.Purpose = q.ID
			}
		}
		own.Surface = k.Surfaces[0]
		o.must(o.Store.Update(ctx, func(tx *store.Tx) error {
			_, err := o.Vault.Put(ctx, tx, own, vault.Item{Category: k.ID, Parts: []vault.Part{{Owner: s, Value: []byte("$planted$hash")}}})
			return err
		}))
		who, err := o.desk.Self(ctx, s, own, "ann@example.org")
		o.must(err)
		file, text := o.copyOf(who)
		told := false
		for _, x := range file["records"].([]any) {
			r := x.(map[string]any)
			told = told || r["category"] == k.ID && r["encoding"] == "withheld" && r["value"] == ""
		}
		if !told || strings.Contains(text, "planted") {
			o.t.Errorf("the copy: told %v: %s", told, text)
		}
		v, err := o.desk.Look(ctx, who)
		o.must(err)
		for _, g := range v.Groups {
			for _, it := range g.Items {
				if strings.Contains(it.Value, "planted") || g.Category.ID == k.ID && it.Editable {
					o.t.Error("the page shows it, or lets it be changed")
				}
			}
		}
		for _, format := range []rights.Format{rights.JSON, rights.CSV} {
			var b bytes.Buffer
			_, err := o.desk.Portability(ctx, who, format, &b)
			o.must(err)
			if strings.Contains(b.String(), "planted") {
				o.t.Errorf("%s to take along has it", format)
			}
		}
	})
}
