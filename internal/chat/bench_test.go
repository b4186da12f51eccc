package chat_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"candour/internal/chat"
	"candour/internal/identity"
	"candour/internal/identity/identitytest"
	"candour/internal/keys"
	"candour/internal/mail/mailtest"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/telecom"
	"candour/internal/vault"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var ctx = context.Background()

// office is a desk with people who have lines.
type office struct {
	*mailtest.Bench
	t        testing.TB
	accounts *identity.Accounts
	phones   *telecom.Desk
	desk     *chat.Desk
	blocked  map[[2]int64]bool
}

func open(t testing.TB, st *store.Store) *office {
	t.Helper()
	x := &office{Bench: mailtest.New(t, st, "invoco"), t: t, blocked: map[[2]int64]bool{}}
	x.accounts = identitytest.Open(x.Bench)
	x.phones = telecom.New(telecom.Config{Store: x.Store, Ring: x.Ring, Log: x.Log, Vault: x.Vault, Accounts: x.accounts, InForce: x.InForce, Now: x.Now})
	x.desk = chat.New(chat.Config{Store: x.Store, Log: x.Log, Vault: x.Vault, InForce: x.InForce, Now: x.Now, Blocked: func(_ context.Context, _ *store.Tx, from, to telecom.Line) (bool, error) {
		return x.blocked[[2]int64{from.ID, to.ID}], nil
	}})
	return x
}

func each(t *testing.T, fn func(*office)) {
	storetest.Each(t, func(t *testing.T, st *store.Store) { fn(open(t, st)) })
}

func (x *office) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

func (x *office) want(what string, got, want any) {
	x.t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		x.t.Errorf("%s: %s, want %s", what, g, w)
	}
}

func (x *office) update(fn func(*store.Tx) error) {
	x.t.Helper()
	x.must(x.Store.Update(ctx, fn))
}

func (x *office) view(fn func(*store.Tx) error) {
	x.t.Helper()
	x.must(x.Store.View(ctx, fn))
}

var token = regexp.MustCompile(`token=([A-Za-z0-9_-]{32})`)

// line opens an account and gives it a line.
func (x *office) line(name, extension string) telecom.Line {
	x.t.Helper()
	x.must(x.accounts.SignUp(ctx, identity.SignUp{Form: url.Values{"name": {name}, "email": {strings.ToLower(name) + "@example.org"}}, Surface: "portal", Policy: 1, Wording: [32]byte{7}}))
	x.Work()
	o, err := x.accounts.Finish(ctx, token.FindStringSubmatch(x.Office.Take()[0].Raw)[1], "harbour lantern twelve", identity.Device{})
	x.must(err)
	x.update(func(tx *store.Tx) error {
		_, err := x.phones.Give(ctx, tx, o.Session.Account.ID, extension)
		return err
	})
	l, err := x.phones.LineOf(ctx, o.Session.Account.ID)
	x.must(err)
	return l
}

func (x *office) two() (ann, bea telecom.Line) {
	x.t.Helper()
	return x.line("Ann", "1001"), x.line("Bea", "1002")
}

func (x *office) access(purpose string) vault.Access {
	return vault.Access{Actor: "customer", Purpose: purpose, Surface: "softphone", Own: true}
}

// send sends words, and returns the message's id.
func (x *office) send(from, to telecom.Line, text string) int64 {
	x.t.Helper()
	id, err := x.desk.Send(ctx, from, to, chat.Draft{Text: text})
	x.must(err)
	return id
}

// thread is what somebody sees of a conversation, a line a message.
func (x *office) thread(of, with telecom.Line) (list []string) {
	x.t.Helper()
	x.view(func(tx *store.Tx) error {
		messages, err := x.desk.Thread(ctx, tx, of.Subject, with.ID, 0, chat.MaxMessages)
		for _, m := range messages {
			way, fix := "from", ""
			if m.Mine {
				way = "to"
			}
			if m.Kind == chat.Place {
				fix = " gone"
			}
			if m.Fix != nil {
				fix = " " + m.Fix.Words()
			}
			list = append(list, strings.TrimSpace(fmt.Sprintf("%s %s %s%s: %s%s", way, m.Far, m.Kind, fix, m.Text, m.Name)))
		}
		return err
	})
	return list
}

func (x *office) unread(of telecom.Line) (n int) {
	x.t.Helper()
	x.view(func(tx *store.Tx) (err error) { n, err = x.desk.Unread(ctx, tx, of.Subject); return err })
	return n
}

func (x *office) count(query string, args ...any) (n int) {
	x.t.Helper()
	x.view(func(tx *store.Tx) error { return tx.QueryRow(ctx, query, args...).Scan(&n) })
	return n
}

// exported are the values of a copy of somebody's data that are about messages.
func (x *office) exported(s keys.SubjectID) (list []string) {
	x.t.Helper()
	x.view(func(tx *store.Tx) error {
		return x.Vault.Walk(ctx, tx, s, func(r vault.Record) error {
			if strings.HasPrefix(r.Category, "chat.") || strings.HasPrefix(r.Category, "location.") {
				list = append(list, string(r.Value()))
			}
			return nil
		})
	})
	slices.Sort(list)
	return list
}

func (x *office) erase(s keys.SubjectID) {
	x.t.Helper()
	x.update(func(tx *store.Tx) error {
		if _, err := x.Vault.EraseIn(ctx, tx, s); err != nil {
			return err
		}
		return errors.Join(x.accounts.Forget(ctx, tx, s), x.phones.Erased(ctx, tx, s), x.desk.Erased(ctx, tx, s))
	})
	x.must(x.Vault.Resume(ctx))
}

func code(err error) string {
	var r *chat.Refusal
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &r):
		return string(r.Code)
	case errors.Is(err, chat.ErrNotFound):
		return "not found"
	}
	return err.Error()
}
