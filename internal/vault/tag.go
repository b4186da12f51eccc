package vault

import "strings"

// tag returns the look-up tag of a value of a category.
func (v *Vault) tag(category, format, value string) []byte {
	return v.ring.Tag(category, normalise(format, value))
}

// normalise brings what people write to one form, so that a value is found
// however it was written. What it cannot read it leaves as it is: a tag that
// finds only itself.
func normalise(format, value string) string {
	value = strings.TrimSpace(value)
	switch format {
	case "email":
		return strings.ToLower(value)
	case "telephone":
		return telephone(value)
	}
	return strings.Join(strings.Fields(strings.ToLower(value)), " ")
}

// homeCountry is the calling code of numbers written nationally.
const homeCountry = "44"

// telephone brings a number to the form of ITU-T E.164 with a leading plus.
func telephone(s string) string {
	var b strings.Builder
	for i, c := range s {
		switch {
		case c >= '0' && c <= '9', c == '+' && i == 0:
			b.WriteRune(c)
		case strings.ContainsRune(" -./()\u00a0", c):
		default:
			return s
		}
	}
	d := b.String()
	switch {
	case strings.HasPrefix(d, "+"):
		// +44 (0)20: the nought in brackets is for callers within the country.
		if rest, ok := strings.CutPrefix(d, "+"+homeCountry+"0"); ok {
			return "+" + homeCountry + rest
		}
		return d
	case strings.HasPrefix(d, "00"):
		return telephone("+" + d[2:])
	case strings.HasPrefix(d, "0"):
		return "+" + homeCountry + d[1:]
	}
	return d
}
