package chat_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"candour/internal/chat"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/telecom"
)

// Story: two write to each other; each has a part of their own, is told what is
// new, and finds nothing of others. The evidence holds no word of it.
func TestConversation(t *testing.T) {
	each(t, func(x *office) {
		ann, bea := x.two()
		cal := x.line("Cal", "1003")
		told, end, ok := x.desk.Listen(bea.Subject)
		x.want("listens", ok, true)
		defer end()
		x.send(ann, bea, "  Hello\nBea  ")
		select {
		case <-told:
		default:
			t.Error("an open page is told nothing")
		}
		x.Later(time.Second)
		x.send(bea, ann, "PLANTED answer")
		x.send(cal, ann, "from a third")
		x.want("Ann's", x.thread(ann, bea), []string{"to 1002 text: Hello\nBea", "from 1002 text: PLANTED answer"})
		x.want("Bea's", x.thread(bea, ann), []string{"from 1001 text: Hello\nBea", "to 1001 text: PLANTED answer"})
		x.want("Cal's with Bea", len(x.thread(cal, bea)), 0)
		x.want("new to Ann", x.unread(ann), 2)
		var list []chat.Summary
		x.view(func(tx *store.Tx) (err error) { list, err = x.desk.Threads(ctx, tx, ann.Subject, 10); return err })
		x.want("conversations", len(list), 2)
		x.want("the latest", fmt.Sprint(list[0].Line == cal.ID, list[0].New, list[1].New, list[1].Last.Text), "true 1 1PLANTED answer")
		x.update(func(tx *store.Tx) error { return x.desk.Seen(ctx, tx, ann.Subject, bea.ID, 1<<62) })
		x.want("new to Ann, once one was read", x.unread(ann), 1)
		x.want("new to Bea", x.unread(bea), 1)
		x.want("a copy", x.exported(bea.Subject), []string{"From 1001\n\nHello\nBea", "To 1001\n\nPLANTED answer"})
		about := strings.Join(x.About(ann.Subject), "\n")
		x.want("evidence", strings.Count(about, "message.kept"), 3)
		if strings.Contains(about, "PLANTED") || strings.Contains(about, "1002") {
			t.Error("the evidence says what was written, or to whom")
		}
		x.must(x.Vault.Check(ctx))
	})
}

// Whom a call would not reach, no message does, and what cannot be taken leaves
// nothing behind.
func TestRefused(t *testing.T) {
	each(t, func(x *office) {
		ann, bea := x.two()
		refused := func(what string, from, to telecom.Line, text, want string) {
			t.Helper()
			_, err := x.desk.Send(ctx, from, to, chat.Draft{Text: text})
			x.want(what, code(err), want)
		}
		refused("nothing", ann, bea, " \n ", "empty")
		refused("a book", ann, bea, strings.Repeat("ä", chat.MaxText+1), "too-long")
		refused("to oneself", ann, ann, "x", "forbidden")
		staff := ann
		staff.Role = "marketing"
		refused("a role that may not", staff, bea, "x", "forbidden")
		x.blocked[[2]int64{ann.ID, bea.ID}] = true
		refused("one who is blocked", ann, bea, "x", "blocked")
		delete(x.blocked, [2]int64{ann.ID, bea.ID})
		x.want("nothing was kept", x.count("SELECT COUNT(*) FROM messages"), 0)
		x.update(func(tx *store.Tx) error { return x.Vault.Restrict(ctx, tx, x.access("messages"), bea.Subject) })
		refused("to one whose data is restricted", ann, bea, "x", "done")
		refused("from them", bea, ann, "x", "done")
		x.erase(bea.Subject)
		refused("to one who is erased", ann, bea, "x", "gone")
		refused("from one who is erased", bea, ann, "x", "forbidden")
	})
}

// A person writes so much in a while and no more; others are not held up.
func TestLimit(t *testing.T) {
	x := open(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	ann, bea := x.two()
	for range 30 {
		x.send(ann, bea, "x")
	}
	_, err := x.desk.Send(ctx, ann, bea, chat.Draft{Text: "x"})
	x.want("one more", code(err), "too-many")
	x.send(bea, ann, "x")
	x.Later(2 * time.Second)
	x.send(ann, bea, "x")
}

// L24: whoever takes a message out of their conversations has their part erased;
// the other side's stays whole. Nobody takes out what is not theirs.
func TestForget(t *testing.T) {
	each(t, func(x *office) {
		ann, bea := x.two()
		cal := x.line("Cal", "1003")
		first, second := x.send(ann, bea, "one"), x.send(bea, ann, "two")
		forget := func(s keys.SubjectID, id int64) string {
			return code(x.Store.Update(ctx, func(tx *store.Tx) error { return x.desk.Forget(ctx, tx, x.access("messages"), s, id) }))
		}
		x.want("a third", forget(cal.Subject, first), "not found")
		x.want("nobody", forget(keys.NewSubjectID(), first), "not found")
		x.want("none", forget(ann.Subject, 1), "not found")
		x.want("by the author", forget(ann.Subject, first), "done")
		x.want("twice", forget(ann.Subject, first), "not found")
		x.want("Ann's", x.thread(ann, bea), []string{"from 1002 text: two"})
		x.want("Bea's", x.thread(bea, ann), []string{"from 1001 text: one", "to 1001 text: two"})
		x.want("by the reader", forget(ann.Subject, second), "done")
		x.want("new to her", x.unread(ann), 0)
		x.want("what is held of Ann", len(x.exported(ann.Subject)), 0)
		x.want("and the other side", forget(bea.Subject, first)+" "+forget(bea.Subject, second), "done done")
		x.want("rows", x.count("SELECT COUNT(*) FROM messages"), 0)
		x.must(x.Vault.Check(ctx))
	})
}

// L8: whoever is erased leaves their parts behind nowhere; the other side's
// conversation is whole.
func TestErasure(t *testing.T) {
	each(t, func(x *office) {
		ann, bea := x.two()
		x.send(ann, bea, "one")
		x.send(bea, ann, "two")
		x.erase(ann.Subject)
		x.want("Bea's", x.thread(bea, ann), []string{"from 1001 text: one", "to 1001 text: two"})
		for table, column := range map[string]string{"messages": "author", "records": "subject", "data_keys": "subject"} {
			x.want(table, x.count("SELECT COUNT(*) FROM "+table+" WHERE "+column+" = $1", int64(ann.Subject)), 0)
		}
		x.want("as the reader", x.count("SELECT COUNT(*) FROM messages WHERE reader = $1", int64(ann.Subject)), 0)
		x.must(x.Vault.Check(ctx))
		x.erase(bea.Subject)
		x.want("rows of nobody", x.count("SELECT COUNT(*) FROM messages"), 0)
	})
}

// R12: a message goes at its time, the row with the record.
func TestRetention(t *testing.T) {
	each(t, func(x *office) {
		ann, bea := x.two()
		x.send(ann, bea, "one")
		x.Later(364 * 24 * time.Hour)
		x.must(x.desk.Sweep(ctx))
		x.want("within the year", len(x.thread(bea, ann)), 1)
		x.Later(2 * 24 * time.Hour)
		if _, err := x.Vault.Sweep(ctx, x.Now()); err != nil {
			t.Fatal(err)
		}
		x.must(x.desk.Sweep(ctx))
		x.want("rows", x.count("SELECT COUNT(*) FROM messages"), 0)
		x.want("records", len(x.exported(ann.Subject))+len(x.exported(bea.Subject)), 0)
	})
}

// A conversation comes in pages.
func TestPages(t *testing.T) {
	x := open(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	ann, bea := x.two()
	var ids []int64
	for i := range 7 {
		ids = append(ids, x.send(ann, bea, fmt.Sprint(i)))
	}
	page := func(before int64) (got []string) {
		x.view(func(tx *store.Tx) error {
			list, err := x.desk.Thread(ctx, tx, bea.Subject, ann.ID, before, 3)
			for _, m := range list {
				got = append(got, m.Text)
			}
			return err
		})
		return got
	}
	x.want("the newest", page(0), []string{"4", "5", "6"})
	x.want("before", page(ids[4]), []string{"1", "2", "3"})
	x.want("the oldest", page(ids[1]), []string{"0"})
	x.want("beyond", page(ids[0]), []string{})
}

// Nothing of a message is printed.
func TestRedacted(t *testing.T) {
	m, f, a := chat.Message{Text: "PLANTED", Far: "PLANTED"}, chat.Fix{Latitude: 51.12345}, chat.Attachment{Name: "PLANTED"}
	if s := fmt.Sprintf("%v %+v %#v %v %+v %#v %v %+v", m, m, m, f, f, &f, a, a); strings.Contains(s, "PLANTED") || strings.Contains(s, "51.1") {
		t.Error(s)
	}
}
