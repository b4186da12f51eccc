package identity_test

import (
	"context"
	"net/url"
	"slices"
	"testing"

	"candour/internal/store"
	"candour/internal/store/storetest"
)

// R28: whoever asks for an address that somebody else's account has reads the
// same in their own history as whoever asks for a free one, although another
// letter was sent.
func TestHistoryTellsNothingOfOthersAccounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st)
		d.customer("bob@example.org")
		told := func(email, next string) []string {
			s := d.customer(email)
			before := len(d.About(s.Account.Subject))
			if err := d.a.AskAddress(context.Background(), s, url.Values{"email": {next}}); err != nil {
				t.Fatal(err)
			}
			d.post()
			list := d.About(s.Account.Subject)[before:]
			slices.Sort(list) // two mails that are sent at once have no order
			return list
		}
		taken, free := told("ann@example.org", "bob@example.org"), told("carl@example.org", "free@example.org")
		if !slices.Equal(taken, free) || len(free) == 0 {
			t.Errorf("for an address that is taken the history says %v, for a free one %v", taken, free)
		}
	})
}
