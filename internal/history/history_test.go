package history_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"candour/internal/evidence"
	"candour/internal/evidence/opening"
	"candour/internal/history"
	"candour/internal/keys"
	"candour/internal/mail/mailtest"
	"candour/internal/notice"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/support"
	"candour/internal/vault"
	"candour/operators"
	"candour/policy"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var ctx = context.Background()

// bench is an operator with a desk for enquiries and one for histories.
type bench struct {
	*mailtest.Bench
	t       testing.TB
	history *history.Desk
	support *support.Desk
}

func newBench(t testing.TB, st *store.Store) *bench {
	t.Helper()
	b := &bench{Bench: mailtest.New(t, st, "invoco"), t: t}
	versions, err := notice.OpenVersions(ctx, st, b.Log)
	b.must(err)
	fsys, _ := operators.FS("invoco")
	profile, _ := policy.Load(fsys)
	_, err = versions.Publish(ctx, profile, b.Now(), b.Now())
	b.must(err)
	b.support = support.New(support.Config{Store: st, Log: b.Log, Vault: b.Vault, Queue: b.Queue, InForce: b.InForce, Now: b.Now})
	b.history = history.New(history.Config{
		Store: st, Log: b.Log, Vault: b.Vault, Versions: versions, Now: b.Now,
		Reference: func(_ context.Context, _ *store.Tx, kind evidence.Kind, ref int64) (string, error) {
			if kind == evidence.EnquiryMade {
				return "the ticket", nil
			}
			return "", nil
		},
	})
	return b
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func each(t *testing.T, fn func(b *bench)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, st *store.Store) { fn(newBench(t, st)) })
}

func (b *bench) update(fn func(tx *store.Tx) error) {
	b.t.Helper()
	b.must(b.Store.Update(ctx, fn))
}

func (b *bench) person() (s keys.SubjectID) {
	b.t.Helper()
	b.update(func(tx *store.Tx) (err error) {
		s, err = b.Vault.NewSubject(ctx, tx)
		return err
	})
	return s
}

// append writes an entry about somebody and returns its id.
func (b *bench) append(body evidence.Body) (id int64) {
	b.t.Helper()
	body.At = b.Now()
	b.update(func(tx *store.Tx) (err error) {
		id, err = b.Log.Append(ctx, tx, body)
		return err
	})
	return id
}

// writes has somebody write to us, and returns who.
func (b *bench) writes(address string) keys.SubjectID {
	b.t.Helper()
	_, err := b.support.Enquire(ctx, support.Enquiry{Policy: 1, Form: url.Values{
		"name": {"Ann"}, "email": {address}, "about": {"other"}, "message": {"My line is dead."},
	}})
	b.must(err)
	list, err := b.support.List(ctx, support.QueueSupport, 0, support.MaxList)
	b.must(err)
	return list[len(list)-1].Subject
}

func (b *bench) list(s keys.SubjectID, q history.Query) (page history.Page) {
	b.t.Helper()
	b.must(b.Store.View(ctx, func(tx *store.Tx) (err error) {
		page, err = b.history.List(ctx, tx, s, q)
		return err
	}))
	return page
}

// lines are the sentences of a history, newest first.
func (b *bench) lines(s keys.SubjectID, show history.Show) string {
	b.t.Helper()
	var list []string
	for _, e := range b.list(s, history.Query{Show: show}).Entries {
		list = append(list, e.Sentence())
	}
	return strings.Join(list, "\n")
}

func (b *bench) get(s keys.SubjectID, id int64) (e history.Entry, err error) {
	err = b.Store.View(ctx, func(tx *store.Tx) error {
		e, err = b.history.Get(ctx, tx, s, id)
		return err
	})
	return e, err
}

func (b *bench) want(what, got, want string) {
	b.t.Helper()
	if got != want {
		b.t.Errorf("%s:\n%s\nwant:\n%s", what, got, want)
	}
}

var desk = vault.Access{Actor: "support", Purpose: "enquiries", Surface: "console"}

// R28: a person reads what happened with their data, in words, and whom by.
func TestStoryOfAHistory(t *testing.T) {
	each(t, func(b *bench) {
		s := b.writes("ann@example.org")
		b.Work()
		b.Later(time.Hour)
		b.update(func(tx *store.Tx) error {
			_, err := b.Vault.LookSubject(ctx, tx, desk, s)
			return err
		})
		b.Later(time.Hour)
		b.update(func(tx *store.Tx) error {
			a := vault.Access{Actor: "contact", Purpose: "enquiries", Surface: "portal"}
			return errors.Join(b.Vault.ShutOut(ctx, tx, a, s, "staff"), b.Vault.Grant(ctx, tx, a, s, "staff", 24*time.Hour))
		})
		const mails = "Our software used your e-mail address to send you our word that your message arrived."
		b.want("everything", b.lines(s, history.Everything), strings.Join([]string{
			"You let our staff in for 1 day.",
			"You shut our staff out of everything that is not strictly needed.",
			"Somebody looked at data about you.",
			mails,
			"You wrote to us.",
			"Data about you was collected.",
		}, "\n"))
		b.want("who looked", b.lines(s, history.Looks), "Somebody looked at data about you.")
		b.want("mails", b.lines(s, history.Mails), mails)
		b.want("changes", b.lines(s, history.Changes), "Data about you was collected.")

		look := b.list(s, history.Query{Show: history.Looks}).Entries[0]
		b.want("the look", fmt.Sprint(look.Who, "; ", look.Where, "; ", look.Why, "; ", look.Categories, "; ", look.Count, "; ", look.ByPeople),
			"Support staff; Staff console; Replying to your e-mails and messages; [E-mail address What you write to us Name]; 3; true")
		if got := fmt.Sprintf("%v %+v", look, look); got != "[entry of a history] [entry of a history]" {
			b.t.Errorf("an entry prints as %s", got)
		}
		mail := b.list(s, history.Query{Show: history.Mails}).Entries[0]
		b.want("a mail", fmt.Sprint(mail.Who, "; ", mail.Times, "; ", len(mail.Same), "; ", mail.Same[1].What), "The software itself; 1; 2; An e-mail to you was made ready: our word that your message arrived")
		wrote := b.list(s, history.Query{Show: history.Decisions}).Entries[2]
		b.want("the ticket", wrote.Reference, "the ticket")
	})
}

// R28: what the software did many times on one day is one line that can be
// read, and each entry stays within reach; what people did is never folded.
func TestFloodsAreFolded(t *testing.T) {
	each(t, func(b *bench) {
		s := b.person()
		for i := range 30 {
			b.append(evidence.Body{Kind: evidence.MailSent, Actor: "system", Purpose: "news", Subject: s, Policy: 1, Ref: int64(1000 + i), Code: "newsletter.welcome"})
			if i == 19 {
				b.Later(24 * time.Hour)
			}
		}
		for range 3 {
			b.append(evidence.Body{Kind: evidence.RecordUsed, Actor: "support", Purpose: "account", Subject: s, Policy: 1, Category: "contact.email"})
		}
		b.want("the lines", b.lines(s, history.Everything), strings.Join([]string{
			"Somebody looked at data about you.", "Somebody looked at data about you.", "Somebody looked at data about you.",
			"Our software used your e-mail address to send you the newsletter’s welcome, 10 times.",
			"Our software used your e-mail address to send you the newsletter’s welcome, 20 times.",
		}, "\n"))
		folded := b.list(s, history.Query{Show: history.Mails}).Entries[0]
		for _, one := range folded.Same {
			if e, err := b.get(s, one.ID); err != nil || e.Times != 1 {
				b.t.Errorf("entry %d of a line cannot be had: %v", one.ID, err)
			}
		}
	})
}

// However it is paged and whatever is chosen, each entry is there exactly once,
// newest first, over all aliases (R28).
func TestPagesHoldEachEntryOnce(t *testing.T) {
	each(t, func(b *bench) {
		rng := rand.New(rand.NewPCG(28, 1))
		people := []keys.SubjectID{b.person(), b.person(), b.person()}
		var want []int64
		kinds := map[evidence.Kind]bool{}
		for i := range 150 {
			body := evidence.Body{Subject: people[rng.IntN(3)], Policy: 1, Actor: "system", Purpose: "news"}
			switch rng.IntN(5) {
			case 0:
				body.Kind, body.Code, body.Ref = evidence.MailQueued, "newsletter.welcome", int64(1+i)
			case 1:
				body.Kind, body.Code, body.Ref = evidence.MailSent, "newsletter.welcome", int64(i)
			case 2:
				body.Kind, body.Actor = evidence.RecordUsed, "support"
			case 3:
				body.Kind = evidence.RecordCollected
			case 4:
				body.Kind = evidence.SubjectObjected
			}
			kinds[body.Kind] = true
			want = append(want, b.append(body))
			if rng.IntN(10) == 0 {
				b.Later(13 * time.Hour)
			}
		}
		b.update(func(tx *store.Tx) error {
			return errors.Join(b.Vault.Alias(ctx, tx, people[0], people[1]), b.Vault.Alias(ctx, tx, people[2], people[0]))
		})
		for _, limit := range []int{1, 2, 7, 100} {
			got := map[history.Show][]int64{}
			for _, show := range history.Shows {
				last := int64(1<<63 - 1)
				for q := (history.Query{Show: show, Limit: limit}); ; {
					page := b.list(people[rng.IntN(3)], q)
					if len(page.Entries) > limit {
						b.t.Fatalf("%d lines on a page of %d", len(page.Entries), limit)
					}
					for _, e := range page.Entries {
						if e.ID > last {
							b.t.Errorf("entry %d comes after %d", e.ID, last)
						}
						last = e.ID
						if len(e.Same) == 0 {
							got[show] = append(got[show], e.ID)
						}
						for _, same := range e.Same {
							got[show] = append(got[show], same.ID)
						}
					}
					if q.Before = page.Next; q.Before == 0 {
						break
					}
				}
			}
			all := got[history.Everything]
			slices.Sort(all)
			for _, id := range want {
				if n := len(all) - len(slices.DeleteFunc(slices.Clone(all), func(x int64) bool { return x == id })); n != 1 {
					b.t.Errorf("pages of %d: entry %d is there %d times", limit, id, n)
				}
			}
			var parts []int64
			for show, ids := range got {
				if show != history.Everything {
					parts = append(parts, ids...)
				}
			}
			if slices.Sort(parts); !slices.Equal(parts, all) {
				b.t.Errorf("pages of %d: the choices hold %d entries together, everything %d", limit, len(parts), len(all))
			}
		}
	})
}

// R28: nobody reads of anybody else: not their entries, not by id, not the
// number of a record they share, nor that something is withheld.
func TestNobodyIsBetrayed(t *testing.T) {
	each(t, func(b *bench) {
		ann, bob := b.writes("ann@example.org"), b.writes("bob@example.org")
		shared := vault.Item{Category: "communications.data", Parts: []vault.Part{
			{Owner: ann, Value: []byte("01632 960001")}, {Owner: bob, Kind: vault.Party, Value: []byte("01632 960002")},
		}}
		a := vault.Access{Actor: "support", Purpose: "support", Surface: "console"}
		var record vault.RecordID
		b.update(func(tx *store.Tx) error {
			ids, err := b.Vault.Put(ctx, tx, vault.Access{Actor: "system", Purpose: "support", Surface: "softphone"}, shared)
			if err == nil {
				record = ids[0]
				_, err = b.Vault.Look(ctx, tx, a, record)
			}
			return err
		})
		for _, s := range []keys.SubjectID{ann, bob} {
			if got := b.list(s, history.Query{Show: history.Changes}).Entries[0].Categories; !slices.Equal(got, []string{"Communications data"}) {
				b.t.Errorf("a shared record is told as %v", got)
			}
		}
		own := map[keys.SubjectID][]int64{}
		for _, s := range []keys.SubjectID{ann, bob} {
			looks := b.list(s, history.Query{Show: history.Looks}).Entries
			if len(looks) != 1 {
				b.t.Fatalf("%d looks, want 1", len(looks))
			}
			for _, e := range b.list(s, history.Query{}).Entries {
				own[s] = append(own[s], e.ID)
			}
		}
		for _, pair := range [][2]keys.SubjectID{{ann, bob}, {bob, ann}} {
			for _, id := range own[pair[1]] {
				if slices.Contains(own[pair[0]], id) {
					b.t.Errorf("entry %d is in two histories", id)
				}
				if _, err := b.get(pair[0], id); !errors.Is(err, history.ErrNotFound) {
					b.t.Errorf("somebody else's entry: %v", err)
				}
				if _, err := b.history.Opening(ctx, pair[0], id); !errors.Is(err, history.ErrNotFound) {
					b.t.Errorf("the proof of somebody else's entry: %v", err)
				}
			}
		}
		b.must(b.Log.Integrated(ctx, own[bob][0]))
		for _, id := range own[bob] {
			o, err := b.history.Opening(ctx, bob, id)
			b.must(err)
			if strings.Contains(string(o.Body), fmt.Sprint(int64(record))) || strings.Contains(string(o.Body), fmt.Sprint(int64(ann))) {
				b.t.Errorf("a proof for one side holds a number of the other's: %s", o.Body)
			}
		}
		for _, id := range []int64{0, -1, 1, 1 << 62} {
			if _, err := b.get(ann, id); !errors.Is(err, history.ErrNotFound) {
				b.t.Errorf("entry %d: %v", id, err)
			}
		}
		if _, err := b.get(keys.NewSubjectID(), own[ann][0]); !errors.Is(err, history.ErrNotFound) {
			b.t.Errorf("nobody's history: %v", err)
		}
	})
}

// R28, R20: a disclosure under secrecy is not found, neither in the list nor by
// its id, until the secrecy ends; and pages are as full as without it.
func TestSecrecy(t *testing.T) {
	each(t, func(b *bench) {
		s := b.person()
		until := b.Now().Add(90 * 24 * time.Hour)
		var ids []int64
		for range 6 {
			ids = append(ids, b.append(evidence.Body{Kind: evidence.RecordRectified, Actor: "support", Subject: s, Policy: 1}))
		}
		var secret int64
		b.update(func(tx *store.Tx) (err error) {
			secret, err = b.Log.Append(ctx, tx, evidence.Body{
				Kind: evidence.RecordDisclosed, At: b.Now(), Actor: "dpo", Purpose: "legal-demands", Category: "communications.data", Code: "authorities", Subject: s, Policy: 1,
			})
			if err == nil {
				err = b.history.Withhold(ctx, tx, secret, until)
			}
			return err
		})
		b.must(b.Log.Integrated(ctx, secret))
		hidden := func(want bool) {
			b.t.Helper()
			_, err := b.get(s, secret)
			_, oerr := b.history.Opening(ctx, s, secret)
			_, none := b.get(s, secret+1<<40)
			if got := errors.Is(err, history.ErrNotFound) && errors.Is(oerr, history.ErrNotFound); got != want || want && err.Error() != none.Error() {
				b.t.Errorf("by its id: %v, %v; hidden %v, want %v", err, oerr, got, want)
			}
			page := b.list(s, history.Query{Limit: 6})
			if got := !strings.Contains(b.lines(s, history.Everything), "authorities"); got != want || len(page.Entries) != 6 {
				b.t.Errorf("in the list: hidden %v, want %v; %d lines on a page of 6", got, want, len(page.Entries))
			}
		}
		hidden(true)
		b.Later(89 * 24 * time.Hour)
		hidden(true)
		b.update(func(tx *store.Tx) error { return b.history.Withhold(ctx, tx, secret, until.Add(48*time.Hour)) })
		b.Later(2 * 24 * time.Hour)
		hidden(true)
		b.Later(24 * time.Hour)
		hidden(false)
		b.want("then", strings.Split(b.lines(s, history.Everything), "\n")[0], "Data about you was given to Courts, regulators and public authorities.")
		_ = ids
	})
}

// R28: each entry comes with a proof that holds, once it is in the signed log;
// after an erasure nothing opens.
func TestOpening(t *testing.T) {
	each(t, func(b *bench) {
		s := b.writes("ann@example.org")
		newest := b.list(s, history.Query{}).Entries[0].ID
		b.must(b.Log.Integrated(ctx, newest))
		vkey := b.Log.VerifierKey()
		for _, e := range b.list(s, history.Query{}).Entries {
			o, err := b.history.Opening(ctx, s, e.ID)
			b.must(err)
			if _, err := opening.VerifyOpening(vkey, o); err != nil {
				b.t.Errorf("%s: %v", e.What, err)
			}
		}
		_, err := b.Vault.Erase(ctx, s)
		b.must(err)
		if _, err := b.history.Opening(ctx, s, newest); !errors.Is(err, history.ErrNotFound) {
			b.t.Errorf("after the erasure: %v", err)
		}
		bob := b.person()
		b.must(b.Log.Close(ctx))
		late := b.append(evidence.Body{Kind: evidence.SubjectRestricted, Subject: bob})
		if _, err := b.history.Opening(ctx, bob, late); !errors.Is(err, history.ErrNotYet) {
			b.t.Errorf("before it is in the log: %v", err)
		}
	})
}
