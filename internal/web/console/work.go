package console

import (
	"context"
	"net/http"

	"candour/internal/evidence"
	"candour/internal/identity"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/internal/web"
)

// work shows what the software owes: mails, erasures, what is past its time,
// entries of the log.
func (h *site) work(w http.ResponseWriter, r *http.Request, _ *identity.Session) error {
	mails, err := h.Queue.Status(r.Context())
	if err != nil {
		return err
	}
	owed, err := h.owed(r.Context())
	if err != nil {
		return err
	}
	log, err := h.Evidence.Status(r.Context())
	if err != nil {
		return err
	}
	page := Work{Base: h.Base(r, "Work", ""), Parts: []Part{h.mailPart(r, mails), erasurePart(owed), retentionPart(owed), logPart(log)}}
	h.Render(w, r, http.StatusOK, "console_work", page)
	return nil
}

func (h *site) owed(ctx context.Context) (o vault.Owed, err error) {
	err = h.Store.View(ctx, func(tx *store.Tx) error {
		o, err = h.Vault.Owed(ctx, tx)
		return err
	})
	return o, err
}

// mailStates are the states of mails as people call them, in order.
var mailStates = []struct{ state, words string }{
	{"queued", "To be sent"}, {"sent", "Sent"}, {"refused", "Not sent, because the person or the policy says no"},
	{"failed", "Given up, because no mail server took them"}, {"void", "No longer owed"},
}

func (h *site) mailPart(r *http.Request, s mail.Status) Part {
	p := Part{Title: "Mails", Words: "Each is asked for again in the moment before it is sent."}
	for _, x := range mailStates {
		p.Facts = append(p.Facts, Fact{x.words, number(s.Counts[x.state])})
	}
	if !s.Oldest.IsZero() {
		p.Facts = append(p.Facts, Fact{"The oldest to be sent is of", s.Oldest.Format(days)})
		p.Behind = web.VisitOf(r).Now.Sub(s.Oldest).Hours() > lateMail
	}
	if s.Sender == "" {
		p.Behind = p.Behind || s.Counts["queued"] > 0
		p.Words = "No mail server is set, so mails wait until one is."
	}
	return p
}

// lateMail is after how many hours of the day it was queued a mail is late.
const lateMail = 48

// stageWords are the stages of an erasure as people call them, by the last that
// was completed.
var stageWords = []struct {
	stage vault.Stage
	words string
}{
	{vault.KeysDestroyed, "Keys destroyed, the database’s log still to be cut"},
	{vault.LogTruncated, "Nothing opens any more, rows still to be deleted"},
	{vault.RowsPurged, "Rows deleted, keys of others still to be wrapped anew"},
	{vault.EpochRotated, "Old copies dark, the receipt still to be signed"},
}

func erasurePart(o vault.Owed) Part {
	p := Part{Title: "Erasures", Words: "From the first stage on nothing of the person opens. The rest follows by itself, the last within about an hour."}
	for _, x := range stageWords {
		p.Facts = append(p.Facts, Fact{x.words, number(o.Stages[x.stage])})
	}
	p.Facts = append(p.Facts, Fact{"Done, with a signed receipt", number(o.Done)}, Fact{"Sets of rows still to be deleted", number(o.Purges)})
	return p
}

func retentionPart(o vault.Owed) Part {
	p := Part{Title: "Retention", Words: "Everything that came to its day has gone.", Facts: []Fact{{"Days behind", number(o.Behind)}}}
	if o.Behind > 0 {
		p.Behind, p.Words = true, "Some of what came to its day is still stored, although nobody can read it. Look at the program’s log."
	}
	return p
}

// lateEntries is how many entries may wait for a signed checkpoint, which comes
// every moment, before somebody should look.
const lateEntries = 10_000

func logPart(s evidence.Status) Part {
	p := Part{Title: "Evidence", Words: "Entries are signed a moment after they are written.", Facts: logFacts(s), Behind: s.Err != nil || s.Waiting > lateEntries}
	if s.Err != nil {
		p.Words = "The log has stopped for good. Nothing more is taken until somebody looks."
	}
	return p
}
