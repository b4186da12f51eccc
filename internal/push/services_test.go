package push

import (
	"errors"
	"strings"
	"testing"
)

func services(t testing.TB, list ...string) Services {
	t.Helper()
	l, err := NewServices(list)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// An address is taken only if it is of a service on the list: nobody can have
// this program ask for anything else (CWE-918).
func TestWhereMessagesGo(t *testing.T) {
	known := services(t, KnownServices...)
	for _, at := range []string{
		"https://fcm.googleapis.com/fcm/send/abc:def", "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
		"https://web.push.apple.com/QGabc", "https://db5p.notify.windows.com/w/?token=Bg",
	} {
		if _, err := known.allowed(at); err != nil {
			t.Error(at, err)
		}
	}
	for _, at := range []string{
		"", "x", "/", "https://", "http://fcm.googleapis.com/a", "https://fcm.googleapis.com", "https://fcm.googleapis.com:8443/a", "https://fcm.googleapis.com:443/a",
		"https://fcm.googleapis.com@127.0.0.1/a", "https://user@fcm.googleapis.com/a", "https://fcm.googleapis.com.example.net/a", "https://evil-fcm.googleapis.com/a",
		"https://127.0.0.1/a", "https://[::1]/a", "https://0x7f.1/a", "https://2130706433/a", "https://localhost/a", "https://notify.windows.com/a", "https://a.b.notify.windows.com/a",
		"https://.notify.windows.com/a", "https://FCM.googleapis.com/a", "https://fcm.googleapis.com./a", "https://fcm.googleapis.com/a#b", "ftp://fcm.googleapis.com/a",
		"https:fcm.googleapis.com/a", "https://fcm.googleapis.com\\@example.net/a", "https://fcm.googleapis.com/" + strings.Repeat("a", maxEndpoint), "http://127.0.0.1:9000/a",
	} {
		if _, err := known.allowed(at); !errors.Is(err, ErrSubscription) {
			t.Errorf("%q: %v", at, err)
		}
	}
	local := services(t, "http://127.0.0.1:9000")
	if _, err := local.allowed("http://127.0.0.1:9000/a"); err != nil {
		t.Error(err)
	}
	for _, at := range []string{"http://127.0.0.1:9001/a", "http://127.0.0.1:90000/a", "http://127.0.0.1/a", "https://127.0.0.1:9000/a", "https://fcm.googleapis.com/a"} {
		if _, err := local.allowed(at); !errors.Is(err, ErrSubscription) {
			t.Errorf("%q: %v", at, err)
		}
	}
}

func TestListsOfServicesThatAreRefused(t *testing.T) {
	for _, entry := range []string{
		"", "push", "https://push.example.net", "push.example.net/a", "push.example.net:443", "127.0.0.1", "*.127.0.0.1", "*", "*.net", "Push.example.net", "-a.example.net",
		"a..example.net", "http://push.example.net:80", "http://192.0.2.1:80", "http://127.0.0.1", "http://127.0.0.1:80/a", "http://localhost:80",
	} {
		if _, err := NewServices([]string{entry}); err == nil {
			t.Errorf("%q is taken", entry)
		}
	}
	if _, err := NewServices([]string{"http://127.0.0.1:1", "http://127.0.0.1:2"}); err == nil {
		t.Error("two services on this machine")
	}
}

// A name on the list that is made to point inside is not connected to.
func TestNothingInsideIsReached(t *testing.T) {
	l := services(t, append([]string{"http://127.0.0.1:9000"}, KnownServices...)...)
	for _, at := range []string{
		"127.0.0.1:443", "127.0.0.1:9001", "10.0.0.1:443", "172.16.0.1:443", "192.168.1.1:443", "169.254.169.254:80", "100.64.0.1:443", "0.0.0.0:443", "224.0.0.1:443", "255.255.255.255:443",
		"192.0.2.1:443", "198.18.0.1:443", "[::1]:443", "[::]:443", "[fe80::1]:443", "[fc00::1]:443", "[::ffff:127.0.0.1]:443", "[::ffff:10.0.0.1]:443", "[64:ff9b::7f00:1]:443", "[2002:7f00:1::]:443",
		"[ff02::1]:443", "example.net:443", "",
	} {
		if err := l.outward("tcp", at, nil); err == nil {
			t.Error(at, "is reached")
		}
	}
	for _, at := range []string{"142.250.1.1:443", "[2a00:1450:4009::1]:443", "127.0.0.1:9000"} {
		if err := l.outward("tcp", at, nil); err != nil {
			t.Error(at, err)
		}
	}
}

func TestSubscriptionsThatAreRefused(t *testing.T) {
	l, b := services(t, KnownServices...), newBrowser(t)
	const at = "https://fcm.googleapis.com/fcm/send/a"
	good := string(b.told(at))
	if _, err := l.parse([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"nothing": "", "no JSON": "x", "a list": "[]", "no keys": `{"endpoint":"` + at + `"}`, "elsewhere": string(b.told("https://example.net/a")),
		"a short secret": strings.Replace(good, `"auth":"`, `"auth":"AA`, 1), "a point that is none": strings.Replace(good, `"p256dh":"B`, `"p256dh":"A`, 1),
		"too long": good[:len(good)-1] + `,"x":"` + strings.Repeat("a", MaxSubscription) + `"}`, "infinity": strings.Replace(good, `"p256dh":"`, `"p256dh":"AA","x":"`, 1),
	} {
		if _, err := l.parse([]byte(text)); !errors.Is(err, ErrSubscription) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzSubscription(f *testing.F) {
	l := services(f, KnownServices...)
	f.Add(newBrowser(f).told("https://fcm.googleapis.com/fcm/send/a"))
	f.Add([]byte(`{"endpoint":"https://a.notify.windows.com/","keys":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := l.parse(text)
		if err != nil {
			return
		}
		kept, err := s.kept()
		if err != nil {
			t.Fatal(err)
		}
		again, err := l.parse(kept)
		if err != nil || again.endpoint.String() != s.endpoint.String() || !again.key.Equal(s.key) {
			t.Errorf("what was kept reads otherwise: %v", err)
		}
	})
}
