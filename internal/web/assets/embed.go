// Package assets embeds the built styles, scripts and fonts.
package assets

import "embed"

// FS holds the built files under hashed names, manifest.json (from plain name
// to hashed name), and this file.
//
//go:embed *
var FS embed.FS
