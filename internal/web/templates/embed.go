// Package templates embeds the pages' HTML templates.
package templates

import "embed"

// FS holds the templates, one file a page, and this file.
//
//go:embed *
var FS embed.FS
