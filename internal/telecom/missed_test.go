package telecom_test

import (
	"testing"
	"time"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/telecom"
)

// A person is told how many calls they missed since they last looked: not those
// they made, took or declined, nor those that left a message.
func TestMissedCalls(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := open(t, st, "invoco")
		ann, bob := x.two()
		told := map[keys.SubjectID]int{}
		x.desk.OnCalls(func(s keys.SubjectID) { told[s]++ })
		rings := func(from, to telecom.Line, code telecom.Code) {
			t.Helper()
			c, err := x.desk.Begin(ctx, telecom.Start{From: from, To: telecom.Target{Reach: telecom.ToLine, Line: to}})
			if err != nil {
				t.Fatal(err)
			}
			if code == telecom.Completed {
				err = c.Answered(ctx, to)
			}
			if err == nil {
				err = c.Ended(ctx, telecom.End{Code: code, ByCaller: true})
			}
			if err != nil {
				t.Fatal(err)
			}
			x.Later(time.Second)
		}
		missed := func(l telecom.Line, want int) {
			t.Helper()
			err := st.View(ctx, func(tx *store.Tx) error {
				n, err := x.desk.Missed(ctx, tx, l.Subject)
				x.want("missed", n, want)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		missed(ann, 0)
		for _, code := range []telecom.Code{telecom.Completed, telecom.Declined, telecom.Voicemail, telecom.Failed} {
			rings(bob, ann, code)
		}
		missed(ann, 0)
		for _, code := range []telecom.Code{telecom.Cancelled, telecom.NoAnswer, telecom.Busy, telecom.Unavailable} {
			rings(bob, ann, code)
		}
		missed(ann, 4)
		missed(bob, 0)
		x.want("Ann's pages are told", told[ann.Subject], 8)
		x.want("Bob's pages are told", told[bob.Subject], 0)
		look := func() error {
			return st.Update(ctx, func(tx *store.Tx) error { return x.desk.Looked(ctx, tx, ann.Subject) })
		}
		if err := look(); err != nil {
			t.Fatal(err)
		}
		x.Later(time.Second)
		missed(ann, 0)
		rings(bob, ann, telecom.NoAnswer)
		missed(ann, 1)
		if err := look(); err != nil {
			t.Fatal(err)
		}
		missed(ann, 0)
		x.want("Ann's pages are told", told[ann.Subject], 11)
		// Somebody who never looked is told of the last day alone.
		rings(ann, bob, telecom.NoAnswer)
		missed(bob, 1)
		x.Later(25 * time.Hour)
		missed(bob, 0)
		if err := st.Update(ctx, func(tx *store.Tx) error { return x.desk.Erased(ctx, tx, ann.Subject) }); err != nil {
			t.Fatal(err)
		}
		err := st.View(ctx, func(tx *store.Tx) error {
			n := 0
			err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM calls_looked").Scan(&n)
			x.want("left of somebody erased", n, 0)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
