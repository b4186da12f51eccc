package main

import (
	"bytes"
	"crypto/md5" //nolint:gosec // what both servers know
	"encoding/hex"
	"fmt"
	"strconv"
)

// header is the value of the first header of a name, which a server writes as
// RFC 3261 does.
func header(b []byte, name string) string {
	i := bytes.Index(b, []byte("\r\n"+name+": "))
	if i < 0 {
		return ""
	}
	v := b[i+len(name)+4:]
	if j := bytes.Index(v, []byte("\r\n")); j >= 0 {
		v = v[:j]
	}
	return string(v)
}

// status is that of an answer, 0 of a request.
func status(b []byte) int {
	if len(b) < 12 || !bytes.HasPrefix(b, []byte("SIP/2.0 ")) {
		return 0
	}
	n, _ := strconv.Atoi(string(b[8:11]))
	return n
}

// digest answers challenges of one server for one user, with one nonce for as
// long as it lasts, as phones do (RFC 7616 3.4).
type digest struct {
	realm, user string
	ha1         string
	nonce       string
	count       int
}

func sum(s string) string {
	h := md5.Sum([]byte(s)) //nolint:gosec // as above
	return hex.EncodeToString(h[:])
}

func newDigest(realm string, u user) *digest {
	return &digest{realm: realm, user: u.name, ha1: sum(u.name + ":" + realm + ":" + u.word)}
}

// challenged takes the nonce of an answer.
func (d *digest) challenged(b []byte) {
	_, v, _ := bytes.Cut([]byte(header(b, "WWW-Authenticate")), []byte(`nonce="`))
	v, _, _ = bytes.Cut(v, []byte(`"`))
	d.nonce, d.count = string(v), 0
}

// header is what a request carries; "" before the first challenge.
func (d *digest) header(method, uri string) string {
	if d.nonce == "" {
		return ""
	}
	d.count++
	nc := fmt.Sprintf("%08x", d.count)
	right := sum(d.ha1 + ":" + d.nonce + ":" + nc + ":c0ffee:auth:" + sum(method+":"+uri))
	return `Authorization: Digest username="` + d.user + `", realm="` + d.realm + `", nonce="` + d.nonce + `", uri="` + uri +
		`", response="` + right + `", algorithm=MD5, cnonce="c0ffee", qop=auth, nc=` + nc + "\r\n"
}
