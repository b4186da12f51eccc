package telecom_test

import (
	"io/fs"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candour/internal/telecom"
	"candour/operators"
	"candour/policy"
)

const header = "prefix,name,class,minute,connection\n"

func parsed(t testing.TB, text string) *telecom.Tariff {
	t.Helper()
	tariff, faults := telecom.ParseTariff(text)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return tariff
}

// The longest prefix of a number decides, and a number that none fits has no
// price.
func TestTariffByTheLongestPrefix(t *testing.T) {
	tariff := parsed(t, "# made up\n\n"+header+"+44,UK,uk-landline,1.2,0\r\n+4490,Dear,premium,160,50.005\n+1,America,international,2.5,0\n118,Enquiries,premium,155,155\n")
	for number, want := range map[string]string{
		"+441632960123": "UK", "+449012345678": "Dear", "+12025550123": "America", "118500": "Enquiries", "+3531": "", "": "", "1": "", "44": "", "+": "",
	} {
		p, ok := tariff.Price(number)
		if ok != (want != "") || p.Name != want {
			t.Errorf("%q: %q, %v", number, p.Name, ok)
		}
	}
	if p, _ := tariff.Price("+449012345678"); p.Connection != 50005 || p.Minute != 160000 || p.Cost(time.Second) != 50005+2667 {
		t.Errorf("%+v costs %d", p, p.Cost(time.Second))
	}
	if _, ok := (*telecom.Tariff)(nil).Price("+44"); ok {
		t.Error("no tariff has prices")
	}
}

// Every fault of a file is told, with its line and column.
func TestTariffRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                                                   "tariff.csv:1:1",
		"prefix,name\n":                                                      "tariff.csv:1:1",
		header + "+44,UK,uk-landline,1\n":                                    "tariff.csv:2:1",
		header + "+44,UK,uk-landline,1,0,0\n":                                "tariff.csv:2:1",
		header + "+,UK,uk-landline,1,0\n":                                    "tariff.csv:2:1",
		header + "44 1,UK,uk-landline,1,0\n":                                 "tariff.csv:2:1",
		header + "+044,UK,uk-landline,1,0\n":                                 "tariff.csv:2:1",
		header + "+1234567890123456,UK,uk-landline,1,0\n":                    "tariff.csv:2:1",
		header + "+44,,uk-landline,1,0\n":                                    "tariff.csv:2:5",
		header + "+44, UK,uk-landline,1,0\n":                                 "tariff.csv:2:5",
		header + "+44,U\u202eK,uk-landline,1,0\n":                            "tariff.csv:2:5",
		header + "+44,UK,cheap,1,0\n":                                        "tariff.csv:2:8",
		header + "+44,UK,uk-landline,-1,0\n":                                 "tariff.csv:2:20",
		header + "+44,UK,uk-landline,1.2345,0\n":                             "tariff.csv:2:20",
		header + "+44,UK,uk-landline,1.,0\n":                                 "tariff.csv:2:20",
		header + "+44,UK,uk-landline,.5,0\n":                                 "tariff.csv:2:20",
		header + "+44,UK,uk-landline,1e3,0\n":                                "tariff.csv:2:20",
		header + "+44,UK,uk-landline,10001,0\n":                              "tariff.csv:2:20",
		header + "+44,UK,uk-landline,1,NaN\n":                                "tariff.csv:2:22",
		header + "+44,UK,uk-landline,1,\n":                                   "tariff.csv:2:22",
		header + "+44,UK,uk-landline,1,0\n# again\n+44,UK,uk-landline,2,0\n": "tariff.csv:4:1",
		"\xff" + header:                                                      "tariff.csv:1:1",
	} {
		tariff, faults := telecom.ParseTariff(text)
		if tariff != nil || len(faults) != 1 || !strings.HasPrefix(faults[0].String(), want+": ") {
			t.Errorf("%q: %v, want a fault at %s", text, faults, want)
		}
	}
	if _, faults := telecom.ParseTariff(header + strings.Repeat("x\n", 1000)); len(faults) < 10 || len(faults) > 100 {
		t.Errorf("%d faults are told", len(faults))
	}
}

// The tariffs of the operators who are part of the program can be read, and what
// the policy offers has one.
func TestTariffsOfOperators(t *testing.T) {
	for _, id := range operators.IDs() {
		fsys, _ := operators.FS(id)
		profile, faults := policy.Load(fsys)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		tariff, faults := telecom.LoadTariff(profile)
		if len(faults) > 0 || len(tariff.Prices()) < 20 {
			t.Errorf("%s: %v", id, faults)
		}
		if p, ok := tariff.Price("+441632960123"); !ok || p.Class != "uk-landline" {
			t.Errorf("%s: a landline is %+v", id, p)
		}
		if p, ok := tariff.Price("+448081570123"); !ok || !p.Free() {
			t.Errorf("%s: freephone is %+v", id, p)
		}
	}
	fsys, _ := operators.FS("invoco")
	profile, _ := policy.Load(without{fsys, telecom.TariffFile})
	if _, faults := telecom.LoadTariff(profile); len(faults) != 1 {
		t.Errorf("no tariff for what is offered: %v", faults)
	}
}

// without hides a file.
type without struct {
	fs.FS
	name string
}

func (w without) Open(name string) (fs.File, error) {
	if name == w.name {
		return nil, fs.ErrNotExist
	}
	return w.FS.Open(name)
}

func (w without) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := fs.ReadDir(w.FS, name)
	var kept []fs.DirEntry
	for _, e := range list {
		if e.Name() != w.name {
			kept = append(kept, e)
		}
	}
	return kept, err
}

// Money is exact: what a call may last for an amount costs no more than that,
// and a second more would.
func TestMoneyIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := telecom.Price{
			Minute:     telecom.Money(rapid.Int64Range(1, 10_000_000).Draw(t, "minute")),
			Connection: telecom.Money(rapid.Int64Range(0, 10_000_000).Draw(t, "connection")),
		}
		money := telecom.Money(rapid.Int64Range(0, 50_000_000_000).Draw(t, "money"))
		longest := time.Duration(rapid.Int64Range(1, 86400).Draw(t, "longest")) * time.Second
		long := p.Lasts(money, longest)
		switch {
		case money < p.Connection && long != 0:
			t.Fatal("lasts without what the connection costs")
		case money >= p.Connection && p.Cost(long) > money:
			t.Fatalf("%v costs %d of %d", long, p.Cost(long), money)
		case money >= p.Connection && long < longest && p.Cost(long+time.Second) <= money:
			t.Fatalf("could have lasted longer than %v", long)
		case long > longest:
			t.Fatal("lasts too long")
		}
	})
	for m, want := range map[telecom.Money]string{0: "nothing", 1: "0.001p", 1500: "1.5p", 99999: "99.999p", 100000: "£1", 123456: "£1.24", 2000000: "£20", -1500: "-1.5p"} {
		if got := m.String(); got != want {
			t.Errorf("%d is %q, want %q", m, got, want)
		}
	}
}

func FuzzParseTariff(f *testing.F) {
	f.Add(header + "+44,UK,uk-landline,1.2,0\n118,Enquiries,premium,155,1.005\n")
	f.Add("# x\n" + header + "+1,\"A,B\",international,1,0")
	f.Fuzz(func(t *testing.T, text string) {
		tariff, faults := telecom.ParseTariff(text)
		if (tariff == nil) != (len(faults) > 0) {
			t.Fatal("neither a tariff nor a fault")
		}
		for _, p := range tariff.Prices() {
			if got, ok := tariff.Price(p.Prefix); !ok || got != p || p.Minute < 0 || p.Connection < 0 || p.Cost(time.Hour) < p.Connection {
				t.Fatalf("%+v is found as %+v", p, got)
			}
		}
	})
}
