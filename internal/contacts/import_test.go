package contacts_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"candour/internal/contacts"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

// bring imports a file into the owner's book.
func (x *shelf) bring(file string) (r contacts.Report) {
	x.t.Helper()
	x.update(func(tx *store.Tx) (err error) {
		r, err = x.desk.Import(ctx, tx, x.access(), x.owner, []byte(file))
		return err
	})
	return r
}

func told(r contacts.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d new, %d changed, %d same", r.Added, r.Changed, r.Same)
	for _, n := range r.Not {
		fmt.Fprintf(&b, "; not %d %q: %s", n.Place, n.Name, n.Why)
	}
	for _, l := range r.Left {
		fmt.Fprintf(&b, "; left %s of %d", l.What, l.Cards)
	}
	return b.String()
}

func card(lines ...string) string {
	return "BEGIN:VCARD\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCARD\r\n"
}

// Each version of vCard that phones and mail programs write.
func TestImport(t *testing.T) {
	for name, c := range map[string]struct{ file, told, line string }{
		"4.0": {card("VERSION:4.0", "UID:urn:uuid:1", "FN:Ann Example", "TEL;TYPE=cell:+44 7700 900123", "TEL;VALUE=uri;TYPE=work:tel:+44-20-7946-0000;ext=5", "EMAIL:ann@example.org", "ORG:Boxes;Sales", "NOTE:a\\nb\\, c"),
			"1 new, 0 changed, 0 same", "Ann Example||+44 7700 900123|+44-20-7946-0000||ann@example.org|Boxes, Sales|a/b, c"},
		"3.0 of an Apple": {card("VERSION:3.0", "N:Example;Ann;;Dr;", "FN:Ann Example", "item1.TEL;type=pref:1002", "item1.X-ABLabel:_$!<Mobile>!$_", "TEL;type=HOME;type=VOICE:01632 960123", "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ", " SkZJRg==", "BDAY:1985-04-12"),
			"1 new, 0 changed, 0 same; left birthdays of 1; left other details of 1; left photos of 1", "Ann Example|1002|||01632 960123|||"},
		"2.1 of an Android": {card("VERSION:2.1", "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=84rger;Zo=C3=AB;;;", "TEL;CELL;PREF:07700900123", "TEL;WORK:02079460000", "NOTE;ENCODING=QUOTED-PRINTABLE:one=0D=0Atwo=", "=20three"),
			"1 new, 0 changed, 0 same", "Zoë Ärger||07700900123|02079460000||||one/two three"},
		"a firm":         {card("VERSION:3.0", "ORG:Boxes Ltd", "TEL:1002"), "1 new, 0 changed, 0 same", "Boxes Ltd|1002|||||Boxes Ltd|"},
		"too many":       {card("VERSION:4.0", "FN:A", "TEL:1001", "TEL:1002", "TEL:1003", "TEL:1004", "TEL:1005", "TEL:1001"), "1 new, 0 changed, 0 same; left numbers beyond four of 1", "A|1001|1002|1003|1004|||"},
		"bad fields":     {card("VERSION:4.0", "FN:A", "TEL:call me", "EMAIL:nobody", "NOTE:"+strings.Repeat("x", 1001)), "1 new, 0 changed, 0 same; left e-mail addresses that nobody can write to of 1; left notes that are too long or cannot be read of 1; left numbers that nobody can dial of 1", "A|||||||"},
		"no name":        {card("VERSION:4.0", "TEL:1002"), `0 new, 0 changed, 0 same; not 1 "": it has no name`, ""},
		"no version":     {card("FN:A"), `0 new, 0 changed, 0 same; not 1 "": it does not say which version of vCard it is`, ""},
		"another":        {card("VERSION:5.0", "FN:A"), `0 new, 0 changed, 0 same; not 1 "": it is of a version of vCard that we do not know`, ""},
		"a group":        {card("VERSION:4.0", "KIND:group", "FN:Friends"), `0 new, 0 changed, 0 same; not 1 "Friends": it is no person and no firm`, ""},
		"cut off":        {card("VERSION:4.0", "FN:A") + "BEGIN:VCARD\nVERSION:4.0\nFN:B", `1 new, 0 changed, 0 same; not 2 "": it has no end`, "A|||||||"},
		"a control":      {card("VERSION:4.0", "FN:A\x01B"), `0 new, 0 changed, 0 same; not 1 "": its name cannot be read, or is too long`, ""},
		"huge":           {card("VERSION:4.0", "FN:A", "X-BIG:"+strings.Repeat("x", 600<<10)), `0 new, 0 changed, 0 same; not 1 "": it is too large`, ""},
		"folded to dust": {card("VERSION:4.0", "FN:A", "NOTE:n"+strings.Repeat("\r\n ", 100_000)), "1 new, 0 changed, 0 same", "A|||||||n"},
		"many lines":     {card("VERSION:4.0", "FN:A", strings.Repeat("X-A:1\r\n", 600)), `0 new, 0 changed, 0 same; not 1 "": it has too many lines`, ""},
		"a byte order":   {"\ufeff" + card("VERSION:3.0", "FN:A"), "1 new, 0 changed, 0 same", "A|||||||"},
	} {
		t.Run(name, func(t *testing.T) {
			x := open(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
			x.want("told", told(x.bring(c.file)), c.told)
			if c.line != "" {
				list := x.list(x.owner)
				if len(list) != 1 {
					t.Fatal(len(list))
				}
				x.want("kept", line(list[0]), c.line)
			}
		})
	}
}

// A file that is none is refused whole.
func TestImportRefuses(t *testing.T) {
	x := open(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	for name, file := range map[string]string{
		"nothing": "", "a letter": "Dear sirs", "a picture": "\x89PNG\r\n\x1a\n", "too large": strings.Repeat(" ", contacts.MaxFile+1), "too many": strings.Repeat(card("VERSION:4.0", "FN:A"), contacts.MaxCards+1),
		"words first": "Hello\n" + card("VERSION:4.0", "FN:A"), "not UTF-8": card("VERSION:4.0", "FN:A\xff"),
	} {
		err := x.Store.Update(ctx, func(tx *store.Tx) error {
			_, err := x.desk.Import(ctx, tx, x.access(), x.owner, []byte(file))
			return err
		})
		if !errors.Is(err, contacts.ErrFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
	x.want("kept", len(x.list(x.owner)), 0)
}

// A second import doubles nobody and loses nothing: what the file says is put
// first, and what was written down here alone stays.
func TestImportAgain(t *testing.T) {
	each(t, func(x *shelf) {
		file := card("VERSION:4.0", "UID:a", "FN:Ann", "TEL;TYPE=cell:07700 900123", "EMAIL:ann@example.org") + card("VERSION:3.0", "FN:Bea", "TEL:1002") + card("VERSION:3.0", "FN:Cal")
		x.want("first", told(x.bring(file)), "3 new, 0 changed, 0 same")
		x.want("again", told(x.bring(file)), "0 new, 0 changed, 3 same")
		ann := x.list(x.owner)[0]
		ann.Company, ann.Mobile, ann.Note = "Boxes", "07700 900456", "my own words"
		x.update(func(tx *store.Tx) error { return x.desk.Change(ctx, tx, x.access(), x.owner, ann.ID, ann) })
		x.want("after a change of ours", told(x.bring(file)), "0 new, 1 changed, 2 same")
		x.want("nothing is lost", line(x.list(x.owner)[0]), "Ann|07700 900456|07700 900123|||ann@example.org|Boxes|my own words")
		x.want("a change of theirs", told(x.bring(strings.Replace(file, "FN:Ann", "FN:Ann Example", 1))), "0 new, 1 changed, 2 same")
		x.want("is taken", names(x.list(x.owner)), []string{"Ann Example", "Bea", "Cal"})
		x.must(x.Vault.Check(ctx))
	})
}

// What leaves comes back the same.
func TestExport(t *testing.T) {
	each(t, func(x *shelf) {
		full := contacts.Card{Name: "Ann; Example, Dr \\ Zoë " + strings.Repeat("é", 60), Number: "1002", Mobile: "07700 900123", Work: "01632 960123", Home: "+44 20 7946 0000", Email: "ann@example.org", Company: "Boxes; Ltd, x", Note: "one\ntwo; three, \\four"}
		_, err := x.add(x.owner, full)
		x.must(err)
		before := x.list(x.owner)
		file := contacts.Export(before)
		for l := range strings.SplitSeq(string(file), "\r\n") {
			if len(l) > 75 {
				t.Errorf("a line of %d octets", len(l))
			}
		}
		x.want("back into the same book", told(x.bring(string(file))), "0 new, 0 changed, 1 same")
		second := x.owner
		x.owner = x.person(true)
		x.want("into another", told(x.bring(string(file))), "1 new, 0 changed, 0 same")
		x.want("whole", line(x.list(x.owner)[0]), line(x.list(second)[0]))
		x.want("as it was", line(x.list(x.owner)[0]), line(full))
	})
}

func FuzzImport(f *testing.F) {
	f.Add([]byte(card("VERSION:4.0", "FN:Ann", "TEL;TYPE=cell:1002")))
	f.Add([]byte(card("VERSION:2.1", "N;ENCODING=QUOTED-PRINTABLE:=C3=84;b=", "=20c", "TEL;CELL:1")))
	f.Add([]byte(card("VERSION:3.0", "item1.FN;X=\"a:b\":x", " y", "ORG:;;", "NOTE:\\;\\n")))
	x := open(f, storetest.Open(f, storetest.Migrated(f, store.SQLite)))
	f.Fuzz(func(t *testing.T, file []byte) {
		back := errors.New("back")
		err := x.Store.Update(ctx, func(tx *store.Tx) error {
			r, err := x.desk.Import(ctx, tx, x.access(), x.owner, file)
			if err != nil {
				return err
			}
			list, err := x.desk.List(ctx, tx, x.owner)
			if err != nil || len(list) != r.Added {
				t.Fatalf("%d kept, %d told: %v", len(list), r.Added, err)
			}
			again, err := x.desk.Import(ctx, tx, x.access(), x.owner, contacts.Export(list))
			if err != nil && len(list) > 0 {
				t.Fatalf("what leaves does not come back: %v", err)
			}
			if again.Added > 0 || len(again.Not) > 0 {
				t.Fatalf("what leaves comes back as another: %s", told(again))
			}
			return back
		})
		if !errors.Is(err, back) && !errors.Is(err, contacts.ErrFile) {
			t.Fatal(err)
		}
	})
}
