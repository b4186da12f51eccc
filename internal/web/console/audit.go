package console

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"

	"candour/internal/audit"
	"candour/internal/identity"
	"candour/internal/web"
	"candour/policy"
)

// maxDifferences is how many differences are listed; the report has all.
const maxDifferences = 200

// auditPage shows the last report of `candour audit`, or how one is made.
func (h *site) auditPage(w http.ResponseWriter, r *http.Request, _ *identity.Session) error {
	page := Audit{Base: h.Base(r, "Audit", "")}
	report, err := audit.Read(h.Audit)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		h.Log.Error("the report of the audit cannot be read", "error", err)
		page.Fault = "A report is there, and cannot be read. Make another one."
	default:
		page.Found, page.Report = true, "/audit/"+audit.HTMLFile
		page.Facts = []Fact{
			{"Site", report.Site}, {"Ended", report.Ended.In(policy.London).Format(minutes)},
			{"Held against", "policy version " + strconv.Itoa(report.Policy)},
			{"Pages that were opened", number(len(report.Pages))}, {"Browser", report.Browser},
		}
		if v := web.VisitOf(r).Version; v.Number != report.Policy {
			page.Fault = "Version " + strconv.Itoa(v.Number) + " of the policy is in force now: make another report."
		}
		for i, d := range report.Differences {
			if i == maxDifferences {
				page.More = len(report.Differences) - i
				break
			}
			page.Differences = append(page.Differences, d.String())
		}
	}
	h.Render(w, r, http.StatusOK, "console_audit", page)
	return nil
}

// auditReport hands out the whole report as a file: it has a style of its own.
func (h *site) auditReport(w http.ResponseWriter, r *http.Request, _ *identity.Session) error {
	if r.PathValue("form") != audit.HTMLFile {
		return web.ErrNotFound
	}
	f, err := os.Open(filepath.Join(h.Audit, audit.HTMLFile))
	if errors.Is(err, fs.ErrNotExist) {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(f, audit.MaxReport+1))
	if err != nil {
		return err
	}
	if len(body) > audit.MaxReport {
		return web.ErrNotFound
	}
	file(w, "text/html; charset=utf-8", "candour-audit.html", body)
	return nil
}
