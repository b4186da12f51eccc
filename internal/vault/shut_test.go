package vault_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
)

func by(actor, purpose string) vault.Access {
	return vault.Access{Actor: actor, Purpose: purpose, Surface: "console"}
}

// gate acts on a person's gate and returns the refusal as a word.
func (h *house) gate(fn func(tx *store.Tx) error) string {
	h.t.Helper()
	if err := h.st.Update(ctx, fn); err != nil {
		return word(err)
	}
	return "done"
}

func (h *house) shutOut(s keys.SubjectID, kind string) string {
	return h.gate(func(tx *store.Tx) error { return h.v.ShutOut(ctx, tx, on("account"), s, kind) })
}

func (h *house) letIn(s keys.SubjectID, kind string) string {
	return h.gate(func(tx *store.Tx) error { return h.v.LetIn(ctx, tx, on("account"), s, kind) })
}

func (h *house) grant(s keys.SubjectID, kind string, length time.Duration) string {
	return h.gate(func(tx *store.Tx) error { return h.v.Grant(ctx, tx, on("account"), s, kind, length) })
}

func (h *house) endGrant(s keys.SubjectID, kind string) string {
	return h.gate(func(tx *store.Tx) error { return h.v.EndGrant(ctx, tx, on("account"), s, kind) })
}

// about returns the kinds, codes and counts of the evidence about a person
// whose kind begins with the prefix, oldest first.
func (h *house) about(s keys.SubjectID, prefix string) string {
	h.t.Helper()
	var list []string
	err := h.st.View(ctx, func(tx *store.Tx) error {
		entries, err := h.log.About(ctx, tx, s, 0, 1000)
		for _, e := range entries {
			if strings.HasPrefix(string(e.Body.Kind), prefix) {
				list = append(list, strings.TrimPrefix(fmt.Sprint(e.Body.Kind, " ", e.Body.Code, " ", e.Body.Count), "access."))
			}
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	slices.Reverse(list)
	return strings.Join(list, ", ")
}

// R29: whom a person shut out gets what contract and law need and no more,
// until they are let in, for a time or for good; each is in the history.
func TestShutOut(t *testing.T) {
	each(t, func(h *house) {
		s, other := h.person(), h.person()
		message := h.put(site, item(s, "enquiry.message", "hello"))[0]
		theirs := h.put(site, item(other, "enquiry.message", "hello"))[0]
		name := h.put(on("account"), item(s, "contact.name", "Ann"))[0]
		bill := h.put(on("tax"), item(s, "bill", "12 pounds"))[0]
		h.consent(s, "offers", true)
		offer := h.put(on("offers"), item(s, "contact.email", "ann@x.example"))[0]

		h.want("before", h.read(by("clerk", "enquiry"), message), "hello")
		h.want("shut out", h.shutOut(s, "staff"), "done")
		h.want("again", h.shutOut(s, "staff"), "done")
		h.want("legitimate interest", h.read(by("clerk", "enquiry"), message), "shut out")
		h.want("consent", h.read(by("clerk", "offers"), offer), "shut out")
		h.want("contract", h.read(by("clerk", "account"), name), "Ann")
		h.want("law", h.read(by("clerk", "tax"), bill), "12 pounds")
		h.want("a partner", h.read(by("reseller", "enquiry"), message), "hello")
		h.want("the software", h.read(on("enquiry"), message), "hello")
		h.want("the software, on consent", h.read(on("offers"), offer), "ann@x.example")
		h.want("somebody else's", h.read(by("clerk", "enquiry"), theirs), "hello")

		h.want("too short", h.grant(s, "staff", time.Minute), "input")
		h.want("too long", h.grant(s, "staff", 8*24*time.Hour), "input")
		h.want("no whole hours", h.grant(s, "staff", 90*time.Minute), "input")
		h.want("to whom is not shut out", h.grant(s, "partner", time.Hour), "input")
		h.want("the software cannot be shut out", h.shutOut(s, "software"), "input")
		h.want("nobody", h.shutOut(keys.NewSubjectID(), "staff"), "not found")

		h.want("a grant", h.grant(s, "staff", time.Hour), "done")
		h.set(start.Add(time.Hour - time.Millisecond))
		h.want("while it runs", h.read(by("clerk", "enquiry"), message), "hello")
		h.set(start.Add(time.Hour))
		h.want("it ends by itself", h.read(by("clerk", "enquiry"), message), "shut out")
		h.want("a longer one", h.grant(s, "staff", 7*24*time.Hour), "done")
		h.want("runs", h.read(by("clerk", "enquiry"), message), "hello")
		h.want("is ended", h.endGrant(s, "staff"), "done")
		h.want("again", h.endGrant(s, "staff"), "done")
		h.want("at once", h.read(by("clerk", "enquiry"), message), "shut out")
		h.want("let in", h.letIn(s, "staff"), "done")
		h.want("as before", h.read(by("clerk", "enquiry"), message), "hello")
		h.want("the history", h.about(s, "access."), "shut staff 0, granted staff 1, granted staff 168, ended staff 0, opened staff 0")

		h.want("a partner too", h.shutOut(s, "partner"), "done")
		h.want("is shut out", h.read(by("reseller", "enquiry"), message), "shut out")
		h.want("staff are not", h.read(by("clerk", "enquiry"), message), "hello")
		if _, err := h.v.Erase(ctx, s); err != nil {
			h.t.Fatal(err)
		}
		h.want("an erased person", h.shutOut(s, "staff"), "not found")
	})
}

// A person who shut somebody out and is then kept for law alone is not taken
// for living by whoever writes.
func TestShutOutOfTheErased(t *testing.T) {
	each(t, func(h *house) {
		s := h.person()
		h.put(on("tax"), item(s, "bill", "12 pounds"))
		h.shutOut(s, "staff")
		h.shutOut(s, "partner")
		if _, err := h.v.Erase(ctx, s); err != nil {
			h.t.Fatal(err)
		}
		h.want("a new bill", word(h.tryPut(on("tax"), item(s, "bill", "13 pounds"))), "not found")
		h.want("a gate", h.shutOut(s, "staff"), "not found")
		h.want("a grant", h.grant(s, "staff", time.Hour), "not found")
	})
}

// oracleGate is what a person decided, as the test keeps it.
type oracleGate struct {
	shut  bool
	until time.Time
}

// R29 against an oracle: whatever people decide in whatever order, people who
// are found to be one included, each read is answered as the decisions say.
func TestShutOutAgreesWithOracle(t *testing.T) {
	kinds := []string{"staff", "partner"}
	actors := map[string]string{"clerk": "staff", "reseller": "partner", "system": ""}
	each(t, func(h *house) {
		rng := rand.New(rand.NewPCG(29, 1))
		var people []keys.SubjectID
		var messages, names []vault.RecordID
		gates := map[int]map[string]*oracleGate{} // of a person, shared by those who are one
		for i := range 6 {
			s := h.person()
			people = append(people, s)
			messages = append(messages, h.put(site, item(s, "enquiry.message", "hello"))[0])
			names = append(names, h.put(on("account"), item(s, "contact.name", "Ann"))[0])
			gates[i] = map[string]*oracleGate{"staff": {}, "partner": {}}
		}
		acts := []func(i int, kind string, g *oracleGate){
			func(i int, kind string, g *oracleGate) {
				h.want("shut", h.shutOut(people[i], kind), "done")
				*g = oracleGate{shut: true}
			},
			func(i int, kind string, g *oracleGate) {
				h.want("let in", h.letIn(people[i], kind), "done")
				*g = oracleGate{}
			},
			func(i int, kind string, g *oracleGate) {
				length := time.Duration(1+rng.IntN(168)) * time.Hour
				want := "input"
				if g.shut {
					want, g.until = "done", h.now().Add(length)
				}
				h.want("grant", h.grant(people[i], kind, length), want)
			},
			func(i int, kind string, g *oracleGate) {
				h.want("end", h.endGrant(people[i], kind), "done")
				g.until = time.Time{}
			},
			func(int, string, *oracleGate) { h.set(h.now().Add(time.Duration(rng.IntN(100)) * time.Hour)) },
			func(i int, _ string, _ *oracleGate) {
				if rng.IntN(8) > 0 {
					return
				}
				j := rng.IntN(len(people))
				h.update(func(tx *store.Tx) error { return h.v.Alias(ctx, tx, people[i], people[j]) })
				for _, kind := range kinds {
					if from, to := gates[i][kind], gates[j][kind]; from.shut && !to.shut {
						*to = *from
					}
				}
				old := gates[i]
				for k := range people { // all who were one with i are one with j
					if gates[k]["staff"] == old["staff"] {
						gates[k] = gates[j]
					}
				}
			},
		}
		for range 120 {
			i, kind := rng.IntN(len(people)), kinds[rng.IntN(2)]
			acts[rng.IntN(len(acts))](i, kind, gates[i][kind])
			for k := range people {
				for actor, kind := range actors {
					want := "hello"
					if g := gates[k][kind]; g != nil && g.shut && g.until.Unix() <= h.now().Unix() {
						want = "shut out"
					}
					h.want(fmt.Sprint(actor, " reads ", k), h.read(by(actor, "enquiry"), messages[k]), want)
					h.want(fmt.Sprint(actor, " keeps the contract of ", k), h.read(by(actor, "account"), names[k]), "Ann")
				}
			}
			if h.t.Failed() {
				return
			}
		}
	})
}
