package web

import (
	"reflect"
	"testing"

	"candour/internal/identity"
)

func TestMenuGroups(t *testing.T) {
	rt := &Routes{}
	rt.Menu("Overview", "/")
	rt.MenuIn("Yours", "Choices", "/choices")
	rt.Menu("Security", "/security")
	rt.MenuIn("Yours", "Data", "/data")
	rt.MenuIn("Firm", "People", "/people", identity.CustomerAdministrator)
	rt.MenuIn("Firm", "Lines", "/lines")
	overview, choices, data, security := Link{Label: "Overview", Href: "/"}, Link{Label: "Choices", Href: "/choices"}, Link{Label: "Data", Href: "/data"}, Link{Label: "Security", Href: "/security"}
	people, lines := Link{Label: "People", Href: "/people"}, Link{Label: "Lines", Href: "/lines"}
	here := func(l Link) Link { l.Current = true; return l }
	yours := func(l ...Link) Link { return Link{Label: "Yours", Href: "/choices", Below: l} }
	for _, test := range []struct {
		role identity.Role
		path string
		want []Link
	}{
		{identity.CustomerAdministrator, "/", []Link{here(overview), yours(choices, data), security, {Label: "Firm", Href: "/people", Below: []Link{people, lines}}}},
		{identity.CustomerUser, "/data/copy", []Link{overview, here(yours(choices, here(data))), security, lines}},
		{identity.CustomerUser, "/lines", []Link{overview, yours(choices, data), security, here(lines)}},
	} {
		me := &identity.Session{Account: identity.Account{Role: test.role}}
		if got := rt.menuFor(me, test.path); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s on %s sees\n%+v, wanted\n%+v", test.role, test.path, got, test.want)
		}
	}
}
