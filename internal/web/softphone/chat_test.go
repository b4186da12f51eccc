package softphone_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// write sends words in a conversation's page.
func (c *caller) write(page, text string) int {
	return c.fill(page, "message", url.Values{"message": {text}}).StatusCode
}

// begin opens the conversation with an extension, and returns its page.
func (c *caller) begin(t *testing.T, extension string) string {
	t.Helper()
	a := c.fill("/chat", "message-to", url.Values{"number": {extension}})
	if a.StatusCode != http.StatusSeeOther || !regexp.MustCompile(`^/chat/\d+$`).MatchString(a.Header.Get("Location")) {
		t.Fatal(extension, a.StatusCode, a.Header.Get("Location"))
	}
	return a.Header.Get("Location")
}

// R7: two write to each other without scripts; what is new is told; each deletes
// their own side; a third finds nothing.
func TestChat(t *testing.T) {
	b := open(t)
	ann, bea, cal := b.caller(t, "Ann", "1001"), b.caller(t, "Bea", "1002"), b.caller(t, "Cal", "1003")
	none := b.caller(t, "Dan", "")
	if a := none.get("/chat"); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "No number yet") {
		t.Error("who has no line:", a.StatusCode)
	}
	for number, words := range map[string]string{"1009": "Nobody has that number.", "1001": "own extension", "01527 306000": "extensions only", "999": "extensions only", "": "Type a number"} {
		a := ann.fill("/chat", "message-to", url.Values{"number": {number}})
		if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.Text, words) || number != "" && !strings.Contains(a.Text, `value="`+number+`"`) {
			t.Errorf("%q: %d", number, a.StatusCode)
		}
	}
	page := ann.begin(t, "1002")
	if a := ann.write(page, "Hello <Bea>"); a != http.StatusSeeOther {
		t.Fatal(a)
	}
	list := bea.get("/chat")
	if !strings.Contains(list.Text, "Extension 1001") || !strings.Contains(list.Text, "1 new") || !strings.Contains(list.Text, "Hello &lt;Bea&gt;") {
		t.Error("Bea is not told")
	}
	hers := regexp.MustCompile(`/chat/\d+`).FindString(list.Text)
	if a := bea.get(hers); !strings.Contains(a.Text, "Hello &lt;Bea&gt;") || strings.Contains(bea.get("/chat").Text, "1 new") {
		t.Error("Bea's page:", a.StatusCode)
	}
	if !strings.Contains(ann.get(page).Text, ">seen<") {
		t.Error("Ann is not told that it was seen")
	}
	if a := bea.write(hers, ""); a != http.StatusUnprocessableEntity {
		t.Error("nothing:", a)
	}
	long := strings.Repeat("long ", 401)
	if a := bea.fill(hers, "message", url.Values{"message": {long}}); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.Text, strings.TrimSpace(long)) {
		t.Error("what was typed is lost:", a.StatusCode)
	}
	if a := bea.fill(hers, "message", url.Values{"message": {"a\x01b"}}); a.StatusCode != http.StatusUnprocessableEntity {
		t.Error("a control character:", a.StatusCode)
	}
	forget := regexp.MustCompile(`/chat/\d+/\d+/forget`).FindString(ann.get(page).Text)
	for _, path := range []string{forget, page + "/0/forget", page + "/x/forget"} {
		if a := cal.press(path); a.StatusCode != http.StatusNotFound {
			t.Error("a third:", path, a.StatusCode)
		}
	}
	if a := ann.press(forget); a.StatusCode != http.StatusSeeOther || strings.Contains(ann.get(page).Text, "Hello") || !strings.Contains(bea.get(hers).Text, "Hello") {
		t.Error("deleted:", a.StatusCode)
	}
	for _, path := range []string{"/chat/0", "/chat/x", "/chat/123456", page + "?before=x"} {
		if a := ann.get(path); a.StatusCode != http.StatusNotFound {
			t.Error(path, a.StatusCode)
		}
	}
	if a := ann.Do(http.MethodPost, host, page, "application/x-www-form-urlencoded", "message=forged"); a.StatusCode != http.StatusForbidden && a.StatusCode != http.StatusBadRequest {
		t.Error("without a token:", a.StatusCode)
	}
}

func jpegOf(t *testing.T) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 20, 10)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// R10, R11: a file is sent only after the reason was shown and agreed to; it is
// handed out to be saved, and never to be run.
func TestChatFile(t *testing.T) {
	b := open(t)
	ann, bea, cal := b.caller(t, "Ann", "1001"), b.caller(t, "Bea", "1002"), b.caller(t, "Cal", "1003")
	page := ann.begin(t, "1002")
	before := ann.get(page)
	if !strings.Contains(before.Text, "May the app read the file") || before.ByID("message-file") != nil {
		t.Error("before a yes")
	}
	ann.agree(t, page, "storage")
	send := func(name string, data []byte) int {
		t.Helper()
		return ann.upload(t, page, "message-file", "file", name, data).StatusCode
	}
	for name, c := range map[string]struct {
		data string
		want int
	}{
		"cat.jpg": {string(jpegOf(t)), http.StatusSeeOther}, "run.exe": {"MZ\x00", http.StatusUnprocessableEntity}, "page.html": {"<html><script>", http.StatusUnprocessableEntity},
		"": {"", http.StatusUnprocessableEntity}, "big.pdf": {"%PDF-" + strings.Repeat(" ", 1<<20), http.StatusUnprocessableEntity}, "huge.jpg": {strings.Repeat("x", 13<<20), http.StatusUnprocessableEntity},
	} {
		if got := send(name, []byte(c.data)); got != c.want {
			t.Errorf("%q: %d, want %d", name, got, c.want)
		}
	}
	file := regexp.MustCompile(`/chat/\d+/\d+/file`).FindString(bea.get(regexp.MustCompile(`/chat/\d+`).FindString(bea.get("/chat").Text)).Text)
	a := bea.get(file)
	h := a.Header
	if a.StatusCode != http.StatusOK || h.Get("Content-Type") != "image/jpeg" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") || h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || h.Get("Cache-Control") != "no-store" {
		t.Error(a.StatusCode, h)
	}
	if a := cal.get(file); a.StatusCode != http.StatusNotFound {
		t.Error("a third:", a.StatusCode)
	}
	ann.press("/permissions/storage/revoked")
	if a := ann.get(page); a.ByID("message-file") != nil {
		t.Error("after the yes was taken back")
	}
}

// R11, L27: where somebody is is asked for on the page of a conversation alone,
// after its reason; once; and it goes for both when it is taken back.
func TestChatPlace(t *testing.T) {
	b := open(t)
	ann, bea := b.caller(t, "Ann", "1001"), b.caller(t, "Bea", "1002")
	page := ann.begin(t, "1002")
	for _, path := range []string{"/", "/chat", "/contacts", "/calls", "/permissions", "/history"} {
		for _, p := range powers(ann.get(path)) {
			if p == "geolocation" {
				t.Error(path, "may ask where somebody is")
			}
		}
	}
	before := ann.get(page)
	if got := powers(before); len(got) != 1 || got[0] != "geolocation" {
		t.Error("the conversation may ask for", got)
	}
	if !strings.Contains(before.Text, "May the app ask where you are, now and once?") || before.ByID("place") != nil {
		t.Error("before a yes")
	}
	ann.agree(t, page, "location")
	share := func(where string) (int, string) {
		t.Helper()
		a := ann.fill(page, "place", url.Values{"position": {where}})
		return a.StatusCode, a.Text
	}
	if status, text := share("north pole"); status != http.StatusUnprocessableEntity || !strings.Contains(text, "did not say where you are") {
		t.Error("no place:", status)
	}
	if status, _ := share("51.50735,-0.12776,12"); status != http.StatusSeeOther {
		t.Fatal(status)
	}
	if status, text := share("51.50735,-0.12776,12"); status != http.StatusTooManyRequests || !strings.Contains(text, "once in a quarter of an hour") || !strings.Contains(text, "again from Today") {
		t.Error("at once again:", status)
	}
	hers := regexp.MustCompile(`/chat/\d+`).FindString(bea.get("/chat").Text)
	if got := bea.get(hers); !strings.Contains(got.Text, "51.50735, -0.12776") || !strings.Contains(got.Text, "within 12 metres") || !strings.Contains(got.Text, `rel="external`) || strings.Contains(got.Text, "/unshare") {
		t.Error("Bea does not see it")
	}
	if a := ann.press("/permissions/location/revoked?back=" + url.QueryEscape(page)); a.Header.Get("Location") != page {
		t.Error(a.StatusCode, a.Header.Get("Location"))
	}
	for who, text := range map[string]string{"Ann": ann.get(page).Text, "Bea": bea.get(hers).Text} {
		if strings.Contains(text, "51.50735") || !strings.Contains(text, "is shown no more") {
			t.Error(who, "still sees it")
		}
	}
	ann.agree(t, page, "location")
	b.Later(20 * time.Minute)
	if status, _ := share("51.50735,-0.12776,12"); status != http.StatusSeeOther {
		t.Fatal(status)
	}
	back := regexp.MustCompile(`/chat/\d+/\d+/unshare`).FindString(ann.get(page).Text)
	if a := bea.press(back); a.StatusCode != http.StatusNotFound {
		t.Error("the other takes it back:", a.StatusCode)
	}
	if a := ann.press(back); a.StatusCode != http.StatusSeeOther || strings.Contains(bea.get(hers).Text, "51.50735") {
		t.Error("taken back:", a.StatusCode)
	}
}

// A contact's name stands for the number, for its owner alone; and a contact
// leads to its conversation.
func TestChatNames(t *testing.T) {
	b := open(t)
	ann, _ := b.caller(t, "Ann", "1001"), b.caller(t, "Bea", "1002")
	ann.agree(t, "/contacts", "contacts")
	ann.fill("/contacts/add", "contact-card", url.Values{"name": {"My Bea"}, "number": {"1002"}, "work": {"1009"}})
	writes := regexp.MustCompile(`/contacts/\d+/write/\d`).FindAllString(ann.get("/contacts").Text, -1)
	if len(writes) != 2 {
		t.Fatal(writes)
	}
	a := ann.get(writes[0])
	if a.StatusCode != http.StatusSeeOther || !strings.Contains(ann.get(a.Header.Get("Location")).Text, "My Bea (1002)") {
		t.Error(a.StatusCode)
	}
	if a := ann.get(writes[1]); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.Text, "Nobody has that number") {
		t.Error("a number that nobody has:", a.StatusCode)
	}
	if a := ann.get(strings.TrimRight(writes[0], "0123456789") + "7"); a.StatusCode != http.StatusNotFound {
		t.Error(a.StatusCode)
	}
}
