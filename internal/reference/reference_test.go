package reference_test

import (
	"strings"
	"testing"

	"candour/internal/reference"
)

func TestReferenceIsReadAsPeopleWriteIt(t *testing.T) {
	for range 200 {
		ref := reference.New()
		lower := strings.ToLower(strings.ReplaceAll(ref, "-", " "))
		if got, ok := reference.Parse(lower); !ok || got != ref {
			t.Fatalf("%q is read as %q, %v", lower, got, ok)
		}
	}
	for given, want := range map[string]string{"oIl0-ABCD": "0110-ABCD", " 7k2m9qxt ": "7K2M-9QXT"} {
		if got, ok := reference.Parse(given); !ok || got != want {
			t.Errorf("%q is read as %q, %v", given, got, ok)
		}
	}
	for _, given := range []string{"", "7K2M", "7K2M-9QXTA", "UUUU-UUUU", "7K2M-9QX\u200b", strings.Repeat("-", 65), "\xff\xff"} {
		if got, ok := reference.Parse(given); ok {
			t.Errorf("%q is read as %q", given, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("7K2M-9QXT")
	f.Fuzz(func(t *testing.T, s string) {
		if ref, ok := reference.Parse(s); ok {
			if again, ok := reference.Parse(ref); !ok || again != ref {
				t.Errorf("%q is not read as itself", ref)
			}
		}
	})
}
