package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// signedIn audits the small site as somebody of a role, who must be gone
// afterwards.
func signedIn(t *testing.T, f faults, change func(*Options, *SignedIn)) (*Report, error) {
	t.Helper()
	s := startSite(t, f)
	in := SignedIn{Cookies: []SignIn{{Surface: "portal", Name: "session", Value: rightToken, Hosts: []string{portalHost}}}}
	begun, ended := 0, 0
	o := Options{URL: s.url(parentHost, ""), Profile: s.policy(), NoVisitor: true, As: []As{{
		Role:  "customer",
		Begin: func(context.Context) (SignedIn, error) { begun++; return in, nil },
		End:   func(ctx context.Context) error { ended++; return ctx.Err() },
	}}}
	if change != nil {
		change(&o, &in)
	}
	r, err := Run(t.Context(), o)
	if begun != 1 || ended != 1 {
		t.Errorf("somebody was made %d times and erased %d times, want once each", begun, ended)
	}
	return r, err
}

func opened(r *Report, path string) bool {
	return slices.ContainsFunc(r.Pages, func(p PageRun) bool { return strings.HasSuffix(p.Address, path) })
}

// Behind the sign-in an honest site gives no difference, and the report says as
// whom it was seen (R7, R25).
func TestHonestSiteSignedIn(t *testing.T) {
	t.Parallel()
	r, err := signedIn(t, faults{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range r.Differences {
		t.Errorf("a difference on an honest site: %s", d)
	}
	if !opened(r, "/profile") || opened(r, "/sign-out") {
		t.Errorf("the pages that were opened: %v", r.Pages)
	}
	for _, s := range r.States {
		if s.Role != "customer" || s.Pages < 4 {
			t.Errorf("a walk as %q in the state %s saw %d pages", s.Role, s.State, s.Pages)
		}
	}
	if got := r.Roles(); len(r.States) != 2 || !slices.Equal(got, []string{"customer"}) {
		t.Errorf("walks: %v, as %v", r.States, got)
	}
	for _, n := range r.Notes {
		if strings.Contains(n.Page, "/reset") {
			t.Errorf("a form that this role has not is told of: %v", n)
		}
	}
	var b strings.Builder
	if err := errors.Join(r.WriteJSON(&b), r.WriteHTML(&b), r.WriteSummary(&b)); err != nil || strings.Contains(b.String(), `"`+rightToken) {
		t.Errorf("the report tells the sign-in: %v", err)
	}
	if n := strings.Count(b.String(), "/people/"); n == 0 || opened(r, "/people/8") {
		t.Error("of many pages of one kind a few are opened")
	}
}

// What is planted behind the sign-in is found there, and named with the role.
func TestPlantedBehindTheSignIn(t *testing.T) {
	t.Parallel()
	r, err := signedIn(t, faults{signedIn: true}, func(o *Options, _ *SignedIn) { o.NoVisitor = false })
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"trackmember": KindCookieUndeclared, otherHost: KindRequestUndeclared, "birthday": KindFieldUndeclared}
	for subject, kind := range want {
		i := slices.IndexFunc(r.Differences, func(d Difference) bool { return d.Kind == kind && d.Subject == subject })
		if i < 0 {
			t.Errorf("no difference %s about %s", kind, subject)
			continue
		}
		if d := r.Differences[i]; !slices.Equal(d.Roles, []string{"customer"}) || !strings.Contains(d.String(), "first as customer http://"+portalHost) {
			t.Errorf("it does not say as whom it was seen: %s", d)
		}
	}
	for _, d := range r.Differences {
		if want[d.Subject] != d.Kind {
			t.Errorf("a difference nobody planted: %s", d)
		}
	}
	if got := r.Roles(); !slices.Equal(got, []string{Visitor, "customer"}) {
		t.Errorf("looked as %v", got)
	}
}

// Staff open nobody's pages but those that are given to them.
func TestStaffLookAtNobody(t *testing.T) {
	t.Parallel()
	r, err := signedIn(t, faults{}, func(o *Options, in *SignedIn) { o.As[0].Staff, in.Pages = true, []string{"/people/7"} })
	if err != nil {
		t.Fatal(err)
	}
	for i := range 9 {
		if got := opened(r, fmt.Sprintf("/people/%d", i)); got != (i == 7) {
			t.Errorf("the page of person %d was opened: %v", i, got)
		}
	}
	if !opened(r, "/people/7/calls") {
		t.Error("where their own page leads was not opened")
	}
}

// A sign-in that the site does not take, or that is not for this host, ends the
// audit, and is ended.
func TestSignInNotTaken(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Options, *SignedIn){
		"another server's":  func(_ *Options, in *SignedIn) { in.Cookies[0].Value = "wrong" },
		"for another host":  func(_ *Options, in *SignedIn) { in.Cookies[0].Hosts = []string{"portal.elsewhere.localhost"} },
		"for no surface":    func(_ *Options, in *SignedIn) { in.Cookies[0].Surface = "attic" },
		"none could be had": func(o *Options, _ *SignedIn) { o.As[0].Begin = failing(o.As[0].Begin) },
	} {
		if _, err := signedIn(t, faults{}, change); !errors.Is(err, ErrSignIn) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func failing(begin func(context.Context) (SignedIn, error)) func(context.Context) (SignedIn, error) {
	return func(ctx context.Context) (SignedIn, error) {
		in, _ := begin(ctx)
		return in, ErrSignIn
	}
}

// Nothing that signs in is printed.
func TestSignInRedacted(t *testing.T) {
	in := SignedIn{Cookies: []SignIn{{Value: rightToken}}}
	if got := fmt.Sprintf("%v %+v %#v %s", in, in, in.Cookies[0], in.Cookies); strings.Contains(got, rightToken) {
		t.Errorf("printed: %s", got)
	}
}
