package softphone_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"

	"candour/internal/store"
	"candour/internal/telecom"
)

// L24, L25: what calls cost is on a statement for each month, call by call unless
// its person would rather not, and the same holds for whoever looks after the
// accounts of the firm and for the file; a call that costs leaves the list and
// stays on the bill, as the page says.
func TestStatementPage(t *testing.T) {
	b := open(t)
	b.phones.Connect(outward{"emergency-services"})
	ann := b.caller(t, "Ann", "1001")
	cal := ann.colleague(t, "Cal", "1003")
	cal.rings(t, "+447911123456", telecom.Completed)
	month := "/statement/" + b.Now().Format("2006-01")
	own, theirs := "/spending"+month, "/spending/people/"+cal.me.Account.Reference+month

	list := cal.get("/calls").Text
	if !strings.Contains(list, "It cost ") || !strings.Contains(list, "If you remove it, the bill keeps it until ") {
		t.Error("the list does not say that the bill keeps the call")
	}
	forget := list[strings.Index(list, `action="/calls/`)+len(`action="`):]
	if a := cal.press(forget[:strings.Index(forget, `"`)]); a.StatusCode != http.StatusSeeOther || strings.Contains(cal.get("/calls").Text, "447911123456") {
		t.Errorf("it stays in the list: %d", a.StatusCode)
	}

	for c, path := range map[*caller]string{cal: "/spending", ann: "/spending/people/" + cal.me.Account.Reference} {
		if a := c.get(path); !strings.Contains(a.Text, path+month) {
			t.Errorf("%s does not lead to the statement", path)
		}
	}
	expect := func(c *caller, path string, status int, has, lacks string) {
		t.Helper()
		a := c.get(path)
		if a.StatusCode != status || has != "" && !strings.Contains(a.Text, has) || lacks != "" && strings.Contains(a.Text, lacks) {
			t.Errorf("%s: %d, want %d with %q and without %q", path, a.StatusCode, status, has, lacks)
		}
	}
	expect(cal, own, 200, "447911123456", "")
	expect(ann, theirs, 200, "447911123•••", "123456")
	expect(cal, own+"/file", 200, "+447911123456", "")
	file := ann.get(theirs + "/file")
	rows, err := csv.NewReader(strings.NewReader(file.Text)).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][1] != "+447911123•••" || !strings.HasPrefix(file.Header.Get("Content-Type"), "text/csv") {
		t.Errorf("the table has %d lines, %v", len(rows), err)
	}
	if told := cal.get("/history").Text; !strings.Contains(told, "used") {
		t.Error("the look does not stand in the history")
	}

	line := cal.line(t)
	roles, err := telecom.SettingsRolesOf(b.InForce())
	if err == nil {
		err = b.Store.Update(ctx, func(tx *store.Tx) error {
			return b.phones.Set(ctx, tx, cal.me.Access(roles.Purpose), line, telecom.BillField, "plain")
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	expect(cal, own, 200, "You chose bills without the single calls", "447911")
	expect(ann, theirs, 200, "chose bills without the single calls", "447911")
	for _, c := range []struct {
		who  *caller
		path string
	}{
		{cal, own + "/file"}, {ann, theirs + "/file"}, {cal, "/spending/people/" + ann.me.Account.Reference + month}, {cal, theirs}, {cal, "/spending/statement/planted"},
		{cal, "/spending/statement/2020-01"}, {ann, own}, {ann, "/spending/people/none" + month},
	} {
		expect(c.who, c.path, 404, "", "")
	}
}
