package console

import (
	"bytes"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"candour/internal/identity"
	"candour/internal/web"
	"candour/policy"
	"candour/policy/export"
)

// policyPage shows the policy in force, its versions, and who may do what by
// it.
func (h *site) policyPage(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	v := web.VisitOf(r)
	page := Policy{
		Base: h.Base(r, "Policy", ""), Number: v.Version.Number, From: v.Version.From.In(policy.London).Format(days),
		Hash: hex.EncodeToString(v.Version.Hash[:])[:hashDigits], Notice: v.URL("", web.VersionPath(v.Version.Number)),
		Roles: roleRows(h.InForce().Compiled, me.Account.Role),
	}
	list := h.Versions.List()
	for i, ver := range slices.Backward(list) {
		x := VersionView{Number: ver.Number, From: ver.From.In(policy.London).Format(days), Notice: v.URL("", web.VersionPath(ver.Number))}
		switch {
		case ver.Number == v.Version.Number:
			x.State = "in force"
		case ver.From.After(v.Now):
			x.State = "coming"
		default:
			x.State = "past"
		}
		if i > 0 {
			x.Since = v.URL("", web.ChangesPath(list[i-1].Number, ver.Number))
			for _, c := range policy.Diff(list[i-1].Profile.Policy, ver.Profile.Policy) {
				x.Changes = append(x.Changes, c.What)
			}
		}
		page.Versions = append(page.Versions, x)
	}
	for _, f := range recordForms {
		page.Record = append(page.Record, web.Link{Label: f.label, Href: "/policy/record/" + f.name})
	}
	h.Render(w, r, http.StatusOK, "console_policy", page)
	return nil
}

// hashDigits of a version's hash are shown; the whole is in the evidence.
const hashDigits = 16

// recordForms are the forms in which the record of processing is had.
var recordForms = []struct{ name, format, kind, label string }{
	{"record.html", "ropa-html", "text/html; charset=utf-8", "As a page to keep, print or send to the regulator"},
	{"record.csv", "ropa-csv", "text/csv; charset=utf-8", "As a table for a spreadsheet"},
	{"record.jsonld", "dpv-jsonld", "application/ld+json", "As linked data"},
	{"record.json", "json", "application/json", "The whole policy as JSON"},
}

// policyRecord hands out the record of processing of the version in force (UK
// GDPR Art 30), as a file: it has a style of its own, which no page of ours may.
func (h *site) policyRecord(w http.ResponseWriter, r *http.Request, _ *identity.Session) error {
	at := slices.IndexFunc(recordForms, func(f struct{ name, format, kind, label string }) bool { return f.name == r.PathValue("form") })
	if at < 0 {
		return web.ErrNotFound
	}
	f, p := recordForms[at], web.VisitOf(r).Policy()
	var b bytes.Buffer
	if err := export.Write(&b, f.format, p); err != nil {
		return err
	}
	file(w, f.kind, p.Operator.ID+"-policy-"+strconv.Itoa(p.Version)+"-"+f.name, b.Bytes())
	return nil
}

// file answers with something to be saved.
func file(w http.ResponseWriter, kind, name string, body []byte) {
	head := w.Header()
	head.Set("Content-Type", kind)
	head.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	head.Set("Content-Length", strconv.Itoa(len(body)))
	head.Set("Cache-Control", "no-store")
	_, _ = w.Write(body) // the client has gone
}

// roleRows say for each role what it may use data for, which data, on which
// ground, and what a person can stop.
func roleRows(c *policy.Compiled, own identity.Role) (groups []RoleGroup) {
	p := c.Policy()
	for _, a := range p.Actors {
		g := RoleGroup{Role: a.Title, Own: a.ID == own.Actor()}
		for _, q := range p.Purposes {
			if !slices.Contains(a.Purposes, q.ID) {
				continue
			}
			for _, u := range q.Uses {
				row := RoleRow{Purpose: q.Title, Ground: upper(u.Basis.Words()), Stops: stops(c, a.ID, q.ID, u.Categories)}
				for _, id := range u.Categories {
					row.Data = append(row.Data, categoryTitle(p, id))
				}
				g.Rows = append(g.Rows, row)
			}
		}
		groups = append(groups, g)
	}
	return groups
}

// stops says what a person's decisions do to a use, as the doors answer.
func stops(c *policy.Compiled, actor, purpose string, categories []string) string {
	who, _ := c.Actor(actor)
	q, _ := c.Purpose(purpose)
	if len(categories) == 0 {
		return ""
	}
	k, _ := c.Category(categories[0]) // all of a use are treated alike
	var words []string
	agreed := policy.Standing{Consents: policy.PurposeSet{}.With(q)}
	if c.Use(who, k, q, policy.Standing{}) == policy.NoConsent {
		words = append(words, "only with consent")
	}
	for _, x := range []struct {
		is   policy.Verdict
		st   policy.Standing
		word string
	}{
		{policy.Objected, policy.Standing{Consents: agreed.Consents, Objections: agreed.Consents}, "an objection"},
		{policy.Restricted, policy.Standing{Consents: agreed.Consents, Restricted: true}, "a restriction"},
		{policy.ShutOut, policy.Standing{Consents: agreed.Consents, Shut: policy.Staff | policy.Partner}, "shutting them out"},
	} {
		if c.Use(who, k, q, x.st) == x.is {
			words = append(words, "stopped by "+x.word)
		}
	}
	return upper(strings.Join(words, ", "))
}

// upper begins a sentence.
func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
