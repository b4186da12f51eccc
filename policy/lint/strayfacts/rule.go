// Package strayfacts holds the rule that contacts and names stand in the
// declaration, not in the words.
package strayfacts

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "no-stray-facts",
	Title:   "E-mail addresses, hosts, telephone numbers and cookie names in the words are declared ones.",
	Source:  "UK GDPR Art 5(1)(a) and (d)",
	InForce: "2018-05-25",
	Reason:  "A second copy of a fact goes wrong when the first one changes.",
	Cure:    "Use a placeholder, or declare the fact.",
	Check:   check,
}

var (
	email = regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+`)
	// A host is known by its last label: a generic one, or one of two letters.
	host  = regexp.MustCompile(`\b(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:com|net|org|info|biz|gov|edu|tel|dev|app|cloud|online|site|example|localhost|[a-z]{2})\b`)
	phone = regexp.MustCompile(`(?:\+[0-9]|\b0)[0-9 ()-]{7,18}[0-9]\b`)
	code  = regexp.MustCompile("`([^`\n]+)`")
	token = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.*-]*$`)
)

func check(p *policy.Profile) policy.Faults {
	facts := declared(p.Policy)
	var faults policy.Faults
	if p.Notice != nil {
		faults = append(faults, stray(p.Notice, facts)...)
	}
	for _, page := range p.Pages {
		faults = append(faults, stray(page.Body, facts)...)
	}
	return faults
}

type facts struct {
	emails, hosts, phones map[string]bool
	cookie                func(string) bool
}

func declared(p *policy.Policy) facts {
	f := facts{emails: map[string]bool{}, hosts: map[string]bool{}, phones: map[string]bool{}}
	address := func(s string) {
		if u, err := url.Parse(s); err == nil && u.Hostname() != "" {
			f.hosts[u.Hostname()] = true
		}
	}
	for _, c := range []policy.Contact{p.Operator.Officer, p.Operator.Support, p.Operator.Security} {
		f.emails[strings.ToLower(c.Email)] = true
		f.phones[digits(c.Telephone)] = true
	}
	f.phones[digits(p.Regulator.Telephone)] = true
	for _, s := range []string{p.Regulator.Website, p.Regulator.Complaint, p.Regulator.AdviceURL} {
		address(s)
	}
	for _, r := range p.Recipients {
		address(r.Website)
	}
	for _, parent := range []string{p.Operator.Domain, p.Operator.LocalDomain} {
		f.hosts[parent] = true
		for _, s := range p.Surfaces {
			f.hosts[s.Host+"."+parent] = true
		}
	}
	f.cookie = func(name string) bool {
		return slices.ContainsFunc(p.Cookies, func(c policy.Cookie) bool { return c.Name == name || c.Matches(name) })
	}
	return f
}

func stray(text *policy.Prose, f facts) policy.Faults {
	var faults policy.Faults
	for i, line := range strings.Split(text.Source, "\n") {
		say := func(at int, what, cure string) {
			faults = append(faults, policy.Position{File: text.File, Line: text.Line + i, Column: at + 1}.Fault(what, cure))
		}
		rest := []byte(line)
		for _, m := range email.FindAllStringIndex(line, -1) {
			s := line[m[0]:m[1]]
			if !f.emails[strings.ToLower(s)] {
				say(m[0], fmt.Sprintf("the e-mail address %s is not declared", s), "use {{operator support.email}} or another declared contact")
			}
			blank(rest, m)
		}
		for _, m := range code.FindAllStringSubmatchIndex(string(rest), -1) {
			if s := line[m[2]:m[3]]; token.MatchString(s) && !f.cookie(s) {
				say(m[0], fmt.Sprintf("the name `%s` is not that of a declared cookie", s), "declare the cookie, or write the name without back-ticks")
			}
			blank(rest, m[:2])
		}
		for _, m := range host.FindAllStringIndex(string(rest), -1) {
			if s := line[m[0]:m[1]]; !f.hosts[s] && !strings.HasPrefix(line[m[1]:], "}}") {
				say(m[0], fmt.Sprintf("the host %s is not declared", s), "declare it (recipient, regulator or surface), or take it out")
			}
		}
		for _, m := range phone.FindAllStringIndex(string(rest), -1) {
			if s := line[m[0]:m[1]]; len(digits(s)) >= 9 && !f.phones[digits(s)] {
				say(m[0], fmt.Sprintf("the telephone number %s is not declared", s), "use {{operator support.telephone}} or another declared contact")
			}
		}
	}
	return faults
}

// blank overwrites what has been judged, so that the host in an e-mail address
// is not judged again.
func blank(b []byte, span []int) {
	for i := span[0]; i < span[1]; i++ {
		b[i] = ' '
	}
}

// digits normalises a number so that 01527 306 000 and +44 1527 306000 agree.
func digits(s string) string {
	var b strings.Builder
	for _, c := range s {
		if c >= '0' && c <= '9' {
			b.WriteRune(c)
		}
	}
	d := b.String()
	if strings.HasPrefix(strings.TrimSpace(s), "+44") {
		d = "0" + strings.TrimPrefix(strings.TrimPrefix(d, "44"), "0")
	}
	return d
}
