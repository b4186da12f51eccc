// Package templates embeds the pages' HTML templates.
//
// A page's file is named after it and defines "content", which "base" calls.
// The other files are shared: they define the parts that pages are made of.
package templates

import (
	"embed"
	"fmt"
	"html/template"
	"slices"
)

// FS holds the templates, one file a page, and the shared parts.
//
//go:embed *.html
var FS embed.FS

// shared are the files that each page is parsed with.
var shared = []string{
	"base.html", "header.html", "footer.html", "content.html", "form.html", "act.html", "call_list.html", "permit.html", "find.html",
	"your_data_held.html", "notice_changed.html", "consent_message.html", "consent_preferences.html",
}

// Pages returns the names of the pages in alphabetical order.
func Pages() []string {
	entries, err := FS.ReadDir(".")
	if err != nil {
		panic(err) // the folder is in the binary
	}
	var names []string
	for _, e := range entries {
		if !slices.Contains(shared, e.Name()) {
			names = append(names, e.Name()[:len(e.Name())-len(".html")])
		}
	}
	return names
}

// Page parses one page with the shared parts. Execute the template "base" of
// what it returns with the page's struct; "consent_message" and
// "consent_preferences" are there too. The templates need no functions.
func Page(name string) (*template.Template, error) {
	t, err := template.New(name).Option("missingkey=error").ParseFS(FS, append(slices.Clone(shared), name+".html")...)
	if err != nil {
		return nil, fmt.Errorf("templates: page %s: %w", name, err)
	}
	return t, nil
}
