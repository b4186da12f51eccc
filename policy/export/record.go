package export

import (
	"encoding/csv"
	"io"
	"slices"
	"strings"

	"candour/policy"
)

// record is the record of processing activities of UK GDPR Art 30(1).
type record struct {
	Policy     *policy.Policy
	Contacts   []fact
	Rows       []row
	Recipients []recipient
	Retention  []policy.Retention
	Measures   []string
}

type fact struct{ Name, Value string }

// row is one purpose on one basis with one time limit.
type row struct {
	ID, Purpose, Description string
	Subjects                 []string // Art 30(1)(c)
	Categories               []string // Art 30(1)(c)
	Special                  []string // those of Art 9
	Basis, Condition, Reason string
	Recipients               []string // Art 30(1)(d)
	Transfers                []string // Art 30(1)(e)
	Limit                    string   // Art 30(1)(f)
}

type recipient struct {
	policy.Recipient
	Categories []string
	Abroad     bool
}

// measures hold for every operator, because the software keeps them
// (Art 30(1)(g)).
var measures = []string{
	"Personal data is encrypted where it is stored, under a key for each person and kind of retention.",
	"Connections are encrypted.",
	"Each use names a declared purpose and an actor who may act for it; others are refused.",
	"Each use, change and erasure is recorded in a log that shows tampering.",
	"Data is erased or anonymised when its time has passed, and its keys with it.",
}

func newRecord(p *policy.Policy) record {
	o := p.Operator
	r := record{Policy: p, Retention: p.Retention, Measures: append(slices.Clone(measures), p.Storage.Measures...)}
	add := func(name string, value ...string) {
		if v := strings.Join(value, ", "); v != "" {
			r.Contacts = append(r.Contacts, fact{name, v})
		}
	}
	add("Controller", o.Name)
	add("Company number", o.CompanyNumber)
	add("Registered address", o.RegisteredAddress...)
	add(o.Officer.Title, nonEmpty(o.Officer.Email, o.Officer.Telephone, strings.Join(o.Officer.Address, ", "))...)
	add("Contact", nonEmpty(o.Support.Email, o.Support.Telephone)...)
	regions := make([]string, len(p.Storage.Regions))
	for i, g := range p.Storage.Regions {
		regions[i] = string(g)
	}
	add("Kept in", regions...)
	for i := range p.Purposes {
		for j := range p.Purposes[i].Uses {
			r.Rows = append(r.Rows, newRow(p, &p.Purposes[i], &p.Purposes[i].Uses[j]))
		}
	}
	for _, q := range p.Recipients {
		r.Recipients = append(r.Recipients, recipient{q, titles(p, q.Categories), !q.Region.Near()})
	}
	return r
}

func newRow(p *policy.Policy, q *policy.Purpose, u *policy.Use) row {
	w := row{
		ID: q.ID, Purpose: q.Title, Description: q.Description, Subjects: q.Subjects, Categories: titles(p, u.Categories),
		Basis: string(u.Basis), Condition: u.Condition, Reason: strings.Join(nonEmpty(u.Interest, u.Law), "; "),
	}
	if by := q.ChannelList(); by != "" {
		w.Description += " By " + by + "."
	}
	surfaces := map[string]bool{}
	for _, id := range u.Categories {
		if c, ok := p.CategoryByID(id); ok {
			if c.Kind == "special" {
				w.Special = append(w.Special, c.Title)
			}
			for _, s := range c.Surfaces {
				surfaces[s] = true
			}
		}
	}
	if len(w.Subjects) == 0 {
		var used []string
		for _, s := range p.Surfaces {
			if surfaces[s.ID] {
				used = append(used, s.Title)
			}
		}
		w.Subjects = []string{"people who use: " + strings.Join(used, ", ")}
	}
	for _, id := range q.Recipients {
		if g, ok := p.RecipientByID(id); ok {
			w.Recipients = append(w.Recipients, g.Name)
			if !g.Region.Near() {
				w.Transfers = append(w.Transfers, g.Name+": "+string(g.Region)+", "+g.Safeguard)
			}
		}
	}
	if t, ok := p.RetentionByID(u.Retention); ok {
		w.Limit = t.Title
	}
	return w
}

func titles(p *policy.Policy, ids []string) []string {
	var out []string
	for _, id := range ids {
		if c, ok := p.CategoryByID(id); ok {
			out = append(out, c.Title)
		}
	}
	return out
}

func nonEmpty(all ...string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

var columns = []string{
	"Controller", "Officer", "Purpose", "Description", "People", "Categories of data", "Special categories", "Lawful basis",
	"Condition", "Interest or law", "Recipients", "Transfers abroad and safeguard", "Kept for", "Security measures",
}

// recordCSV writes the record with one line for each purpose, basis and time
// limit.
func recordCSV(w io.Writer, p *policy.Policy) error {
	r := newRecord(p)
	out := csv.NewWriter(w)
	out.UseCRLF = true // RFC 4180 section 2
	lines := [][]string{columns}
	for _, v := range r.Rows {
		list := func(s []string) string { return strings.Join(s, "; ") }
		lines = append(lines, []string{
			p.Operator.Name, p.Operator.Officer.Title + ", " + p.Operator.Officer.Email, v.Purpose, v.Description,
			list(v.Subjects), list(v.Categories), list(v.Special), v.Basis, v.Condition, v.Reason,
			list(v.Recipients), list(v.Transfers), v.Limit, list(r.Measures),
		})
	}
	for _, line := range lines {
		for i := range line {
			line[i] = inert(line[i])
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// inert keeps a spreadsheet from running a cell: one that begins like a formula
// gets an apostrophe in front, which the spreadsheet takes for "text".
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n|%＝＋－＠", []rune(cell)[0]) {
		return "'" + cell
	}
	return cell
}
