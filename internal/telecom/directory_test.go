package telecom_test

import (
	"testing"

	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/telecom"
)

// L31, PECR reg 18: nobody stands in the directory of their company who has not
// chosen to; who has is found by its people alone, and by nobody once they take
// it back. Whoever has not chosen is found neither by name nor by number.
func TestDirectory(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := open(t, st, "invoco")
		boss := x.customer("Ann")
		ann, bob := x.line(boss, "1001"), x.line(x.colleague(boss, "Bob"), "1002")
		cal := x.line(x.customer("Cal"), "1003")
		shown := func(l telecom.Line) (list []string) {
			found, err := x.desk.Directory(ctx, l)
			x.must(err)
			for _, f := range found {
				list = append(list, f.Name+" "+f.Extension)
			}
			return list
		}
		choose := func(l telecom.Line, yes bool) {
			x.update(func(tx *store.Tx) error { return x.Vault.SetConsent(ctx, tx, l.Subject, "directory", yes) })
		}
		x.want("before anybody chose", len(shown(ann)), 0)
		choose(bob, true)
		choose(cal, true)
		x.want("to a colleague", shown(ann), []string{"Bob 1002"})
		x.want("to themselves", shown(bob), []string{"Bob 1002"})
		x.want("to another firm's", len(shown(cal)), 1)
		x.want("of another firm", shown(cal)[0], "Cal 1003")
		choose(bob, false)
		x.want("once it was taken back", len(shown(ann)), 0)
	})
}
