package audit

import (
	_ "embed"
	"html/template"
	"io"
	"strings"
)

//go:embed report.html.tmpl
var reportHTML string

var reportTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"states": stateWords,
	"state":  stateWord,
	"lower":  func(s State) string { return strings.ToLower(stateWord(s)) },
	"kinds":  func() []kindTitle { return kindTitles },
	"join":   func(s []string) string { return strings.Join(s, ", ") },
}).Parse(reportHTML))

type kindTitle struct{ Kind, Title, Empty string }

// kindTitles are the tables of what was seen, in order.
var kindTitles = []kindTitle{
	{"cookie", "Cookies", "No cookie was seen."},
	{"storage", "Other storage", "Nothing was seen in any other storage of the browser."},
	{"request", "Requests to other hosts", "No request went to another host."},
	{"field", "Fields", "No page has a field."},
	{"permission", "Permissions asked", "No page asked for a permission."},
}

var stateTitles = map[State]string{
	First:     "First visit",
	Refused:   "After refusing",
	Accepted:  "After accepting",
	Withdrawn: "After withdrawing",
}

func stateWord(s State) string {
	if t := stateTitles[s]; t != "" {
		return t
	}
	return "Every state"
}

func stateWords(first State, also []State) string {
	words := []string{stateWord(first)}
	for _, s := range also {
		words = append(words, strings.ToLower(stateWord(s)))
	}
	return strings.Join(words, ", ")
}

// Of returns the sightings of a kind.
func (r *Report) Of(kind string) []Sighting {
	var list []Sighting
	for _, s := range r.Sightings {
		if s.Kind == kind {
			list = append(list, s)
		}
	}
	return list
}

// WriteHTML writes the report as one page that needs nothing else: no script,
// no request. It can be read in light and dark, on paper and with a screen
// reader.
func (r *Report) WriteHTML(w io.Writer) error { return reportTemplate.Execute(w, r) }
