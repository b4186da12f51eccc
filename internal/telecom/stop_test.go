package telecom_test

import (
	"errors"
	"strings"
	"testing"

	"candour/internal/identity"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/telecom"
)

// L12, L29: staff stop the calls of an account that cost, with a reason that its
// person reads and contests; emergency calls, free ones, those that come and those
// between lines go on; lifted, all work again.
func TestStaffStopCalls(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x, ann, bob := outward(t, st, leads{taken: "+"})
		var who identity.Account
		x.must(x.Store.View(ctx, func(tx *store.Tx) (err error) { who, err = x.accounts.ByID(ctx, tx, ann.Account); return err }))
		stop := func(words string) (ref string, code string) {
			err := x.Store.Update(ctx, func(tx *store.Tx) (err error) {
				ref, err = x.desk.Stop(ctx, tx, x.reviewing(), who, words)
				return err
			})
			if errors.Is(err, telecom.ErrBarred) {
				return "", "stopped"
			}
			return ref, limitCode(err)
		}
		calls := func(dialled string) string {
			to, err := x.desk.Route(ctx, ann, dialled)
			x.must(err)
			c, err := x.desk.Begin(ctx, telecom.Start{From: ann, To: to})
			if err == nil {
				x.must(c.Ended(ctx, telecom.End{Code: telecom.Cancelled, ByCaller: true}))
			}
			return code(err)
		}
		x.want("before", calls(paid), "done")
		_, got := stop("  ")
		x.want("without a reason", got, "nothing said")
		ref, got := stop("Your bill is three months late.")
		x.want("stopped", got, "done")
		_, got = stop("Again.")
		x.want("twice", got, "stopped")
		for dialled, want := range map[string]string{paid: "fraud", "+448081570123": "done", "1002": "done", "999": "done", "141112": "done", "18000": "done", "101": "done"} {
			x.want("dialling "+dialled, calls(dialled), want)
		}
		to, err := x.desk.Reached(ctx, "+441527306001")
		x.must(err)
		in, err := x.desk.Begin(ctx, telecom.Start{Outside: &telecom.Outside{Number: "+442079460018"}, To: to})
		x.want("a call that comes", code(err), "done")
		x.must(in.Ended(ctx, telecom.End{Code: telecom.NoAnswer}))

		b := x.blocks(ann.Account)[0]
		saw, rule := telecom.Seen(x.InForce().Policy(), &b)
		x.want("the block", []any{b.Reference, b.ByStaff(), b.Stands(), b.State, b.Owed(), strings.Contains(saw, "A person of ours"), rule}, []any{ref, true, true, telecom.BlockConfirmed, false, true, ""})
		said := func() (said, reason string) {
			x.must(x.Store.View(ctx, func(tx *store.Tx) (err error) { said, reason, err = x.desk.Said(ctx, tx, &b); return err }))
			return said, reason
		}
		_, why := said()
		x.want("why", why, "Your bill is three months late.")
		x.want("the letter", x.letters(), []mail.Kind{mail.CallsStopped})
		x.want("the history", x.about(ann.Subject, "block."), []string{"block.decided stopped"})
		x.want("by somebody else", x.contest(bob.Account, ref, "Not mine."), "no block")
		x.want("contested", x.contest(ann.Account, ref, "I paid yesterday."), "done")
		x.want("lifted", x.review(ref, true, "So you did."), "done")
		x.want("after that", calls(paid), "done")
		x.want("and again", func() string { _, got := stop("It was the month before."); return got }(), "done")
		x.erase(ann.Subject)
		x.want("erased", x.count("SELECT COUNT(*) FROM call_blocks"), 0)
		x.must(x.Vault.Check(ctx))
	})
}
