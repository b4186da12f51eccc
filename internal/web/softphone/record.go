package softphone

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"candour/internal/consent/people"
	"candour/internal/identity"
	"candour/internal/recording"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/web"
)

// Recorder records calls that go on, by the Call-ID of a line's own dialog.
type Recorder interface {
	Record(ctx context.Context, l telecom.Line, callID string) error
	StopRecording(ctx context.Context, l telecom.Line, callID string) error
	RefuseRecording(ctx context.Context, l telecom.Line, callID string) error
}

// recordPath is where a page records a call of its line.
const recordPath = "/call"

// maxCallID is the longest Call-ID that is looked for.
const maxCallID = 200

// Recording is what the page has for recording a call; nil where nobody records.
type Recording struct {
	Path  string   // where the three acts of a call post, before its Call-ID
	Grant string   // where the yes to keeping recordings posts
	Words []string // what is said before it
	Page  string   // of the recordings
}

// recordRoutes are those of recording calls, where the policy declares it.
func (h *site) recordRoutes(rt *web.Routes, declared bool) {
	if !declared || h.Recordings == nil || h.Recorder == nil {
		return
	}
	rt.Member(web.Whole, "POST "+recordPath+"/{call}/record", h.record)
	rt.Member(web.Whole, "POST "+recordPath+"/{call}/record/stop", h.recordStop)
	rt.Member(web.Whole, "POST "+recordPath+"/{call}/record/refuse", h.recordRefuse)
	h.recordingRoutes(rt)
}

// recorded is what a page is told of what it asked for.
type recorded struct {
	Done bool   `json:"done"`
	Ask  bool   `json:"ask,omitempty"`  // the yes to keeping recordings is missing
	Said string `json:"said,omitempty"` // why not, in words
}

// whyNotRecorded says why a call is not recorded.
var whyNotRecorded = []struct {
	err   error
	words string
}{
	{recording.ErrConsent, "You have not said yet that recordings of your calls may be kept for you."},
	{recording.ErrEmergency, "Calls to emergency services are not recorded here by choice, so that nothing stands in their way."},
	{recording.ErrMachine, "There is nobody at the other end who could be told."},
	{recording.ErrTaped, "This call is being recorded already."},
	{recording.ErrUnwilling, "The other side does not want to be recorded, so this call is not."},
	{recording.ErrObjected, "The other side does not want to be recorded in any call, so this one is not."},
	{recording.ErrHeld, "A call on hold is not recorded. Go on with it first."},
	{recording.ErrOthers, "Another call of yours or theirs goes on at the same time, and whoever is there would be heard without being told. End that call, or put it on hold."},
	{recording.ErrRole, "Recording calls is not part of your kind of account."},
	{recording.ErrUndeclared, "Our policy declares no recording of calls, so there is none."},
	{recording.ErrFull, "You keep as many recordings as you may. Delete some first."},
	{recording.ErrNoCall, "There is no call that could be recorded. It may just have ended."},
}

// record begins to record a call of whoever is signed in.
func (h *site) record(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.recordAct(w, r, me, h.Recorder.Record)
}

// recordStop ends what record began.
func (h *site) recordStop(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.recordAct(w, r, me, h.Recorder.StopRecording)
}

// recordRefuse says that whoever is signed in is not to be recorded in a call.
func (h *site) recordRefuse(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
	return h.recordAct(w, r, me, h.Recorder.RefuseRecording)
}

func (h *site) recordAct(w http.ResponseWriter, r *http.Request, me *identity.Session, act func(context.Context, telecom.Line, string) error) error {
	if err := h.ReadButton(r); err != nil {
		return err
	}
	callID := r.PathValue("call")
	line, err := h.line(r, me)
	if errors.Is(err, telecom.ErrNoLine) || len(callID) > maxCallID {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	answer, status := recorded{Done: true}, http.StatusOK
	if err := act(r.Context(), line, callID); err != nil {
		answer, status = recorded{Ask: errors.Is(err, recording.ErrConsent)}, http.StatusConflict
		for _, x := range whyNotRecorded {
			if errors.Is(err, x.err) && answer.Said == "" {
				answer.Said = x.words
			}
		}
		if answer.Said == "" {
			return err
		}
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has gone
	return nil
}

// recordingChoice is the purpose on which recordings are kept, and how it stands
// for whoever is signed in; nil where they have none.
func (h *site) recordingChoice(ctx context.Context, tx *store.Tx, me *identity.Session) (*people.Choice, error) {
	choices, err := h.Choices.Choices(ctx, tx, me.Account.Subject, me.Account.Role.Actor())
	for i := range choices {
		if choices[i].Purpose.ID == recording.PurposeID {
			return &choices[i], err
		}
	}
	return nil, err
}

// allowPath is where the yes to keeping recordings posts, with the words that were
// shown.
func allowPath(c *people.Choice) string {
	hash := c.Words.Hash()
	return recordingsPath + "/allow?" + url.Values{shownField: {hex.EncodeToString(hash[:])}}.Encode()
}

// recordable adds to the phone what it needs for recording a call.
func (h *site) recordable(r *http.Request, me *identity.Session, page *Phone) error {
	if _, err := recording.RolesOf(web.VisitOf(r).Version.Compiled); err != nil || h.Recordings == nil || h.Recorder == nil || page.Extension == "" {
		return nil //nolint:nilerr // nobody records here
	}
	return h.Store.View(r.Context(), func(tx *store.Tx) error {
		c, err := h.recordingChoice(r.Context(), tx, me)
		if err != nil || c == nil {
			return err
		}
		page.Recording = &Recording{Path: recordPath, Grant: allowPath(c), Words: c.Words, Page: recordingsPath}
		return nil
	})
}
