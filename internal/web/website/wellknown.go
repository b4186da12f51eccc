package website

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"candour/internal/notice"
	"candour/internal/web"
)

// security is security.txt (RFC 9116): whom to tell of a hole, signed by
// nobody but served from here.
func (h *site) security(w http.ResponseWriter, r *http.Request) error {
	v := web.VisitOf(r)
	c := v.Policy().Operator.Security
	if c.Email == "" {
		c = v.Policy().Operator.Support
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Contact: mailto:%s\n", c.Email)
	if c.Telephone != "" {
		fmt.Fprintf(&b, "Contact: %s\n", notice.TelHref(c.Telephone))
	}
	fmt.Fprintf(&b, "Contact: %s\n", v.Public(web.ContactPath))
	// RFC 9116 section 2.5.5 wants an end less than a year away. It moves on
	// with each month, so that the file is the same for everybody that day.
	expires := time.Date(v.Now.Year(), v.Now.Month()+6, 1, 0, 0, 0, 0, time.UTC)
	fmt.Fprintf(&b, "Expires: %s\n", expires.Format(time.RFC3339))
	fmt.Fprintf(&b, "Preferred-Languages: %s\n", v.Policy().Language)
	fmt.Fprintf(&b, "Canonical: %s\n", v.Public(r.URL.Path))
	return answer(w, "text/plain; charset=utf-8", []byte(b.String()))
}

// gpc says that we hear Global Privacy Control, if the policy says so (the
// specification's section 5, the support representation).
func (h *site) gpc(w http.ResponseWriter, r *http.Request) error {
	v := web.VisitOf(r)
	if !v.Policy().Settings.GlobalPrivacyControl {
		return web.ErrNotFound
	}
	body, err := json.Marshal(struct {
		GPC        bool   `json:"gpc"`
		LastUpdate string `json:"lastUpdate"`
	}{true, v.Version.From.Format(time.DateOnly)})
	if err != nil {
		return err
	}
	return answer(w, "application/json", body)
}

func answer(w http.ResponseWriter, kind string, body []byte) error {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "public, max-age=3600")
	_, _ = w.Write(body) // the client has gone
	return nil
}
