package website

import (
	"net/http"
	"slices"

	"candour/internal/rights"
	"candour/internal/vault"
	"candour/policy"
)

// stages are the stages of an erasure in the order in which they come, in
// words.
var stages = []struct {
	stage vault.Stage
	words string
}{
	{vault.KeysDestroyed, "The keys are destroyed: nothing opens any more, and nothing is found."},
	{vault.LogTruncated, "They are gone from the database’s own log too."},
	{vault.RowsPurged, "The sealed rows are deleted."},
	{vault.EpochRotated, "Older copies of our keys no longer open anything."},
	{vault.ReceiptSigned, "The receipt is signed."},
}

// yourDataReceipt shows the receipt of an erasure. It names nobody.
func (h *site) yourDataReceipt(w http.ResponseWriter, r *http.Request) error {
	h.Private(w, r)
	code := r.URL.Query().Get(rights.ReceiptAs)
	v, err := h.Rights.Receipt(r.Context(), code)
	if err != nil {
		return rightsError(err)
	}
	page := YourDataReceipt{
		Base: h.Base(r, "Receipt of an erasure", ""), Reference: v.Reference, Erased: v.Answered.In(policy.London), Complete: v.Receipt.Complete,
		Kept: v.Kept, Keys: len(v.Receipt.Destroyed), Limits: v.Receipt.Limits,
	}
	for _, s := range stages {
		page.Stages = append(page.Stages, StageView{s.words, slices.Contains(v.Receipt.Stages, s.stage.String())})
	}
	if len(v.Receipt.Signed) > 0 {
		page.Signed = rights.ReceiptPath + "/signed?" + rights.ReceiptAs + "=" + code
	}
	h.Render(w, r, http.StatusOK, "your_data_receipt", page)
	return nil
}

// yourDataSigned hands out the signed receipt, to be checked.
func (h *site) yourDataSigned(w http.ResponseWriter, r *http.Request) error {
	h.Private(w, r)
	v, err := h.Rights.Receipt(r.Context(), r.URL.Query().Get(rights.ReceiptAs))
	if err == nil && len(v.Receipt.Signed) == 0 {
		err = rights.ErrNotFound
	}
	if err != nil {
		return rightsError(err)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="erasure-`+v.Reference+`.txt"`)
	_, _ = w.Write(v.Receipt.Signed) // the client has gone
	return nil
}
