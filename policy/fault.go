package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Fault is one thing wrong with an operator's folder, said so that its author
// can put it right without reading our code.
type Fault struct {
	File   string `json:"file"`
	Line   int    `json:"line"`   // from 1
	Column int    `json:"column"` // from 1, in bytes
	What   string `json:"what"`   // what is wrong
	Cure   string `json:"cure"`   // what would be right
	Rule   string `json:"rule"`   // the rule of policy/lint that found it; empty for faults of form
}

// String returns file:line:column: what is wrong; what would be right.
func (f Fault) String() string {
	return fmt.Sprintf("%s:%d:%d: %s; %s", f.File, f.Line, f.Column, f.What, f.Cure)
}

// Faults are faults in the order of a file's text.
type Faults []Fault

// Error joins the faults, one a line.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// Sort orders by file and place and drops exact repetitions.
func (fs Faults) Sort() Faults {
	slices.SortStableFunc(fs, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.What, b.What))
	})
	return slices.Compact(fs)
}

// Position is a place in a file.
type Position struct {
	File         string
	Line, Column int
}

// Fault returns a fault at this place. Control characters of the file's text
// are shown as a question mark, so that a fault stays one line and cannot steer
// a terminal.
func (p Position) Fault(what, cure string) Fault {
	return Fault{File: printable(p.File), Line: p.Line, Column: p.Column, What: printable(what), Cure: printable(cure)}
}

func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c >= 0x7f && c < 0xa0 || c == '\u2028' || c == '\u2029' || c >= '\u202a' && c <= '\u202e' || c >= '\u2066' && c <= '\u2069' {
			return '?'
		}
		return c
	}, s)
}

// At joins keys and indices to the path of a value in a file, for
// Profile.Place: At("categories", 3, "title").
func At(steps ...any) string {
	var b strings.Builder
	for i, s := range steps {
		if i > 0 {
			b.WriteByte('/')
		}
		switch s := s.(type) {
		case int:
			b.WriteString(strconv.Itoa(s))
		default:
			fmt.Fprint(&b, s)
		}
	}
	return b.String()
}

// quote shows text from a file in a message, shortened so that one fault stays
// one line.
func quote(s string) string {
	const longest = 60 // bytes of the file's text in a message
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest], "") + "..."
	}
	return strconv.Quote(s)
}

// nearest returns the candidate most like s, if one is near enough to be meant.
func nearest(s string, candidates []string) (string, bool) {
	best, at := "", 1<<30
	for _, c := range candidates {
		a, b := strings.ToLower(s), strings.ToLower(c)
		d := distance(a, b)
		if min(len(a), len(b)) >= 3 && (strings.HasPrefix(a, b) || strings.HasPrefix(b, a)) {
			d = min(d, 1) // a plural, or a word begun
		}
		if d < at {
			best, at = c, d
		}
	}
	return best, best != "" && at <= max(1, len(s)/3)
}

// Suggest says which of the candidates was meant, or lists them.
func Suggest(s string, candidates []string) string {
	if n, ok := nearest(s, candidates); ok {
		return fmt.Sprintf("did you mean %q?", n)
	}
	if len(candidates) == 0 {
		return "declare it, or take it out"
	}
	const most = 24 // names in one message
	shown := candidates
	if len(shown) > most {
		shown = append(slices.Clone(shown[:most]), "...")
	}
	return "use one of " + strings.Join(shown, ", ")
}

// distance is the Damerau-Levenshtein distance (adjacent transpositions count
// once), bounded in cost by short inputs.
func distance(a, b string) int {
	const longest = 80 // beyond this nobody mistyped a name
	if len(a) > longest || len(b) > longest {
		return 1 << 20
	}
	prev2, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], prev2[j-2]+1)
			}
		}
		prev2, prev, row = prev, row, prev2
	}
	return prev[len(b)]
}
