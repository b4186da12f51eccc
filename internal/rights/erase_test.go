package rights_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/vault"
	"candour/policy"
)

// L8: after an erasure only what a law keeps opens, and what shows that the
// erasure was made. Everything that is left was named before and after.
func TestEraseLeavesWhatLawKeeps(t *testing.T) {
	each(t, func(o *office) {
		ctx := context.Background()
		const address = "ann.planted@example.org"
		ann, again := o.person(), o.person()
		planted := o.plant(address, ann, again)
		p := o.enter(o.link(address))
		named, err := o.desk.Keeping(ctx, p)
		o.must(err)
		made, err := o.desk.Erase(ctx, p)
		o.must(err)
		if made.Outcome != rights.PartKept || made.Right != "erasure" || len(made.Kept) == 0 {
			o.t.Errorf("%+v", made.Request)
		}
		o.keep()
		var kept []string
		for _, v := range planted {
			for _, q := range o.InForce().Policy().Purposes {
				if law(&q) && strings.HasPrefix(v, "planted-"+q.ID+"-") {
					kept = append(kept, v)
				}
			}
		}
		kept = append(kept, address) // of the request, and of what law keeps
		slices.Sort(kept)
		if kept = slices.Compact(kept); !slices.Equal(o.everything(), kept) {
			o.t.Errorf("%d values open after the erasure, want %d\n%v\n%v", len(o.everything()), len(kept), o.everything(), kept)
		}
		for _, k := range made.Kept {
			at := slices.IndexFunc(named, func(n rights.Kept) bool { return n.Class == k.Class })
			if at < 0 || len(k.Law) == 0 || k.Title == "" || k.Reason == "" || len(named[at].Categories) == 0 || named[at].Count == 0 {
				o.t.Errorf("%s was kept and not named before", k.Class)
			}
		}
		if len(named) != len(made.Kept) {
			o.t.Errorf("%d classes named, %d kept", len(named), len(made.Kept))
		}
	})
}

// law reports whether a purpose rests on legal obligations.
func law(q *policy.Purpose) bool {
	return slices.ContainsFunc(q.Uses, func(u policy.Use) bool { return u.Basis == policy.LegalObligation })
}

// The story of an erasure by link: the confirmation reaches its reader after
// everything else is gone, its receipt grows until it is signed, the link is
// dead, tickets and sign-ups have no tie left, and who asks again is told the
// truth (L8, R5).
func TestStoryOfAnErasure(t *testing.T) {
	each(t, func(o *office) {
		ctx := context.Background()
		o.subscribe("ann@example.org")
		o.enquire("ann@example.org", "A planted question")
		o.post()
		token := o.link("ann@example.org")
		p := o.enter(token)
		if named, err := o.desk.Keeping(ctx, p); err != nil || len(named) != 0 {
			o.t.Errorf("%v, %v", named, err)
		}
		made, err := o.desk.Erase(ctx, p)
		if err != nil || made.Outcome != rights.Erased || made.Ref == 0 {
			o.t.Fatalf("%+v, %v", made.Request, err)
		}
		if _, err := o.desk.Enter(ctx, token); !errors.Is(err, rights.ErrLapsed) {
			o.t.Errorf("the link works after the erasure: %v", err)
		}
		if _, err := o.desk.Erase(ctx, p); !errors.Is(err, rights.ErrNothing) {
			o.t.Errorf("erased twice: %v", err)
		}
		letters := o.post()
		receipt := o.codeIn(letters, mail.RightsErased)
		if len(letters) != 1 || letters[0].To != "ann@example.org" || receipt != made.Receipt || !strings.Contains(letters[0].Raw, made.Reference) {
			o.t.Errorf("%d letters", len(letters))
		}
		if v, err := o.desk.Receipt(ctx, receipt); err != nil || v.Receipt.Complete || len(v.Receipt.Stages) == 0 {
			o.t.Errorf("%+v, %v", v.Receipt, err)
		}
		o.keep()
		v, err := o.desk.Receipt(ctx, receipt)
		if err != nil || !v.Receipt.Complete || v.Reference != made.Reference {
			o.t.Fatalf("%+v, %v", v.Receipt.Stages, err)
		}
		if _, err := vault.VerifyReceipt(v.Receipt.Signed, o.Log.VerifierKey()); err != nil {
			o.t.Error(err)
		}
		if got := o.everything(); !slices.Equal(got, []string{"ann@example.org"}) {
			o.t.Errorf("%d values are left", len(got))
		}
		if left := o.rows(); !strings.Contains(left, "rights_asks 0") {
			o.t.Errorf("left: %s", left)
		}
		o.must(o.Store.View(ctx, func(tx *store.Tx) error {
			var tied, signups int
			if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM support_tickets WHERE subject <> 0 OR state = 'open'").Scan(&tied); err != nil {
				return err
			}
			if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM newsletter").Scan(&signups); err != nil {
				return err
			}
			if tied+signups > 0 {
				o.t.Errorf("%d tickets are tied to the person, %d sign-ups are left", tied, signups)
			}
			return nil
		}))
		if about := o.About(made.Subject); !slices.Contains(about, "right.requested erasure") || !slices.Contains(about, "right.answered erased") || !slices.Contains(about, "mail.sent rights.erased") {
			o.t.Errorf("the operator cannot show that it acted: %v", about)
		}

		// Asked again: the note of the erasure and its address are what is held.
		o.Later(2 * time.Hour)
		after := o.enter(o.link("ann@example.org"))
		pack, text := o.copyOf(after)
		if got := values(o.t, pack); !slices.Equal(got, []string{"ann@example.org"}) || !strings.Contains(text, made.Reference) {
			o.t.Errorf("%v", got)
		}
		if _, err := o.desk.Erase(ctx, after); !errors.Is(err, rights.ErrNothing) {
			o.t.Errorf("what the law on rights keeps was erased: %v", err)
		}

		// And when its time is over, nothing (R12).
		o.Later(3 * 366 * 24 * time.Hour)
		o.keep()
		o.must(o.desk.Sweep(ctx))
		if got := o.everything(); len(got) != 0 {
			o.t.Errorf("%d values are left after their time", len(got))
		}
		if _, err := o.desk.Receipt(ctx, receipt); !errors.Is(err, rights.ErrLapsed) {
			o.t.Errorf("%v", err)
		}
		if left := o.rows(); !strings.Contains(left, "subjects 0") || !strings.Contains(left, "rights_requests 0") {
			// The request of access after the erasure is of a subject that goes with it.
			o.t.Errorf("left: %s", left)
		}
	})
}

// An erasure for somebody who has no link: the confirmation goes to the newest
// address that is held, and without one there is none.
func TestEraseWithoutALink(t *testing.T) {
	o := open(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
	ctx := context.Background()
	s := o.person()
	o.plant("old@example.org", s)
	o.Later(time.Hour)
	o.must(o.Update(func(ctx context.Context, tx *store.Tx) error {
		_, err := o.Vault.Put(ctx, tx, vault.Access{Actor: "system", Purpose: "account", Surface: "portal"}, vault.Item{Category: "contact.email", Parts: []vault.Part{{Owner: s, Value: []byte("new@example.org")}}})
		return err
	}))
	p := rights.Person{Subjects: []keys.SubjectID{s}, Access: vault.Access{Actor: "customer", Purpose: "rights", Surface: "portal"}, Way: rights.ByPortal}
	made, err := o.desk.Erase(ctx, p)
	if err != nil || made.Way != rights.ByPortal {
		t.Fatal(err)
	}
	if letters := o.post(); len(letters) != 1 || letters[0].To != "new@example.org" {
		t.Errorf("%d letters", len(letters))
	}
	nameless := o.person()
	o.must(o.Update(func(ctx context.Context, tx *store.Tx) error {
		_, err := o.Vault.Put(ctx, tx, vault.Access{Actor: "system", Purpose: "account", Surface: "portal"}, vault.Item{Category: "person.name", Parts: []vault.Part{{Owner: nameless, Value: []byte("Bob")}}})
		return err
	}))
	p.Subjects[0] = nameless
	made, err = o.desk.Erase(ctx, p)
	o.must(err)
	if letters := o.post(); len(letters) != 0 {
		t.Errorf("%d letters", len(letters))
	}
	if v, err := o.desk.Receipt(ctx, made.Receipt); err != nil || v.Outcome != rights.Erased {
		t.Errorf("%v", err)
	}
}
