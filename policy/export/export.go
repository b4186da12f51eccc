// Package export writes a declared policy in forms that others read: the
// record of processing for people and spreadsheets, linked data, and JSON.
package export

import (
	"fmt"
	"io"

	"candour/policy"
)

// Formats are the forms a policy can be written in.
var Formats = []string{"ropa-csv", "ropa-html", "dpv-jsonld", "json"}

// Write writes a checked policy in one of the Formats.
func Write(w io.Writer, format string, p *policy.Policy) error {
	switch format {
	case "ropa-csv":
		return recordCSV(w, p)
	case "ropa-html":
		return recordHTML(w, p)
	case "dpv-jsonld":
		return linkedData(w, p)
	case "json":
		return plainJSON(w, p)
	}
	return fmt.Errorf("there is no format %q; use one of %v", format, Formats)
}
