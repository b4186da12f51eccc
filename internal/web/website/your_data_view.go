package website

import (
	"context"
	"io"
	"net/http"
	"time"
	_ "time/tzdata" // London's time also where the machine has no zones

	"candour/internal/rights"
	"candour/internal/web"
)

// london is the time zone of what people read here.
var london = func() *time.Location {
	loc, err := time.LoadLocation("Europe/London")
	if err != nil {
		return time.UTC // not reached: the zones are in the program
	}
	return loc
}()

// yourDataSee shows what is held.
func (h *site) yourDataSee(w http.ResponseWriter, r *http.Request, b *bearer) error {
	v, err := h.Rights.View(r.Context(), b.Person)
	if err != nil {
		return err
	}
	page := YourDataView{
		Base: h.Base(r, "What we hold about you", ""), Reference: v.Request.Reference, Made: v.Request.Received.In(london), Controller: v.Controller,
		Records: v.Records, Facts: v.Facts, MoreFacts: v.MoreFacts, Processing: v.Processing,
		File: b.act("file", "Download all of it", "", ""), Back: b.back(),
	}
	for _, g := range v.Groups {
		group := GroupOfItems{Category: g.Category, More: g.More}
		for _, it := range g.Items {
			view := ItemView{Item: it}
			if it.Editable {
				act := b.act("correct/"+it.ID, "Put it right", "this record: "+it.Title, "small")
				view.Correct = &act
			}
			group.Items = append(group.Items, view)
		}
		page.Groups = append(page.Groups, group)
	}
	h.Render(w, r, http.StatusOK, "your_data_view", page)
	return nil
}

// yourDataFile hands out the whole copy.
func (h *site) yourDataFile(w http.ResponseWriter, r *http.Request, b *bearer) error {
	return h.handOut(w, r, "my-data.json", "application/json", func(ctx context.Context, out io.Writer) error {
		_, err := h.Rights.Access(ctx, b.Person, out)
		return err
	})
}

// yourDataTake hands out what a person takes along.
func (h *site) yourDataTake(format rights.Format) acting {
	kinds := map[rights.Format]string{rights.JSON: "application/json", rights.CSV: "text/csv; charset=utf-8; header=present"}
	return func(w http.ResponseWriter, r *http.Request, b *bearer) error {
		return h.handOut(w, r, "my-data-to-take-along."+string(format), kinds[format], func(ctx context.Context, out io.Writer) error {
			_, err := h.Rights.Portability(ctx, b.Person, format, out)
			return err
		})
	}
}

// Limits of a file that is handed out: a slow reader holds a snapshot of the
// database open, so it must go on, and come to an end.
const (
	writeWithin = 30 * time.Second // for each piece
	fileWithin  = 15 * time.Minute // for all of it
)

// handOut answers with a file that is written as it is made. A file that breaks
// off ends the connection, so that nobody takes a part for the whole.
func (h *site) handOut(w http.ResponseWriter, r *http.Request, name, kind string, write func(context.Context, io.Writer) error) error {
	ctx, cancel := context.WithTimeout(r.Context(), fileWithin)
	defer cancel()
	out := &fileWriter{w: w, begin: func() {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	}}
	err := write(ctx, out)
	if err == nil && !out.begun {
		out.begin()
	}
	if err != nil && out.begun {
		h.Log.Warn("a file about a person broke off", "id", web.VisitOf(r).ID, "error", err)
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

// schema answers with a schema of the files.
func (h *site) schema(text []byte) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, _ *http.Request) error { return answer(w, "application/schema+json", text) }
}
