package intake

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"candour/policy"
)

var declared = &policy.Policy{
	Categories: []policy.Category{
		{ID: "who", Format: "text"}, {ID: "mail", Format: "email"}, {ID: "phone", Format: "telephone"},
		{ID: "code", Format: "postcode"}, {ID: "home", Format: "address"}, {ID: "words", Format: "text"},
	},
	Forms: []policy.Form{{ID: "contact", Fields: []policy.Field{
		{Name: "name", Label: "Your name", Category: "who"},
		{Name: "email", Label: "E-mail address", Category: "mail"},
		{Name: "telephone", Category: "phone", Optional: true},
		{Name: "postcode", Category: "code", Optional: true},
		{Name: "home", Category: "home", Optional: true},
		{Name: "about", Control: "choice", Options: []policy.Option{{Value: "data", Label: "My data"}, {Value: "other", Label: "Else"}}},
		{Name: "message", Category: "words"},
		{Name: "website", Control: "robot-trap", Optional: true},
	}}},
}

func good() url.Values {
	return url.Values{"name": {"Ann Example"}, "email": {"ann@example.org"}, "about": {"other"}, "message": {"Hello"}}
}

func read(values url.Values) (Answers, error) {
	form, _ := declared.FormByID("contact")
	return Read(declared, *form, values)
}

// R7: each answer leaves with the category its field declares.
func TestReadGivesEachAnswerItsCategory(t *testing.T) {
	v := good()
	v.Set("telephone", " (01632) 960-123 ")
	v.Set("postcode", "b60 3dj")
	v.Set("website", "http://spam.example")
	v.Set("undeclared", "x")
	a, err := read(v)
	if err != nil {
		t.Fatal(err)
	}
	want := Answers{
		{"name", "who", "Ann Example"}, {"email", "mail", "ann@example.org"}, {"telephone", "phone", "01632 960 123"},
		{"postcode", "code", "B60 3DJ"}, {"about", "", "other"}, {"message", "words", "Hello"},
	}
	if len(a) != len(want) {
		t.Fatalf("%d answers, want %d", len(a), len(want))
	}
	for i := range want {
		if a[i] != want[i] {
			t.Errorf("answer %d of field %s is wrong: %q", i, want[i].Field, a[i].Value)
		}
	}
	if a.Value("email") != "ann@example.org" || a.Value("home") != "" {
		t.Error("Value")
	}
}

func TestReadCleans(t *testing.T) {
	for name, c := range map[string]struct{ field, in, want string }{
		"spaces":              {"name", "  Ann\u00a0\u2003 Example\t", "Ann Example"},
		"line end in a line":  {"name", "Ann\r\nExample", "Ann Example"},
		"normal form":         {"name", "Zoe\u0308", "Zo\u00eb"},
		"turning marks":       {"name", "Ann\u202e elpmaxE\u2066\u200f", "Ann elpmaxE"},
		"byte order mark":     {"message", "\ufeffHello", "Hello"},
		"joiners stay":        {"name", "می\u200cخواهم", "می\u200cخواهم"},
		"flag of England":     {"message", "\U0001F3F4\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F", "\U0001F3F4\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F"},
		"lines of a letter":   {"message", "\r\nOne\r\n\r\nTwo\rThree\u2028Four\n", "One\n\nTwo\nThree\nFour"},
		"plus":                {"telephone", "+ 44 (0)1632.960123", "+44 0 1632 960123"},
		"address of lines":    {"home", "1 High Street\r\nTown", "1 High Street\nTown"},
		"international email": {"email", "ann@bücher.example", "ann@xn--bcher-kva.example"},
	} {
		v := good()
		v.Set(c.field, c.in)
		a, err := read(v)
		if err != nil || a.Value(c.field) != c.want {
			t.Errorf("%s: %q, %v; want %q", name, a.Value(c.field), err, c.want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for name, c := range map[string]struct{ field, in, want string }{
		"nothing":               {"name", "", wordsMissing},
		"only invisible":        {"name", "\u200e\u202e \ufeff", wordsMissing},
		"no address":            {"email", "", "Please give an e-mail address."},
		"no address either":     {"email", "ann", "An e-mail address has one @ in it, with something before and after."},
		"header in the address": {"email", "ann@example.org\r\nBcc: bob@example.org", "The part before the @ has a character that we cannot send to."},
		"long name":             {"name", strings.Repeat("a", MaxLine+1), wordsTooLong},
		"huge name":             {"name", strings.Repeat("a", 1<<20), wordsTooLong},
		"long letter":           {"message", strings.Repeat("ä", MaxMessage+1), wordsTooLong},
		"not UTF-8":             {"name", "Ann\xff", wordsUnicode},
		"half a surrogate":      {"name", "Ann\xed\xa0\x80", wordsUnicode},
		"no character":          {"name", "Ann\ufffe", wordsUnicode},
		"private character":     {"name", "Ann\ue000", wordsUnicode},
		"escape":                {"message", "\x1b[31mred", wordsControl},
		"null":                  {"name", "Ann\x00", wordsControl},
		"next line control":     {"message", "a\u0085b", wordsControl},
		"marks":                 {"name", "A" + strings.Repeat("\u0316", 40), wordsMarks},
		"letters in a number":   {"telephone", "01632 CALL ME", wordsTelephone},
		"other digits":          {"telephone", "٠١٦٣٢٩٦٠١٢٣", wordsTelephone},
		"short number":          {"telephone", "12345", wordsTelephone},
		"long number":           {"telephone", "0163296012301632", wordsTelephone},
		"plus inside":           {"telephone", "01632+960123", wordsTelephone},
		"postcode":              {"postcode", "B60;DROP", wordsPostcode},
		"no choice":             {"about", "", "Please choose one of the answers."},
		"another choice":        {"about", "sales", "Please choose one of the answers offered."},
	} {
		v := good()
		v.Set(c.field, c.in)
		_, err := read(v)
		var faults FieldErrors
		if !errors.As(err, &faults) || len(faults) != 1 || faults.Of(c.field) == "" {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := faults.Of(c.field); got != c.want && name != "header in the address" {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	v := good()
	v["email"] = []string{"ann@example.org", "bob@example.org"}
	if _, err := read(v); err == nil {
		t.Error("a field given twice was taken")
	}
}

func TestReadNamesEveryFieldAtFault(t *testing.T) {
	_, err := read(url.Values{})
	var faults FieldErrors
	if !errors.As(err, &faults) || len(faults) != 4 {
		t.Fatalf("%v, want four fields", err)
	}
	if faults[0].Label != "Your name" || err.Error() != "intake: not accepted: name, email, about, message" {
		t.Errorf("%v", err)
	}
}

func TestNothingTypedIsPrinted(t *testing.T) {
	v := good()
	v.Set("name", "PLANTED")
	a, err := read(v)
	if err != nil {
		t.Fatal(err)
	}
	v.Set("email", "PLANTED")
	_, err = read(v)
	j, jerr := json.Marshal(a)
	if jerr != nil {
		t.Fatal(jerr)
	}
	s := fmt.Sprintf("%v %+v %#v %s %d %v %#v", a, a, a, a, a, a[0], a[0]) + string(j) + fmt.Sprintf("%v %+v %#v", err, err, err)
	if strings.Contains(s, "PLANTED") {
		t.Fatalf("printed: %s", s)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("Ann", "ann@example.org", "01632 960123", "Hello\r\nworld")
	f.Add("\u202e", "a@b\u200f.c", "+", "\x00")
	f.Add("A\u0316\u0316\u0316\u0316\u0316\u0316\u0316\u0316\u0316", "\"a\"@b.c", "(", strings.Repeat("x", 6000))
	f.Fuzz(func(t *testing.T, name, email, phone, message string) {
		v := good()
		v.Set("name", name)
		v.Set("email", email)
		v.Set("telephone", phone)
		v.Set("message", message)
		answers, err := read(v)
		if err != nil {
			var faults FieldErrors
			if !errors.As(err, &faults) || len(faults) == 0 || answers != nil {
				t.Fatalf("%T", err)
			}
			return
		}
		for _, a := range answers {
			if !utf8.ValidString(a.Value) || !norm.NFC.IsNormalString(a.Value) || utf8.RuneCountInString(a.Value) > MaxMessage {
				t.Fatalf("%s is not clean: %q", a.Field, a.Value)
			}
			for _, r := range a.Value {
				if isTurning(r) || unicode.IsControl(r) && (r != '\n' || a.Field != messageField) {
					t.Fatalf("%s holds %U", a.Field, r)
				}
			}
			// What is clean stays as it is.
			v.Set(a.Field, a.Value)
		}
		again, err := read(v)
		if err != nil {
			t.Fatalf("clean answers were refused: %v", err)
		}
		for i := range answers {
			if again[i] != answers[i] {
				t.Fatalf("%s changed from %q to %q", answers[i].Field, answers[i].Value, again[i].Value)
			}
		}
	})
}

// A value that replaces another is held to what its form would take.
func TestCheck(t *testing.T) {
	p := &policy.Policy{
		Categories: []policy.Category{{ID: "name", Format: "text"}, {ID: "email", Format: "email"}, {ID: "letter", Format: "text"}, {ID: "code", Format: "postcode"}},
		Forms:      []policy.Form{{Fields: []policy.Field{{Name: "message", Category: "letter"}, {Name: "who", Category: "name", Optional: true}}}},
	}
	for _, c := range []struct{ category, value, clean string }{
		{"name", " Ann\tExample ", "Ann Example"}, {"name", "two\nlines", "two lines"}, {"letter", "two\nlines", "two\nlines"}, {"code", "ab1 2cd", "AB1 2CD"},
		{"name", "", ""}, {"name", "\x00", ""}, {"email", "nobody", ""}, {"code", "!", ""}, {"undeclared", "x", ""}, {"name", strings.Repeat("a", MaxLine+1), ""},
	} {
		clean, fault := Check(p, c.category, c.value)
		if clean != c.clean || (fault == "") != (c.clean != "") {
			t.Errorf("%s: taken %v, want %v", c.category, fault == "", c.clean != "")
		}
	}
}

func FuzzCheck(f *testing.F) {
	p := &policy.Policy{Categories: []policy.Category{{ID: "text", Format: "text"}, {ID: "email", Format: "email"}, {ID: "tel", Format: "telephone"}, {ID: "code", Format: "postcode"}}}
	f.Add("text", "Ann")
	f.Add("email", "ann@example.org")
	f.Fuzz(func(t *testing.T, category, value string) {
		clean, fault := Check(p, category, value)
		if fault != "" {
			if clean != "" {
				t.Error("a value that is not taken comes back")
			}
			return
		}
		if again, fault := Check(p, category, clean); fault != "" || again != clean {
			t.Errorf("what was taken is not taken again as it is: %s", fault)
		}
	})
}

// A reference is no personal data, and is read as people write it.
func TestReadReference(t *testing.T) {
	form := policy.Form{ID: "find", Fields: []policy.Field{{Name: "reference", Label: "Reference", Control: "reference", Optional: true}}}
	for in, want := range map[string]string{"7k2m 9qxt": "7K2M-9QXT", " 7K2M-9QXT\t": "7K2M-9QXT", "": "", "  ": "", "O1lI-2345": "0111-2345"} {
		a, err := Read(declared, form, url.Values{"reference": {in}})
		if err != nil || a.Value("reference") != want || len(a) > 0 && a[0].Category != "" {
			t.Errorf("%q: %q, %v", in, a.Value("reference"), err)
		}
	}
	for _, in := range []string{"7K2M", "7K2M-9QXTZ", "7K2M-9QX!", strings.Repeat("A", 100), "\x00", "ann@example.org"} {
		if _, err := Read(declared, form, url.Values{"reference": {in}}); err == nil {
			t.Errorf("%q is taken for a reference", in)
		}
	}
	form.Fields[0].Optional = false
	if _, err := Read(declared, form, url.Values{}); err == nil {
		t.Error("a reference that must be given may be missing")
	}
}
