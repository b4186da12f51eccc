package vault_test

import (
	"fmt"
	"slices"
	"testing"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
)

// A visitor becomes a contact, a contact a customer: one person from then on.
func TestAliasMakesOnePerson(t *testing.T) {
	each(t, func(h *house) {
		visitor, contact, customer := h.person(), h.person(), h.person()
		h.consent(contact, "newsletter", true)
		v := h.put(site, item(visitor, "enquiry.message", "as visitor"))[0]
		c := h.put(on("newsletter"), item(contact, "contact.email", "a@b.example"))[0]
		h.put(on("account"), item(customer, "contact.name", "as customer"))
		h.update(func(tx *store.Tx) error { return h.v.Object(ctx, tx, site, visitor, "enquiry", true) })
		alias := func(from, to keys.SubjectID) {
			h.update(func(tx *store.Tx) error { return h.v.Alias(ctx, tx, from, to) })
		}
		alias(visitor, contact)
		alias(contact, customer)
		alias(visitor, customer) // known already
		h.want("sealed as it was", h.read(on("newsletter"), c), "a@b.example")
		h.want("the visitor's objection stands", h.read(site, v), "objected")
		h.update(func(tx *store.Tx) error { return h.v.Object(ctx, tx, site, customer, "enquiry", false) })
		h.want("and is taken back for all", h.read(site, v), "as visitor")
		if got := h.find("contact.email", "A@B.example "); len(got) != 1 || got[0] != customer {
			h.t.Error("found under an alias, not as the person")
		}
		for _, s := range []keys.SubjectID{visitor, contact, customer} {
			if got := h.export(s); fmt.Sprint(got) != "[a@b.example as customer as visitor]" {
				h.t.Errorf("export: %q", got)
			}
		}
		h.consent(visitor, "newsletter", false)
		if got := h.export(customer); len(got) != 2 {
			h.t.Errorf("withdrawn under an alias, held: %d", len(got))
		}
		h.erase(contact)
		h.want("erased under an alias", h.read(site, v), "not found")
		h.resume()
		if n := h.count("SELECT COUNT(*) FROM subjects") + h.count("SELECT COUNT(*) FROM aliases"); n != 0 {
			h.t.Errorf("%d rows are left", n)
		}
	})
}

func TestNewestDecisionOfTheKnownPersonHolds(t *testing.T) {
	each(t, func(h *house) {
		known, newcomer := h.person(), h.person()
		h.consent(known, "newsletter", true)
		h.consent(known, "newsletter", false)
		h.consent(newcomer, "newsletter", true)
		h.consent(newcomer, "offers", true)
		h.update(func(tx *store.Tx) error { return h.v.Alias(ctx, tx, newcomer, known) })
		h.want("withdrawn by the known person", word(h.tryPut(on("newsletter"), item(known, "contact.email", "x"))), "no consent")
		h.put(on("offers"), item(known, "contact.email", "x"))
	})
}

// A shared record in parts: each person has their own (design: owner, party,
// mentioned), and the far end is found by its number.
func TestSharedRecordInParts(t *testing.T) {
	each(t, func(h *house) {
		caller, called := h.person(), h.person()
		id := h.put(on("calls"), vault.Item{Category: "call.record", Parts: []vault.Part{
			{Owner: caller, Value: []byte("020 7946 0000")},
			{Owner: called, Kind: vault.Party, Value: []byte("+44 20 7946 0001")},
			{Owner: caller, Kind: vault.Mentioned, Value: []byte("0044 20 7946 0999")},
		}})[0]
		parts := func() (n int) {
			h.update(func(tx *store.Tx) error {
				r, err := h.v.Read(ctx, tx, on("calls"), id)
				n = len(r.Parts)
				return err
			})
			return n
		}
		if parts() != 3 || len(h.export(caller)) != 2 || len(h.export(called)) != 1 {
			h.t.Error("parts are not where they belong")
		}
		h.update(func(tx *store.Tx) error {
			list, err := h.v.Lookup(ctx, tx, on("calls"), "call.record", "+442079460999")
			if err != nil || len(list) != 1 || string(list[0].Value()) != "0044 20 7946 0999" {
				h.t.Errorf("access by number finds %d records, %v", len(list), err)
			}
			people, err := h.v.Find(ctx, tx, on("calls"), "call.record", "+442079460999")
			if err != nil || len(people) != 0 {
				h.t.Errorf("a number that is only mentioned identifies %d people, %v", len(people), err)
			}
			return nil
		})
		h.update(func(tx *store.Tx) error { return h.v.Restrict(ctx, tx, site, called) })
		if parts() != 2 {
			h.t.Error("the part of a restricted person was read")
		}
		h.erase(called)
		if parts() != 2 || len(h.export(caller)) != 2 {
			h.t.Error("an erased party took the caller's record along")
		}
		h.erase(caller)
		h.resume()
		if n := h.count("SELECT COUNT(*) FROM records") + h.count("SELECT COUNT(*) FROM tags"); n != 0 {
			h.t.Errorf("%d rows are left", n)
		}
	})
}

// An edge without a value is exported with its owner and goes with them.
func TestEdgeWithoutValue(t *testing.T) {
	each(t, func(h *house) {
		owner, seen := h.person(), h.person()
		h.put(on("calls"), vault.Item{Category: "call.record", Parts: []vault.Part{
			{Owner: owner, Value: []byte("0207 946 0000")}, {Owner: seen, Kind: vault.Mentioned},
		}})
		if got := h.export(seen); len(got) != 1 || got[0] != "" {
			h.t.Errorf("export of a mention: %q", got)
		}
		h.erase(seen)
		h.resume()
		if n := h.count("SELECT COUNT(*) FROM records"); n != 1 {
			h.t.Errorf("%d rows, want the owner's", n)
		}
	})
}

func TestFindNormalises(t *testing.T) {
	each(t, func(h *house) {
		s := h.person()
		h.put(site, item(s, "contact.email", " Anna@Example.COM"), item(s, "contact.telephone", "+44 (0)20 7946 0000"))
		for category, values := range map[string][]string{
			"contact.email":     {"anna@example.com", "ANNA@EXAMPLE.COM "},
			"contact.telephone": {"020 7946 0000", "0044 20-7946-0000", "+442079460000", "(020) 7946 0000"},
		} {
			for _, v := range values {
				if got := h.find(category, v); len(got) != 1 || got[0] != s {
					h.t.Errorf("%s is not found", v)
				}
			}
		}
		if len(h.find("contact.email", "+442079460000")) != 0 || len(h.find("contact.telephone", "+442079460001")) != 0 {
			h.t.Error("found by what was never given")
		}
		err := h.st.Update(ctx, func(tx *store.Tx) error {
			_, err := h.v.Find(ctx, tx, site, "contact.name", "Anna")
			return err
		})
		h.want("a category without look-up", word(err), "purpose")
		err = h.st.Update(ctx, func(tx *store.Tx) error {
			_, err := h.v.Find(ctx, tx, vault.Access{Actor: "support", Purpose: "newsletter"}, "contact.email", "anna@example.com")
			return err
		})
		h.want("an actor that may not", word(err), "purpose")
	})
}

// Rectification (L7) reaches every copy and what the record is found by.
func TestRectify(t *testing.T) {
	each(t, func(h *house) {
		s := h.person()
		h.consent(s, "newsletter", true)
		id := h.put(site, item(s, "contact.email", "old@b.example", "enquiry", "newsletter"))[0]
		rectify := func(a vault.Access, id vault.RecordID, value []byte) string {
			err := h.st.Update(ctx, func(tx *store.Tx) error { return h.v.Rectify(ctx, tx, a, id, value) })
			if err != nil {
				return word(err)
			}
			return "done"
		}
		h.update(func(tx *store.Tx) error { return h.v.Restrict(ctx, tx, site, s) })
		h.want("though restricted", rectify(site, id, []byte("new@b.example")), "done")
		h.update(func(tx *store.Tx) error { return h.v.Lift(ctx, tx, site, s) })
		h.want("one copy", h.read(site, id), "new@b.example")
		h.want("the other", h.read(on("newsletter"), id), "new@b.example")
		if len(h.find("contact.email", "old@b.example")) != 0 || len(h.find("contact.email", "new@b.example")) != 1 {
			h.t.Error("found by the old value or not by the new")
		}
		if got := h.export(s); !slices.Equal(got, []string{"new@b.example"}) {
			h.t.Errorf("copies of one part are exported once: %q", got)
		}
		h.want("elsewhere", rectify(vault.Access{Actor: "system", Purpose: "enquiry", Surface: "console"}, id, []byte("x")), "undeclared")
		h.want("no such record", rectify(site, id+1, []byte("x")), "not found")
		h.want("no value", rectify(site, id, nil), "input")
	})
}

func TestReadSubject(t *testing.T) {
	each(t, func(h *house) {
		s := h.person()
		h.put(site, item(s, "enquiry.message", "one"), item(s, "contact.name", "Anna"), item(s, "enquiry.message", "two"))
		list := func(a vault.Access, category string) (got []string, err error) {
			err = h.st.View(ctx, func(tx *store.Tx) error {
				recs, err := h.v.ReadSubject(ctx, tx, a, s, category)
				for _, r := range recs {
					got = append(got, string(r.Value()))
				}
				return err
			})
			return got, err
		}
		if got, err := list(site, "enquiry.message"); err != nil || !slices.Equal(got, []string{"one", "two"}) {
			h.t.Errorf("read %q, %v", got, err)
		}
		if got, err := list(on("account"), "contact.name"); err != nil || len(got) != 0 {
			h.t.Errorf("read for another purpose: %q, %v", got, err)
		}
		h.update(func(tx *store.Tx) error { return h.v.Restrict(ctx, tx, site, s) })
		_, err := list(site, "enquiry.message")
		h.want("restricted", word(err), "restricted")
	})
}

// A record does not open for another: its id, key, category and version are
// bound to what is sealed.
func TestSealedValueCannotBeMoved(t *testing.T) {
	each(t, func(h *house) {
		s := h.person()
		ids := h.put(site, item(s, "enquiry.message", "first"), item(s, "enquiry.message", "second"), item(s, "contact.name", "Anna"))
		for _, other := range ids[1:] {
			if _, err := h.st.DB().Exec("UPDATE records SET sealed = (SELECT sealed FROM records WHERE id = $1) WHERE id = $2", int64(other), int64(ids[0])); err != nil {
				h.t.Fatal(err)
			}
			if got := h.read(site, ids[0]); got == "first" || got == "second" || got == "Anna" {
				h.t.Errorf("opened a moved value: %q", got)
			}
		}
		if _, err := h.st.DB().Exec("UPDATE records SET label = (SELECT label FROM records WHERE id = $1) WHERE id = $2", int64(ids[2]), int64(ids[1])); err != nil {
			h.t.Fatal(err)
		}
		if got := h.read(site, ids[1]); got == "second" {
			h.t.Error("opened under another category")
		}
	})
}

func TestValuesDoNotPrint(t *testing.T) {
	r := vault.Record{Parts: []vault.Part{{Value: []byte("secret")}}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if got := fmt.Sprintf(verb+verb, r, r.Parts[0]); got != "[record][part]" {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}
