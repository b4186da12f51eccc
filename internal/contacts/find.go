package contacts

import (
	"cmp"
	"slices"
	"strings"
)

// sorted puts contacts into the order of their names.
func sorted(list []Card) []Card {
	slices.SortFunc(list, func(a, b Card) int {
		return cmp.Or(cmp.Compare(folded(a.Name), folded(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return list
}

// Find returns the contacts in which each word of the question stands, in the
// name, the company or the e-mail address, or whose number has its digits.
func Find(list []Card, question string) (found []Card) {
	words := strings.Fields(folded(question))
	digits := canonical(question)
	for _, c := range list {
		text := folded(c.Name + " " + c.Company + " " + c.Email)
		all := len(words) > 0
		for _, w := range words {
			all = all && strings.Contains(text, w)
		}
		if all || digits != "" && c.has(digits) {
			found = append(found, c)
		}
	}
	return found
}

// has reports whether a number of the contact holds these digits.
func (c Card) has(digits string) bool {
	digits = strings.TrimPrefix(digits, "+")
	return slices.ContainsFunc(c.Numbers(), func(n Number) bool { return strings.Contains(canonical(n.Value), digits) })
}

// Named returns the name of the first contact that has a number; empty if none
// has, or it is no number.
func Named(list []Card, number string) string {
	want := canonical(number)
	if want == "" {
		return ""
	}
	for _, c := range list {
		for _, n := range c.Numbers() {
			if canonical(n.Value) == want {
				return c.Name
			}
		}
	}
	return ""
}

// Key is a number as it is compared, for a page that looks names up by itself.
func Key(number string) string { return canonical(number) }
