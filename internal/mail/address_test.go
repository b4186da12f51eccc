package mail

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	for in, want := range map[string]string{
		"ann@example.org":                        "ann@example.org",
		"  ann@example.org\t":                    "ann@example.org",
		"Ann.O'Neill+news@Example.ORG":           "Ann.O'Neill+news@example.org",
		"a@b.co":                                 "a@b.co",
		"ann@bücher.example":                     "ann@xn--bcher-kva.example",
		"ann@bu\u0308cher.example":               "ann@xn--bcher-kva.example", // decomposed: the same name
		"ann@ＥＸＡＭＰＬＥ.org":                        "ann@example.org",
		"ann@例え.テスト":                             "ann@xn--r8jz45g.xn--zckzah",
		"ann@xn--bcher-kva.example":              "ann@xn--bcher-kva.example",
		"{weird}=but/legal@example.org":          "{weird}=but/legal@example.org",
		strings.Repeat("a", 64) + "@example.org": strings.Repeat("a", 64) + "@example.org",
	} {
		got, err := ParseAddress(in)
		if err != nil || got.Reveal() != want {
			t.Errorf("%q: %q, %v; want %q", in, got.Reveal(), err, want)
		}
	}
}

func TestParseAddressRefuses(t *testing.T) {
	for in, want := range map[string]AddressFault{
		"":                                       AddressMissing,
		" \t\n":                                  AddressMissing,
		"ann":                                    AddressNoAt,
		"@example.org":                           AddressNoAt,
		"ann@":                                   AddressNoAt,
		"ann@b@example.org":                      AddressNoAt,
		"ann bob@example.org":                    AddressLocal,
		"Ann <ann@example.org>":                  AddressLocal,
		`"ann"@example.org`:                      AddressLocal,
		"ann(home)@example.org":                  AddressLocal,
		"ann,bob@example.org":                    AddressLocal,
		"änn@example.org":                        AddressLocal,
		"ann\r\nBcc:bob@example.org":             AddressLocal,
		"ann\x00@example.org":                    AddressLocal,
		"\xff\xfe@example.org":                   AddressLocal,
		".ann@example.org":                       AddressDots,
		"ann.@example.org":                       AddressDots,
		"a..b@example.org":                       AddressDots,
		"ann@localhost":                          AddressDomain,
		"ann@example.org\r\nBcc: x":              AddressDomain,
		"ann@example.org>":                       AddressDomain,
		"ann@example.org.":                       AddressDomain,
		"ann@.example.org":                       AddressDomain,
		"ann@example..org":                       AddressDomain,
		"ann@-example.org":                       AddressDomain,
		"ann@exam_ple.org":                       AddressDomain,
		"ann@exam ple.org":                       AddressDomain,
		"ann@xn--zz":                             AddressDomain,
		"ann@a\u202eb.org":                       AddressDomain,
		"ann@[127.0.0.1]":                        AddressLiteralIP,
		"ann@127.0.0.1":                          AddressLiteralIP,
		"ann@::1":                                AddressLiteralIP,
		"ann@300.300.300.300":                    AddressLiteralIP,
		strings.Repeat("a", 65) + "@b.org":       AddressTooLong,
		"a@" + strings.Repeat("a", 64) + ".org":  AddressDomain,
		"a@" + strings.Repeat("a.", 130) + "org": AddressDomain,
		strings.Repeat("a", 64) + "@" + strings.Repeat("bb.", 63) + "org": AddressTooLong,
		strings.Repeat("a", 5000): AddressTooLong,
	} {
		got, err := ParseAddress(in)
		var fault AddressFault
		if !errors.As(err, &fault) || fault != want || !got.IsZero() {
			t.Errorf("%q: %v, want %q", in, err, want)
		}
	}
}

func TestKeyFindsTheSameMailbox(t *testing.T) {
	a, _ := ParseAddress("Ann@Example.org")
	b, _ := ParseAddress("ann@example.ORG")
	if a.Key() != b.Key() {
		t.Fatal("two spellings, two keys")
	}
}

func TestAddressDoesNotPrint(t *testing.T) {
	a, err := ParseAddress("ann@example.org")
	if err != nil {
		t.Fatal(err)
	}
	j, err := json.Marshal(struct{ A Address }{a})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "a", a, "b", struct{ A Address }{a})
	for _, s := range []string{
		fmt.Sprint(a), fmt.Sprintf("%v %+v %#v %s %q %x %d", a, a, a, a, a, a, a), string(j), log.String(),
		fmt.Sprintf("%v %+v", &a, []Address{a}),
	} {
		if strings.Contains(s, "ann") || strings.Contains(s, "616e6e") {
			t.Errorf("the address stands in %q", s)
		}
	}
}

// Whatever is accepted goes on the envelope and in the header unchanged, so it
// must be plain to the standard library's reader too, and parse to itself.
func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"ann@example.org", "a@bücher.example", "x\r\n@b.c", "\"q\"@b.org", "a@[::1]", "a@b.1", "{}|~@xn--bcher-kva.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAddress(s)
		if err != nil {
			var fault AddressFault
			if !errors.As(err, &fault) {
				t.Fatalf("%T is no AddressFault", err)
			}
			return
		}
		text := a.Reveal()
		if len(text) > MaxAddress || strings.ContainsAny(text, " \r\n\t\x00<>,;:\"()[]\\") {
			t.Fatalf("accepted %q", text)
		}
		for i := range len(text) {
			if text[i] >= 0x80 || text[i] < 0x20 {
				t.Fatalf("accepted %q", text)
			}
		}
		if p, err := netmail.ParseAddress(text); err != nil || p.Address != text {
			t.Fatalf("%q: net/mail reads %v, %v", text, p, err)
		}
		if again, err := ParseAddress(text); err != nil || again != a {
			t.Fatalf("%q does not parse to itself: %v", text, err)
		}
	})
}

// An address of a name that never resolves can be nobody's, whatever its case.
func TestNobody(t *testing.T) {
	for text, want := range map[string]bool{
		"audit-dpo@example.invalid": true, "a@EXAMPLE.INVALID": true, "a@b.c.invalid": true,
		"a@example.com": false, "a@invalid.example.com": false, "a@notinvalid.net": false,
	} {
		a, err := ParseAddress(text)
		if err != nil {
			t.Fatal(err)
		}
		if a.Nobody() != want {
			t.Errorf("an address is nobody's: %v, want %v", !want, want)
		}
	}
}
