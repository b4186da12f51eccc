package vault

import (
	"strings"
	"testing"
)

func FuzzParseTerm(f *testing.F) {
	f.Add("enquiry enquiry.closed P2Y P5Y erase any")
	f.Add("six-years collected P6Y P0D erase law")
	f.Add("evidence")
	f.Add("a b P1M P0D erase  law")
	f.Fuzz(func(t *testing.T, class string) {
		term, ok := parseTerm(class)
		if ok && term.class() != class {
			t.Fatalf("a class has two spellings: %q and %q", class, term.class())
		}
	})
}

func FuzzDecodeStanding(f *testing.F) {
	f.Add([]byte{})
	f.Add(standing{erased: true}.encode())
	s := standing{restricted: true}
	s.consents.put(127, true)
	f.Add(s.encode())
	s.given = s.given.with(127, 2).with(3, 1<<20)
	f.Add(s.encode())
	s.shut, s.grants[0] = 1, 7
	f.Add(s.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decodeStanding(b)
		if err != nil {
			return
		}
		if again, err := decodeStanding(s.encode()); err != nil || again != s {
			t.Fatal("a standing does not survive its encoding")
		}
	})
}

func FuzzNormalise(f *testing.F) {
	for _, format := range []string{"email", "telephone", "text"} {
		for _, v := range []string{"A@B.example", "+44 (0)20 7946 0000", "0044 20", "00", "+", "  x  Y "} {
			f.Add(format, v)
		}
	}
	f.Fuzz(func(t *testing.T, format, value string) {
		once := normalise(format, value)
		if again := normalise(format, once); again != once {
			t.Fatal("what is normal is made more normal")
		}
	})
}

func FuzzVerifyReceipt(f *testing.F) {
	const key = "test.example/evidence+5a4c8b5d+AbmSLcIYyDHDdOxjSF4yQfkVmJfIMDLHHp+x+IfaOy8t"
	f.Add([]byte("{}\n\n\u2014 test.example/evidence AAAA\n"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := VerifyReceipt(b, key); err == nil {
			t.Fatal("a receipt that nobody signed holds")
		}
	})
}

func FuzzDecodeReceipt(f *testing.F) {
	f.Add(`{"version":1,"id":1,"stages":[],"complete":true,"destroyed":[],"kept":[],"root":"` + strings.Repeat("0", 64) + `","absences":[],"limits":[]}`)
	f.Add(`{"version":2}`)
	f.Add(`{"version":1} {}`)
	f.Fuzz(func(t *testing.T, text string) {
		if r, err := decodeReceipt(text); err == nil && r.Version != receiptVersion {
			t.Fatal("a receipt of another version was read")
		}
	})
}

func TestMoreThanAWordOfPurposes(t *testing.T) {
	var s set
	for _, bit := range []int{0, 63, 64, 127} {
		s.put(bit, true)
		if !s.has(bit) || !beyond(s, bit) || beyond(s, bit+1) {
			t.Errorf("bit %d", bit)
		}
	}
}
