package export

import (
	_ "embed"
	"html/template"
	"io"
	"strings"

	"candour/policy"
)

//go:embed record.tmpl
var recordText string

var recordPage = template.Must(template.New("record").Funcs(template.FuncMap{
	"join":  func(s []string) string { return strings.Join(s, ", ") },
	"words": policy.Period.Words,
}).Parse(recordText))

// recordHTML writes the record as one page that needs nothing beside it: to be
// kept, sent to the regulator (Art 30(4)), or printed.
func recordHTML(w io.Writer, p *policy.Policy) error {
	return recordPage.Execute(w, newRecord(p))
}
