package media

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestKeysInADescription(t *testing.T) {
	key30, key28, key44 := strings.Repeat("QUJD", 10), strings.Repeat("QUJD", 9)+"QQ==", strings.Repeat("QUJD", 14)+"QUI="
	for _, c := range []struct {
		line string
		ok   bool
	}{
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + key30, true},
		{"999999999 AES_CM_128_HMAC_SHA1_32 inline:" + key30 + "|2^31", true},
		{"2 AEAD_AES_128_GCM inline:" + key28, true},
		{"2 AEAD_AES_128_GCM inline:" + strings.TrimRight(key28, "="), true},
		{"3 AEAD_AES_256_GCM inline:" + key44 + " WSH=64 -UNKNOWN=1", true},
		{"", false},
		{"1 AES_CM_128_HMAC_SHA1_80", false},
		{"x AES_CM_128_HMAC_SHA1_80 inline:" + key30, false},
		{"-1 AES_CM_128_HMAC_SHA1_80 inline:" + key30, false},
		{"01 AES_CM_128_HMAC_SHA1_80 inline:" + key30, false},
		{"1234567890 AES_CM_128_HMAC_SHA1_80 inline:" + key30, false},
		{"1 F8_128_HMAC_SHA1_80 inline:" + key30, false},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + key28, false},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + key30[:39] + "*", false},
		{"1 AES_CM_128_HMAC_SHA1_80 prose:" + key30, false},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + key30 + "|2^20|1:4", false},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + key30 + "|1:4", false},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + key30 + ";inline:" + key30, false},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + key30 + " UNENCRYPTED_SRTP", false},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + key30 + " KDR=1", false},
	} {
		got, ok := readCrypto(c.line)
		if ok != c.ok {
			t.Errorf("%q is taken: %t", c.line, ok)
		}
		if s := fmt.Sprintf("%v %+v %#v", got, got, got); ok && (strings.Contains(s, "ABC") || strings.Contains(s, "QUJD")) {
			t.Errorf("a key is printed: %s", s)
		}
	}
}

// FuzzReadCrypto: what is taken makes a key, and is written as it is read.
func FuzzReadCrypto(f *testing.F) {
	f.Add("1 AES_CM_128_HMAC_SHA1_80 inline:" + strings.Repeat("QUJD", 10) + "|2^31 WSH=64")
	f.Add("1 AEAD_AES_128_GCM inline:" + strings.Repeat("QUJD", 9) + "QQ==")
	f.Fuzz(func(t *testing.T, value string) {
		c, ok := readCrypto(value)
		if !ok {
			return
		}
		if _, err := c.context(); err != nil {
			t.Fatal(err)
		}
		if again, ok := readCrypto(c.line()); !ok || again != c {
			t.Fatalf("%q became %q", value, c.line())
		}
	})
}

// A call with keys sounds in every suite, by the profile that must be encrypted
// and by the one that may (RFC 8643), and nothing of it passes in the clear.
func TestAPhoneWithKeys(t *testing.T) {
	for _, s := range suites {
		for _, proto := range []string{"RTP/SAVP", "RTP/AVP", "RTP/SAVPF"} {
			t.Run(s.name+" "+proto, func(t *testing.T) {
				quiet(t)
				r := newRelay(t)
				one, two := newHandset(t), newHandset(t)
				one.key = newCrypto(crypto{tag: 7, suite: s.name}).line()
				a, b, offer := offers(t, r, one.describe(proto, "0 97", "a=crypto:1 SOMETHING_NEW inline:QUJD", "a=crypto:"+one.key), Phone)
				if strings.Contains(offer, "crypto") {
					t.Error("a key of one side passes to the other")
				}
				two.take(offer)
				if err := b.Answered(two.describe("RTP/AVP", "0 97")); err != nil {
					t.Fatal(err)
				}
				answer := join(t, a, b)
				one.take(answer)
				if !strings.Contains(answer, " "+proto+" ") || one.in == nil {
					t.Fatalf("answered\n%s", answer)
				}
				two.ear(0).hears(one.ear(0), 0)
				one.ear(0).hears(two.ear(0), 0)
				if proto == "RTP/SAVP" {
					until(t, "reports that are encrypted", func() bool { return one.reports() > 0 })
				}
				dropped := a.Stats().Dropped
				if _, err := one.rtp.WriteToUDPAddrPort(one.packet(0, []byte("in the clear")), one.to); err != nil {
					t.Fatal(err)
				}
				until(t, "a packet in the clear that is dropped", func() bool { return a.Stats().Dropped > dropped })
				if string(two.last().Payload) == "in the clear" {
					t.Error("it passed")
				}
			})
		}
	}
}

// A phone that changes its key within a call is understood with the old one until
// it uses the new; one that would go on without is refused, and the call goes on.
func TestKeysChangeWithinACall(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	one, two := newHandset(t), newHandset(t)
	const name = "AES_CM_128_HMAC_SHA1_80"
	one.key = newCrypto(crypto{tag: 1, suite: name}).line()
	say := func() string { return one.describe("RTP/SAVP", "0 97", "a=crypto:"+one.key) }
	a, b, offer := offers(t, r, say(), Phone)
	two.take(offer)
	if err := b.Answered(two.describe("RTP/AVP", "0 97")); err != nil {
		t.Fatal(err)
	}
	one.take(join(t, a, b))
	two.ear(0).hears(one.ear(0), 0)

	for _, refused := range []string{one.describe("RTP/AVP", "0 97"), one.describe("RTP/SAVP", "0 97")} {
		if _, _, err := a.Reoffered(refused); !errors.Is(err, ErrCodec) {
			t.Errorf("a call may not lose its keys: %v", err)
		}
	}
	two.ear(0).hears(one.ear(0), 0)

	one.key = newCrypto(crypto{tag: 2, suite: name}).line()
	answer, _, err := a.Reoffered(say())
	if err != nil {
		t.Fatal(err)
	}
	two.ear(0).hears(one.ear(0), 0) // with the old key still
	before := one.in
	one.take(answer)
	one.in = before // ours is the same, and goes on
	two.ear(0).hears(one.ear(0), 0)
	one.ear(0).hears(two.ear(0), 0)

	other := newCrypto(crypto{tag: 3, suite: "AEAD_AES_128_GCM"})
	one.key = other.line()
	if answer, _, err = a.Reoffered(say()); err != nil {
		t.Fatal(err)
	}
	one.take(answer)
	two.ear(0).hears(one.ear(0), 0)

	again, err := a.Reoffer(SendOnly)
	if err != nil || !strings.Contains(again, "a=crypto:3 AEAD_AES_128_GCM inline:") || strings.Contains(again, strings.Fields(one.key)[2]) {
		t.Errorf("our own offer: %v\n%s", err, again)
	}
}

// FuzzArrives: nothing that comes to a phone's port ends the program, with keys or
// without, from wherever it comes.
func FuzzArrives(f *testing.F) {
	r := newRelay(f)
	var ports []*port
	for _, name := range []string{"", "AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM"} {
		l := r.leg(Phone, false)
		l.sections = []section{{media: "audio", taken: true, of: Phone, codecs: []codec{{name: "pcmu", clock: 8000}}}}
		l.sections[0].far.rtp = netip.MustParseAddrPort("127.0.0.1:9")
		if name != "" {
			l.sections[0].far.crypto = newCrypto(crypto{suite: name})
		}
		l.keep()
		if _, err := l.phoneAnswer(); err != nil {
			f.Fatal(err)
		}
		f.Cleanup(func() { _ = l.Close() })
		ports = append(ports, l.line.ports[audio])
	}
	f.Add([]byte{0x80, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 5, 10}, true)
	f.Add([]byte{0x80, 0x80, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3}, false)
	f.Add([]byte{0x81, 201, 0, 7, 0, 0, 0, 2, 0, 0, 0, 3}, true)
	f.Add([]byte{0x81, 205, 0, 1, 0, 0, 0, 2}, true)
	f.Fuzz(func(t *testing.T, b []byte, stated bool) {
		from := netip.MustParseAddrPort("127.0.0.1:10")
		if stated {
			from = netip.MustParseAddrPort("127.0.0.1:9")
		}
		for _, p := range ports {
			p.arrives(append([]byte{}, b...), from, time.Now())
			p.told(append([]byte{}, b...), from, time.Now())
		}
	})
}
