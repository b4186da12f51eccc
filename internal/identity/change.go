package identity

import "candour/internal/store"

// OnChange has fn told, within the transaction, of each closing or erasure of an
// account and of each new role, so that whoever remembers accounts forgets them
// at the commit. It belongs to the wiring, before anything is served.
func (a *Accounts) OnChange(fn func(*store.Tx)) { a.onChange = append(a.onChange, fn) }

func (a *Accounts) tells(tx *store.Tx) {
	for _, fn := range a.onChange {
		fn(tx)
	}
}
