package yourdata

import (
	"context"
	"io"
	"net/http"
	"time"

	"candour/internal/web"
)

// Limits of a file that is handed out: a slow reader holds a snapshot of the
// database open, so it must go on, and come to an end.
const (
	writeWithin = 30 * time.Second // for each piece
	fileWithin  = 15 * time.Minute // for all of it
)

// handOut answers with a file that is written as it is made. A file that breaks
// off ends the connection, so that nobody takes a part for the whole.
func (p *Pages) handOut(w http.ResponseWriter, r *http.Request, name, kind string, write func(context.Context, io.Writer) error) error {
	ctx, cancel := context.WithTimeout(r.Context(), fileWithin)
	defer cancel()
	out := &fileWriter{w: w, begin: func() {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
		w.Header().Set("Cache-Control", "no-store")
	}}
	err := write(ctx, out)
	if err == nil && !out.begun {
		out.begin()
	}
	if err != nil && out.begun {
		p.Log.Warn("a file about a person broke off", "id", web.VisitOf(r).ID, "error", err)
		panic(http.ErrAbortHandler)
	}
	return err
}

// fileWriter sets the headers of a file with its first piece, so that whatever
// fails before becomes a page.
type fileWriter struct {
	w     http.ResponseWriter
	begin func()
	begun bool
}

// Write gives each piece its own time.
func (f *fileWriter) Write(p []byte) (int, error) {
	if !f.begun {
		f.begin()
		f.begun = true
	}
	// In a test there is no connection that could have a deadline.
	_ = http.NewResponseController(f.w).SetWriteDeadline(time.Now().Add(writeWithin))
	return f.w.Write(p)
}
