package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"strconv"
	"strings"
	"sync"
)

// minZipped is the size below which a page is not worth compressing, in bytes:
// it fits into one packet as it is.
const minZipped = 1400

// zips holds *gzip.Writer: one weighs more than the pages it packs.
var zips = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // the level exists
	return z
}}

// zipped returns a page compressed.
//
// A page with a secret in it must not be: whoever makes a browser ask for it
// again and again, with guesses in the address, and watches the sizes can read
// the secret (BREACH, 2013). Our only secrets in pages are the token, stamp and
// code of a form, so a page for which Site.Form made a form goes out as it is.
// The forms of choices have none: what was shown is the same for everybody.
func zipped(page []byte) []byte {
	var b bytes.Buffer
	z := zips.Get().(*gzip.Writer)
	defer zips.Put(z)
	z.Reset(&b)
	_, _ = z.Write(page) // a buffer takes all
	_ = z.Close()
	return b.Bytes()
}

// takesGzip reads Accept-Encoding (RFC 9110 section 12.5.3): gzip is named, or
// everything is, and not with the weight 0.
func takesGzip(accept string) bool {
	all := false
	for part := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(part, ";")
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(params)), "q="); ok {
			var err error
			if weight, err = strconv.ParseFloat(q, 64); err != nil {
				weight = 0
			}
		}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			return weight > 0
		case "*":
			all = weight > 0
		}
	}
	return all
}
