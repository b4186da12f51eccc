package sip_test

import (
	"context"
	"strings"
	"testing"

	"candour/internal/sip"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/vault"
)

// exec changes rows as somebody's past would have.
func (x *exchange) exec(query string, args ...any) {
	x.t.Helper()
	err := x.Store.Update(context.Background(), func(tx *store.Tx) error {
		_, err := tx.Exec(context.Background(), query, args...)
		return err
	})
	if err != nil {
		x.t.Fatal(err)
	}
}

// L29, L38: somebody who withholds their number, has nothing left to spend and
// whose calls were stopped as a fraud reaches nobody that costs, and the emergency
// services all the same, with their number, the address of the line and where the
// device is.
func TestEmergencyFromABlockedAccount(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, marked(0))
	ann, far := x.lines["ann"], nets[0]
	x.option("ann", telecom.NumberField, "withheld")
	x.exec("INSERT INTO call_caps (account, cap, chosen_ms) VALUES ($1, 0, 0)", ann.Account)
	x.exec(`INSERT INTO call_blocks (id, account, subject, reference, pattern, policy, seen, usual, made_ms, contested_ms, due_ms, said, state, decided_ms, reason)
		VALUES (1, $1, $2, 'AAAA-AAAA', 'toll-fraud', 1, 10, 0, $3, 0, 0, 0, 'standing', 0, 0)`, ann.Account, int64(ann.Subject), x.Now().UnixMilli())
	x.set("ann", func(ctx context.Context, tx *store.Tx, _ vault.Access, l telecom.Line) error {
		roles, err := telecom.AddressRolesOf(x.house.InForce())
		if err != nil {
			return err
		}
		a := vault.Access{Actor: l.Role.Actor(), Purpose: roles.Purpose, Surface: roles.Form.Surfaces[0], Own: true}
		return x.house.desk.SetAddress(ctx, tx, a, l, telecom.Address{House: "7", Street: "Orchard Way", Town: "Bromsgrove", Postcode: "b60 3dj"})
	})
	a := x.registered("ann")
	a.call("02079460018").refused(403)
	from := a.helped("999", deviceFix)
	to := far.rings()
	req := to.asked
	if req.From().Address.User != annsNumber || req.GetHeader("Privacy") != nil || !strings.Contains(req.GetHeader("P-Asserted-Identity").Value(), annsNumber) {
		t.Errorf("the services are told\n%s", req)
	}
	if req.GetHeader("Geolocation") == nil {
		t.Fatalf("no place goes with\n%s", req)
	}
	for _, want := range []string{"<ca:HNO>7<", "Orchard Way", "Bromsgrove", "B60 3DJ", "52.306900 -1.936700"} {
		if !strings.Contains(string(req.Body()), want) {
			t.Errorf("%s is not in\n%s", want, req.Body())
		}
	}
	to.reply(200, spoken(far.id))
	far.asked("ACK")
	from.connected()
	from.ask("BYE", 200, "", "")
	to.bye()
	x.kept("ann", telecom.Completed)
	if got := strings.Join(x.kinds(ann), ", "); !strings.Contains(got, "call.emergency with-address") {
		t.Errorf("Ann's history has %s", got)
	}
}
