package trunk_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candour/internal/trunk"
)

const whole = `
listen: 127.0.0.1:5070
public: calls.example.net
shown: "+441527306000"
trunks:
  - id: main
    recipient: carriers
    emergency: emergency-services
    host: sip.carrier.example:5062
    transport: tcp
    domain: carrier.example
    register: {username: house, password_file: word, realm: carrier.example, expires: 120}
    numbers: ["+44152730", "+441527306000 to +441527306099"]
    takes: ["+44", {prefix: "+", priority: 2}, "118"]
    capacity: 30
    identity: from
    dials: national
  - id: second
    recipient: carriers
    host: 192.0.2.7
    from: [198.51.100.0/24, 203.0.113.9, "2001:db8::/48"]
    numbers: ["+441527307"]
    takes: ["+44"]
    capacity: 2
    abroad: true
`

func word(string) (trunk.Secret, error) { return "harbour lantern", nil }

func TestParse(t *testing.T) {
	f, err := trunk.Parse([]byte(whole), word)
	if err != nil {
		t.Fatal(err)
	}
	a, b := f.Trunks[0], f.Trunks[1]
	for what, is := range map[string]bool{
		"the file":            f.Listen == "127.0.0.1:5070" && f.Public == "calls.example.net" && f.Shown == "+441527306000",
		"where it is":         a.Host == "sip.carrier.example" && a.Port == 5062 && a.Transport == trunk.TCP && a.Domain == "carrier.example",
		"how it knows us":     a.Register.Username == "house" && string(a.Register.Password) == "harbour lantern" && a.Register.Expires == 2*time.Minute,
		"what it is for":      a.Emergency == "emergency-services" && a.Capacity == 30 && a.Identity == trunk.InFrom && a.Dials == trunk.National && !a.Abroad,
		"what is left out":    b.Port == 0 && b.Transport == trunk.UDP && b.Domain == "192.0.2.7" && b.Identity == trunk.Asserted && b.Dials == trunk.WithPlus && b.Abroad,
		"where it comes from": len(b.From) == 3 && b.From[1].String() == "203.0.113.9/32",
		"a number it brings":  a.Brings("+441527306050") && a.Brings("+44152730") && !a.Brings("+441527206050") && !b.Brings("+441527306050"),
	} {
		if !is {
			t.Errorf("%s: %+v", what, f)
		}
	}
	for number, want := range map[string][2]int{"+441632": {3, 1}, "+33123": {1, 2}, "118500": {3, 1}, "159": {-1, 0}} {
		if n, p := a.Longest(number); n != want[0] || p != want[1] {
			t.Errorf("%s: %d %d", number, n, p)
		}
	}
	if text := fmt.Sprintf("%v %+v %#v %s", f, f, a.Register, a.Register.Password); strings.Contains(text, "harbour") {
		t.Error("a password is printed")
	}
}

func TestRanges(t *testing.T) {
	r := trunk.Range{From: "+441527306000", To: "+441527306099"}
	for number, want := range map[string]bool{
		"+441527306000": true, "+441527306099": true, "+441527306100": false, "+44152730600": false, "+4415273060000": false, "": false,
	} {
		if r.Holds(number) != want {
			t.Errorf("%s: %v", number, !want)
		}
	}
}

func TestSays(t *testing.T) {
	for dials, want := range map[string]string{trunk.WithPlus: "+441527306001 +33140205317 118500 999", trunk.Bare: "441527306001 33140205317 118500 999", trunk.National: "01527306001 0033140205317 118500 999"} {
		one := trunk.Trunk{Dials: dials}
		var got []string
		for _, n := range []string{"+441527306001", "+33140205317", "118500", "999"} {
			got = append(got, one.Says(n))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %s", dials, got)
		}
	}
}

// Each thing that is wrong with a file is told with its place and its cure, and
// all of them at once.
func TestFaults(t *testing.T) {
	const ok = "trunks: [{id: a, recipient: r, host: h, capacity: 2, takes: ['+'], "
	for text, want := range map[string]string{
		"":                               "line 1, column 1: the file is empty",
		"# nothing":                      "the file is empty",
		"trunks: [":                      "the file is not YAML",
		"a: 1\n---\nb: 2":                "more than one document",
		"- a":                            "the file must be `name: value` lines",
		"trunks: []":                     "there is no trunk",
		"trunks: {}":                     "trunks must be a list",
		"listen: 127.0.0.1:0":            "the file needs trunks",
		"trunk: []":                      "the file has an unknown field; the fields are listen",
		"trunks: [x]":                    "a trunk must be `name: value` lines",
		"trunks: [{}]":                   "a trunk needs id",
		ok + "x: 1}]":                    "column 68: a trunk has an unknown field",
		ok + "id: b}]":                   "a trunk has id twice",
		ok + "domain: 'a b'}]":           "domain must be",
		ok + "transport: sctp}]":         "transport must be one of udp, tcp, tls",
		ok + "identity: pai}]":           "identity must be one of asserted, from",
		ok + "dials: no}]":               "dials must be one of",
		ok + "abroad: 1}]":               "abroad must be true or false",
		ok + "emergency: A}]":            "emergency must be small letters",
		ok + "from: [10.0.0.0/8]}]":      "too large",
		ok + "from: [10.0.0.1/24]}]":     "from holds addresses",
		ok + "from: [carrier.example]}]": "from holds addresses",
		ok + "from: 10.0.0.1}]":          "from must be a list",
		ok + "numbers: ['+441527306']}]": "needs register, or from",
		ok + "from: [10.0.0.1], numbers: ['01527']}]":                                                "numbers holds beginnings",
		ok + "from: [10.0.0.1], numbers: [+441527]}]":                                                "quotation marks",
		ok + "from: [10.0.0.1], numbers: ['+44152 to +44151']}]":                                     "numbers holds beginnings",
		ok + "from: [10.0.0.1], numbers: ['+44152 to +441520']}]":                                    "numbers holds beginnings",
		ok + "register: {username: a}}]":                                                             "register needs password_file",
		ok + "register: {username: 'a b', password_file: w}}]":                                       "username holds",
		ok + "register: {username: a, password_file: w, expires: 5}}]":                               "expires (in seconds) must be a whole number from 60 to 3600",
		ok + "register: {username: a, password_file: missing}}]":                                     "the password cannot be used: there is no such file",
		ok + "register: {username: a, password: w}}]":                                                "register has an unknown field",
		"shown: +441527306000\n" + ok + "}]":                                                         "shown must stand in quotation marks",
		"shown: '01527306000'\n" + ok + "}]":                                                         "shown must be a whole number",
		"listen: localhost\n" + ok + "}]":                                                            "listen must be an address and a port",
		"public: http://x\n" + ok + "}]":                                                             "public must be a name",
		"x: &a 1\n" + ok + "}]":                                                                      "unknown field",
		"shown: &a '+441527306000'\n" + ok + "}]":                                                    "anchors",
		"trunks: [{id: a, recipient: r, host: h, capacity: 1, takes: ['+']}]":                        "capacity must be a whole number from 2",
		"trunks: [{id: a, recipient: r, host: h, capacity: '3', takes: ['+']}]":                      "capacity must be a whole number",
		"trunks: [{id: a, recipient: r, host: h, capacity: 3}]":                                      "needs numbers that it brings",
		"trunks: [{id: a, recipient: r, host: 'h:0', capacity: 3, takes: ['+']}]":                    "host must be a name",
		"trunks: [{id: a, recipient: r, host: 'h:1:2', capacity: 3, takes: ['+']}]":                  "host must be a name",
		"trunks: [{id: a, recipient: r, host: h, capacity: 3, takes: ['0044']}]":                     "takes holds beginnings",
		"trunks: [{id: a, recipient: r, host: h, capacity: 3, takes: ['+0']}]":                       "takes holds beginnings",
		"trunks: [{id: a, recipient: r, host: h, capacity: 3, takes: ['+', '+']}]":                   "takes has a destination twice",
		"trunks: [{id: a, recipient: r, host: h, capacity: 3, takes: [{priority: 2}]}]":              "needs prefix",
		"trunks: [{id: a, recipient: r, host: h, capacity: 3, takes: [{prefix: '+', priority: 0}]}]": "priority must be",
		ok + "}, {id: a, recipient: r, host: h, capacity: 2, takes: ['+']}]":                         "two trunks have the id a",
	} {
		_, err := trunk.Parse([]byte(text), func(name string) (trunk.Secret, error) {
			if name == "missing" {
				return "", errors.New("there is no such file")
			}
			return "w", nil
		})
		if got := fmt.Sprint(err); want == "" && err != nil || !strings.Contains(got, want) {
			t.Errorf("%s\n  says %v\n  want %s", text, err, want)
		}
	}
	_, err := trunk.Parse([]byte("shown: 1\ntrunks: [{id: A, host: h, capacity: 1}]"), word)
	if n := strings.Count(fmt.Sprint(err), "line "); n != 5 {
		t.Errorf("%d faults are told at once: %v", n, err)
	}
}

func TestPasswordFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("trunks.yaml", whole, 0o644)
	for _, c := range []struct {
		text string
		mode os.FileMode
		want string
	}{
		{"harbour lantern\n", 0o600, "<nil>"}, {"harbour lantern", 0o640, "<nil>"}, {"harbour\n", 0o644, "everybody on this machine"},
		{"", 0o600, "one line"}, {"a\nb\n", 0o600, "one line"}, {strings.Repeat("a", 300), 0o600, "larger than"},
	} {
		write("word", c.text, c.mode)
		f, err := trunk.Open(filepath.Join(dir, "trunks.yaml"))
		if !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
		if err == nil && string(f.Trunks[0].Register.Password) != "harbour lantern" {
			t.Error("the password is another")
		}
		if err != nil && strings.Contains(err.Error(), "harbour") {
			t.Error("a fault quotes the password")
		}
	}
	if _, err := trunk.Open(filepath.Join(dir, "none.yaml")); err == nil {
		t.Error("a file that is not there is read")
	}
	if err := os.Remove(filepath.Join(dir, "word")); err != nil {
		t.Fatal(err)
	}
	if _, err := trunk.Open(filepath.Join(dir, "trunks.yaml")); !strings.Contains(fmt.Sprint(err), "no such file") {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("trunks: [{id: a, recipient: r, host: h, capacity: 2, takes: ['+']}]"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("trunks: [{id: '', recipient: ~, host: '[::1]:5', from: ['::/0'], numbers: ['+1 to +2']}]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := trunk.Parse(b, word)
		if err != nil {
			return
		}
		for _, one := range file.Trunks {
			if one.ID == "" || one.Recipient == "" || one.Host == "" || one.Port < 0 || one.Port > 65_535 || one.Capacity < 2 || one.Domain == "" {
				t.Errorf("a trunk that lacks something is taken: %+v", one)
			}
			for _, w := range one.Takes {
				if n, p := one.Longest(w.Prefix); n < len(w.Prefix) || p < 1 {
					t.Errorf("%q is not taken", w.Prefix)
				}
			}
		}
	})
}
