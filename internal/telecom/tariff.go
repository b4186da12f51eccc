package telecom

import (
	"bufio"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"candour/policy"
)

// TariffFile is the file in an operator's folder that says what calls to the
// outside world cost.
const TariffFile = "tariff.csv"

// tariffHeader is its first line that is no remark.
const tariffHeader = "prefix,name,class,minute,connection"

// Limits of a tariff.
const (
	maxTariffBytes = 4 << 20
	maxTariffLines = 100_000
	maxTariffName  = 60                  // characters of a destination's name
	maxPrice       = Money(100 * 100000) // thousandths of a penny: £100, a minute or a connection
	tariffFaults   = 50                  // are told, and no more
)

// Money is an amount in thousandths of a penny.
type Money int64

const penny = Money(1000)

// Pence are money.
func Pence(n int) Money { return Money(n) * penny }

// String says an amount as people do: £12.34, 1.5p, nothing.
func (m Money) String() string {
	switch {
	case m < 0:
		return "-" + (-m).String()
	case m == 0:
		return "nothing"
	case m < 100*penny:
		return decimals(m) + "p"
	case m%(100*penny) == 0:
		return "£" + strconv.FormatInt(int64(m/(100*penny)), 10)
	}
	up := (m + penny - 1) / penny // what is told of pounds is rounded up to the penny
	return fmt.Sprintf("£%d.%02d", up/100, up%100)
}

func decimals(m Money) string {
	s := strconv.FormatInt(int64(m/penny), 10)
	if rest := m % penny; rest != 0 {
		s += "." + strings.TrimRight(fmt.Sprintf("%03d", rest), "0")
	}
	return s
}

// Price is what calls to a destination cost.
type Price struct {
	Prefix     string // digits that its numbers begin with, after a plus unless they are short numbers of the country
	Name       string // of the destination, for people
	Class      string // one of policy.Classes
	Minute     Money  // for a minute; less is charged by the second
	Connection Money  // once a call is answered
}

// Free reports whether calls there cost nothing.
func (p Price) Free() bool { return p.Minute == 0 && p.Connection == 0 }

// Cost is that of a call that was answered and lasted this long: the connection
// and each second begun, rounded up to a thousandth of a penny once.
func (p Price) Cost(long time.Duration) Money {
	if long < 0 {
		long = 0
	}
	seconds := int64((long + time.Second - 1) / time.Second)
	return p.Connection + Money((int64(p.Minute)*seconds+59)/60)
}

// Lasts is how long a call may last at the most for money, whole seconds, and no
// longer than longest.
func (p Price) Lasts(money Money, longest time.Duration) time.Duration {
	left := money - p.Connection
	if left < 0 {
		return 0
	}
	if p.Minute == 0 {
		return longest
	}
	seconds := int64(left) * 60 / int64(p.Minute)
	if seconds >= int64(longest/time.Second) {
		return longest
	}
	return time.Duration(seconds) * time.Second
}

// Tariff is what calls cost, by the longest prefix of the number. It is
// immutable and safe for concurrent use.
type Tariff struct {
	prices  map[string]Price
	longest int // octets of a prefix
}

// Price finds that of a number, as Target has it: E.164 with its plus, or a
// short number of the country. False if there is none: nobody knows then what a
// call would cost.
func (t *Tariff) Price(number string) (Price, bool) {
	if t == nil {
		return Price{}, false
	}
	for n := min(len(number), t.longest); n > 0; n-- {
		if p, ok := t.prices[number[:n]]; ok {
			return p, true
		}
	}
	return Price{}, false
}

// Prices returns all of them, in the order of their prefixes.
func (t *Tariff) Prices() []Price {
	if t == nil {
		return nil
	}
	list := make([]Price, 0, len(t.prices))
	for _, p := range t.prices {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b Price) int { return strings.Compare(a.Prefix, b.Prefix) })
	return list
}

// LoadTariff reads the tariff of an operator's folder. Nil, and no faults, if
// there is none: then no call to the outside world is let through.
func LoadTariff(p *policy.Profile) (*Tariff, policy.Faults) {
	if !p.HasFile(TariffFile) {
		if p.Policy.Calling.Offered() {
			return nil, policy.Faults{place(1, 1).Fault("the policy offers calls that cost, and there is no "+TariffFile, "write the file, with "+tariffHeader+" as its first line")}
		}
		return nil, nil
	}
	data, err := fs.ReadFile(p.Files, TariffFile)
	if err != nil {
		return nil, policy.Faults{place(1, 1).Fault("it cannot be read", "check that it is there and that you may read it")}
	}
	return ParseTariff(string(data))
}

func place(line, column int) policy.Position {
	return policy.Position{File: TariffFile, Line: line, Column: column}
}

// ParseTariff reads a tariff: lines of prefix, name, class, pence for a minute
// and pence for the connection, with commas between and none in a name. Lines
// that begin with # are remarks. All faults are told, each with its line and
// column, up to a bound.
func ParseTariff(text string) (*Tariff, policy.Faults) {
	if len(text) > maxTariffBytes || !utf8.ValidString(text) {
		return nil, policy.Faults{place(1, 1).Fault("it is too large, or not UTF-8", fmt.Sprintf("keep it under %d bytes of UTF-8", maxTariffBytes))}
	}
	t := &Tariff{prices: map[string]Price{}}
	var faults policy.Faults
	lines := map[string]int{}
	header, n := false, 0
	scan := bufio.NewScanner(strings.NewReader(text))
	scan.Buffer(nil, maxTariffBytes+1)
	for scan.Scan() {
		n++
		line := strings.TrimSuffix(scan.Text(), "\r")
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		if len(faults) >= tariffFaults || n > maxTariffLines {
			return nil, append(faults, place(n, 1).Fault("there is too much in it, or too much wrong", "mend what is told above"))
		}
		if !header {
			header = true
			if line != tariffHeader {
				return nil, policy.Faults{place(n, 1).Fault("the first line does not say what the columns are", "begin with "+tariffHeader)}
			}
			continue
		}
		p, f := parsePrice(line, n)
		if f == nil && lines[p.Prefix] > 0 {
			again := place(n, 1).Fault(fmt.Sprintf("the prefix %s stands on line %d too", p.Prefix, lines[p.Prefix]), "leave one of the two")
			f = &again
		}
		if f != nil {
			faults = append(faults, *f)
			continue
		}
		lines[p.Prefix], t.prices[p.Prefix] = n, p
		t.longest = max(t.longest, len(p.Prefix))
	}
	if !header {
		faults = append(faults, place(1, 1).Fault("it is empty", "begin with "+tariffHeader))
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return t, nil
}

func parsePrice(line string, n int) (Price, *policy.Fault) {
	column := 1
	fault := func(what, cure string) (Price, *policy.Fault) {
		f := place(n, column).Fault(what, cure)
		return Price{}, &f
	}
	cells := strings.Split(line, ",")
	if len(cells) != 5 {
		return fault(fmt.Sprintf("the line has %d cells", len(cells)), "write "+tariffHeader+", with no comma in a name")
	}
	p := Price{Prefix: cells[0], Name: cells[1], Class: cells[2]}
	if !isPrefix(p.Prefix) {
		return fault("the prefix is none", "write a plus and 1 to 15 digits that begin with the country's, or 2 to 6 digits of a short number")
	}
	column += len(cells[0]) + 1
	if !isPlain(p.Name) {
		return fault("the name of the destination is empty, too long or holds what cannot be printed", fmt.Sprintf("write at most %d letters", maxTariffName))
	}
	column += len(cells[1]) + 1
	if !slices.Contains(policy.Classes, p.Class) {
		return fault("there is no such class of destinations", "write one of "+strings.Join(policy.Classes, ", "))
	}
	var ok bool
	for i, into := range []*Money{&p.Minute, &p.Connection} {
		column += len(cells[2+i]) + 1
		if *into, ok = parsePence(cells[3+i]); !ok {
			return fault("that is no price", "write pence with up to three decimals, such as 1.5, and no more than £100")
		}
	}
	return p, nil
}

func isPrefix(s string) bool {
	digits, plus := strings.CutPrefix(s, "+")
	if strings.Trim(digits, "0123456789") != "" {
		return false
	}
	if plus {
		return len(digits) >= 1 && len(digits) <= maxE164 && digits[0] != '0'
	}
	return len(digits) >= minExtension && len(digits) <= maxExtension
}

func isPlain(s string) bool {
	if s == "" || s != strings.TrimSpace(s) || utf8.RuneCountInString(s) > maxTariffName {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// parsePence reads pence with up to three decimals, exactly.
func parsePence(s string) (Money, bool) {
	whole, rest, point := strings.Cut(s, ".")
	if whole == "" || len(whole) > 5 || strings.Trim(whole, "0123456789") != "" || point && (rest == "" || len(rest) > 3 || strings.Trim(rest, "0123456789") != "") {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+(rest + "000")[:3], 10, 64)
	if err != nil || Money(n) > maxPrice {
		return 0, false
	}
	return Money(n), true
}
