package vault_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
)

// R28, R29: a look at a person is one entry, names what was seen, and tells of
// what is withheld nothing but that it is.
func TestLookSubject(t *testing.T) {
	each(t, func(h *house) {
		old, s, other := h.person(), h.person(), h.person()
		h.put(site, item(old, "contact.email", "old@x.example"))
		h.put(site, item(s, "enquiry.message", "hello"))
		h.put(site, vault.Item{Category: "contact.name", Parts: []vault.Part{
			{Owner: other, Value: []byte("Bob")}, {Owner: s, Kind: vault.Party, Value: []byte("Ann")},
		}})
		h.put(site, vault.Item{Category: "contact.telephone", Parts: []vault.Part{
			{Owner: other, Value: []byte("01632 960001")}, {Owner: s, Kind: vault.Mentioned, Value: []byte("01632 960002")},
		}})
		h.put(on("account"), item(s, "contact.name", "for the contract"))
		h.update(func(tx *store.Tx) error { return h.v.Alias(ctx, tx, old, s) })

		look := func(a vault.Access, categories ...string) string {
			var sight vault.Sight
			err := h.st.Update(ctx, func(tx *store.Tx) (err error) {
				sight, err = h.v.LookSubject(ctx, tx, a, s, categories...)
				return err
			})
			if err != nil {
				return word(err)
			}
			if got := fmt.Sprintf("%v %+v", sight, sight); got != "[sight] [sight]" {
				h.t.Errorf("a sight prints as %s", got)
			}
			var list []string
			for _, r := range sight.Records {
				list = append(list, string(r.Value()))
			}
			for _, w := range sight.Withheld {
				list = append(list, w.Category+" "+w.Why.String())
			}
			return strings.Join(list, ", ")
		}
		h.want("for an enquiry", look(by("clerk", "enquiry")), "old@x.example, Ann, hello")
		h.want("one category", look(by("clerk", "enquiry"), "enquiry.message"), "hello")
		h.want("one that is not for it", look(by("clerk", "enquiry"), "enquiry.message", "bill"), "hello, bill undeclared")
		h.want("nothing there", look(by("clerk", "enquiry"), "contact.telephone"), "")
		h.want("none that may be", look(by("clerk", "enquiry"), "bill"), "purpose")
		h.want("none that is", look(by("clerk", "enquiry"), "shoe.size"), "purpose")
		h.want("without a purpose", look(by("clerk", "")), "purpose")
		h.want("for another's purpose", look(by("support", "tax")), "purpose")
		h.want("by nobody", look(by("", "enquiry")), "purpose")
		h.want("the looks", h.about(s, "record.used"), "record.used  3, record.used  1, record.used  1, record.used  0")
		h.want("of the other", h.about(other, "record.used"), "")

		h.shutOut(s, "staff")
		h.want("shut out", look(by("clerk", "enquiry")), "shut out")
		h.want("of the contract", look(by("clerk", "account")), "for the contract")
		h.update(func(tx *store.Tx) error { return h.v.Object(ctx, tx, site, s, "enquiry", true) })
		h.letIn(s, "staff")
		h.want("objected", look(by("clerk", "enquiry")), "objected")
		if got := h.refused(); !strings.Contains(got, "shut-out@vault-read=") || !strings.Contains(got, "objected@vault-read=") {
			h.t.Errorf("refusals are counted as %s", got)
		}
	})
}

// A look sees as much as there is, in order, over all aliases, and past what is
// gone or past its time.
func TestLookSeesAll(t *testing.T) {
	each(t, func(h *house) {
		old, s := h.person(), h.person()
		h.update(func(tx *store.Tx) error { return h.v.Alias(ctx, tx, old, s) })
		var want []string
		for i := range 5 {
			var items []vault.Item
			for j := range 70 {
				value := fmt.Sprint("message ", i, " ", j)
				want = append(want, value)
				items = append(items, item([]keys.SubjectID{old, s}[i%2], "enquiry.message", value), item(s, "contact.name", "Ann"))
			}
			h.put(site, items...)
		}
		var got []string
		names := 0
		h.update(func(tx *store.Tx) error {
			sight, err := h.v.LookSubject(ctx, tx, by("clerk", "enquiry"), s)
			for _, r := range sight.Records {
				if r.Category == "contact.name" {
					if names++; len(got) > 0 {
						h.t.Fatal("categories are mixed")
					}
					continue
				}
				got = append(got, string(r.Value()))
			}
			return err
		})
		if !slices.Equal(got, want) || names != len(want) {
			h.t.Errorf("%d messages and %d names are seen, want %d of each, in order", len(got), names, len(want))
		}
		h.set(start.AddDate(6, 0, 0))
		h.update(func(tx *store.Tx) error {
			sight, err := h.v.LookSubject(ctx, tx, by("clerk", "enquiry"), s)
			if len(sight.Records) != 0 {
				h.t.Errorf("%d records are seen past their time", len(sight.Records))
			}
			return err
		})
	})
}

// A look at a shared record is told to each whose part was seen, and its number
// to its owner alone.
func TestLookAtASharedRecord(t *testing.T) {
	each(t, func(h *house) {
		caller, callee, third := h.person(), h.person(), h.person()
		id := h.put(on("calls"), vault.Item{Category: "call.record", Parts: []vault.Part{
			{Owner: caller, Value: []byte("01632 960001")}, {Owner: callee, Kind: vault.Party, Value: []byte("01632 960002")},
			{Owner: third, Kind: vault.Mentioned, Value: []byte("01632 960003")},
		}})[0]
		h.update(func(tx *store.Tx) error {
			_, err := h.v.Look(ctx, tx, by("clerk", "calls"), id)
			return err
		})
		for _, c := range []struct {
			s    keys.SubjectID
			refs []int64
		}{{caller, []int64{int64(id)}}, {callee, []int64{0}}, {third, nil}} {
			var refs []int64
			h.update(func(tx *store.Tx) error {
				entries, err := h.log.About(ctx, tx, c.s, 0, 10)
				for _, e := range entries {
					if e.Body.Kind == evidence.RecordUsed {
						refs = append(refs, e.Body.Ref)
					}
				}
				return err
			})
			if !slices.Equal(refs, c.refs) {
				h.t.Errorf("looks are told with numbers %v, want %v", refs, c.refs)
			}
		}
	})
}

// R28: what several people share is told to each, about their own part; a batch
// about many lies with the operator.
func TestPutIsToldToEach(t *testing.T) {
	each(t, func(h *house) {
		caller, callee, third := h.person(), h.person(), h.person()
		call := vault.Item{Category: "call.record", Parts: []vault.Part{
			{Owner: caller, Value: []byte("01632 960001")}, {Owner: callee, Kind: vault.Party, Value: []byte("01632 960002")},
			{Owner: third, Kind: vault.Mentioned, Value: []byte("01632 960003")},
		}}
		ids := h.put(on("calls"), call, item(caller, "call.record", "01632 960004"))
		told := func(s keys.SubjectID) (list []string) {
			h.update(func(tx *store.Tx) error {
				entries, err := h.log.About(ctx, tx, s, 0, 10)
				for _, e := range entries {
					list = append(list, fmt.Sprint(e.Body.Kind, " ", e.Body.Category, " ", e.Body.Count, " ", e.Body.Ref, " ", len(e.Body.Hash)))
				}
				return err
			})
			return list
		}
		h.want("the caller", fmt.Sprint(told(caller)), fmt.Sprintf("[record.collected call.record 2 %d 32]", int64(ids[0])))
		h.want("the callee", fmt.Sprint(told(callee)), "[record.collected call.record 1 0 0]")
		h.want("who is mentioned", fmt.Sprint(told(third)), "[]")
		var many []vault.Item
		for range 9 {
			many = append(many, item(h.person(), "call.record", "01632 960005"))
		}
		h.put(on("calls"), many...)
		h.want("one of many", fmt.Sprint(told(many[0].Parts[0].Owner)), "[]")
		h.put(on("calls"), many[:8]...)
		h.want("one of eight", fmt.Sprint(len(told(many[0].Parts[0].Owner))), "1")
	})
}
