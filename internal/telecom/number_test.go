package telecom

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// where says what a dialled number is, as Route reads it before it looks for
// anybody.
func where(dialled string) string {
	n, err := read(dialled)
	if err != nil {
		return said(err)
	}
	if digits, ok := emergencyIn(n.digits); ok {
		return "emergency " + digits
	}
	n = n.unprefixed()
	text := ""
	if n.withheld {
		text = "withheld "
	}
	if n.digits == "" {
		return text + string(Empty)
	}
	if n.extension() {
		return text + "extension " + n.digits
	}
	e164, err := n.world()
	if err != nil {
		return text + said(err)
	}
	return text + e164
}

func said(err error) string {
	var r *Refusal
	if !errors.As(err, &r) {
		return "untyped: " + err.Error()
	}
	return string(r.Code)
}

// L26: what people dial, with the prefixes for one call, and how they write it (ITU-T E.164; Ofcom National
// Telephone Numbering Plan).
func TestNumbers(t *testing.T) {
	for dialled, want := range map[string]string{
		"1001": "extension 1001", " 10 01 ": "extension 1001", "22": "extension 22", "999999": "extension 999999", "１００１": "extension 1001",
		"١٠٠١": "extension 1001", "१००१": "extension 1001", "\U0001d7cf\U0001d7ce\U0001d7ce\U0001d7cf": "extension 1001",

		"020 7946 0958": "+442079460958", "+44 20 7946 0958": "+442079460958", "0044 20 7946 0958": "+442079460958", "+44 (0)20 7946 0958": "+442079460958",
		"(020) 7946-0958": "+442079460958", "020.7946.0958": "+442079460958", "020\u20117946\u20130958": "+442079460958", "020\u00a07946\u00a00958": "+442079460958",
		"＋44 20 7946 0958": "+442079460958", "07400 123456": "+447400123456", "0800 1111": "+448001111", "+33 1 23 45 67 89": "+33123456789",
		"+1 212-555-0123": "+12125550123", "118500": "118500", "116123": "116123", "159": "159", "100": "100",

		"141 1001": "withheld extension 1001", "1470 1001": "extension 1001", "141 020 7946 0958": "withheld +442079460958", "141 +44 20 7946 0958": "unreadable",

		"": "empty", "   ": "empty", "()": "empty", "+": "empty", "141": "withheld empty", "1470": "empty",
		"5": "incomplete", "0": "incomplete", "020 7946": "incomplete", "7946 0958": "incomplete", "+44": "incomplete", "+4": "incomplete", "+0": "incomplete", "+4980000000000000": "no-such", "020 7946 095": "incomplete",
		"+44 20 7946 09580": "no-such", "+999 123 456 789": "no-such", "0999 999 9999": "no-such",
		"abc": "unreadable", "1001;phone-context=x": "unreadable", "sip:1001": "unreadable", "1001@x": "unreadable", "1+001": "unreadable", "++44": "unreadable",
		"*21*1001#": "unreadable", "10\x0001": "unreadable", "10\r\n01": "extension 1001", "1001\xff": "unreadable", "½": "unreadable",
		strings.Repeat("1", maxDialled+1): "unreadable", strings.Repeat("1", maxDialled): "no-such",
	} {
		if got := where(dialled); got != want {
			t.Errorf("%q: %s, want %s", dialled, got, want)
		}
	}
}

// L29: emergency services, their relay, and the numbers beside them are known
// for what they are, however they are written and whatever stands in front.
func TestEmergencyNumbers(t *testing.T) {
	for _, number := range []string{"999", "112", "18000", "101", "111", "105"} {
		for _, dialled := range []string{number, " " + strings.Join(strings.Split(number, ""), " ") + " ", "141" + number, "1470 " + number, "+" + number, "(" + number + ")"} {
			if got := where(dialled); got != "emergency "+number {
				t.Errorf("%q: %s", dialled, got)
			}
		}
		if mayHave(number) {
			t.Errorf("a line may have %s", number)
		}
	}
	for _, not := range []string{"9999", "1120", "99", "11", "180000", "1011"} {
		if got := where(not); strings.HasPrefix(got, "emergency") {
			t.Errorf("%q: %s", not, got)
		}
	}
}

func TestWhatALineMayHave(t *testing.T) {
	for _, good := range []string{"22", "1001", "200", "300000", "98", "1999"} {
		if !mayHave(good) {
			t.Errorf("%s is refused", good)
		}
		if got := where(good); got != "extension "+good {
			t.Errorf("%s can be had and not dialled: %s", good, got)
		}
	}
	for _, bad := range []string{"", "1", "0123", "1234567", "99a", "１０01", " 22", "9990", "1121", "116123", "118500", "1411", "14701", "159", "123", "-1"} {
		if mayHave(bad) {
			t.Errorf("%q is taken", bad)
		}
	}
}

// Each script has its ten digits, and each has its value.
func TestDigitsOfEveryScript(t *testing.T) {
	var all []rune
	for c := rune(0); c <= unicode.MaxRune; c++ {
		if unicode.Is(unicode.Nd, c) {
			all = append(all, c)
		}
	}
	if len(all)%10 != 0 || len(all) < 600 {
		t.Fatalf("there are %d digits", len(all))
	}
	for i, c := range all {
		if d, ok := digit(c); !ok || int(d) != i%10 {
			t.Errorf("%U: %d, %v", c, d, ok)
		}
	}
	for _, not := range []rune{'a', '/', ':', '²', 'Ⅷ', '\ufffd', 0, -1, unicode.MaxRune} {
		if _, ok := digit(not); ok {
			t.Errorf("%U is a digit", not)
		}
	}
}

// Each refusal has words that a caller can act on and a status of RFC 3261, and
// each code is of one kind.
func TestRefusalsHaveWords(t *testing.T) {
	for code, r := range refusals {
		if !strings.HasSuffix(r.words, ".") || len(r.words) > 160 || r.sip < 400 || r.sip > 699 {
			t.Errorf("%s: %d, %q", code, r.sip, r.words)
		}
		if _, ends := endWords[code]; ends {
			t.Errorf("%s both refuses and ends", code)
		}
	}
	codes := Codes()
	if len(codes) != len(refusals)+len(endWords) || !slices.IsSorted(codes) || len(slices.Compact(codes)) != len(refusals)+len(endWords) {
		t.Errorf("codes: %v", codes)
	}
	if err := refuse(NoSuch); !errors.Is(err, &Refusal{NoSuch}) || errors.Is(err, &Refusal{Self}) || strings.Contains(err.Error(), "1001") {
		t.Error(err)
	}
}

func FuzzDialled(f *testing.F) {
	for _, s := range []string{"1001", "999", "141 1470 999", "+44 (0)20 7946 0958", "0044", "+", "１４１１００１", "118500", "+4980000000000000", "\xff\u200e", strings.Repeat("9", maxDialled)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, dialled string) {
		n, err := read(dialled)
		if err != nil {
			if s := said(err); s != string(Unreadable) && s != string(Empty) {
				t.Fatal(s)
			}
			return
		}
		if n.digits == "" || len(n.digits) > maxDialled || strings.Trim(n.digits, "0123456789") != "" {
			t.Fatalf("%d digits", len(n.digits))
		}
		got := where(dialled)
		if strings.HasPrefix(got, "untyped") {
			t.Fatal(got)
		}
		// What is read is read the same once it is written plainly.
		plain := n.digits
		if n.plus {
			plain = "+" + plain
		}
		if again := where(plain); again != got {
			t.Fatalf("%s, and written plainly %s", got, again)
		}
		if rest, ok := strings.CutPrefix(got, "+"); ok {
			if len(rest) > 15 || !isNumber(got) {
				t.Fatalf("no number of E.164: %s", got)
			}
			if again := where(got); again != got {
				t.Fatalf("%s becomes %s", got, again)
			}
		}
	})
}
