// Package contrast holds the rule that people can read the colours.
package contrast

import (
	"fmt"
	"math"
	"strconv"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "brand-contrast",
	Title:   "Text stands out from its ground by at least 4.5 to 1.",
	Source:  "WCAG 2.2, 1.4.3; Equality Act 2010 s20",
	InForce: "2010-10-01",
	Reason:  "A notice that cannot be read informs nobody, and a choice that cannot be seen is not offered.",
	Cure:    "Make the text darker or its ground lighter; in the dark scheme the other way round.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	for _, s := range []struct {
		scheme  string
		palette policy.Palette
	}{{"light", p.Brand.Tokens.Light}, {"dark", p.Brand.Tokens.Dark}} {
		c := s.palette
		for _, pair := range []struct{ key, text, on, ground string }{
			{"ink", c.Ink, "surface", c.Surface},
			{"ink-soft", c.InkSoft, "surface", c.Surface},
			{"ink", c.Ink, "surface-raised", c.SurfaceRaised},
			{"on-brand", c.OnBrand, "brand", c.Brand},
		} {
			a, ok := luminance(pair.text)
			b, also := luminance(pair.ground)
			if !ok || !also {
				continue // only hexadecimal colours can be measured here
			}
			if r := (max(a, b) + 0.05) / (min(a, b) + 0.05); r < 4.5 {
				faults = append(faults, p.PlaceIn(policy.BrandFile, "tokens", s.scheme, pair.key).Fault(
					fmt.Sprintf("%s on %s has a contrast of %.1f to 1 in the %s scheme", pair.key, pair.on, r, s.scheme),
					"choose colours further apart: 4.5 to 1 or more"))
			}
		}
	}
	return faults
}

// luminance is the relative luminance of WCAG 2.2 of an opaque #rgb or #rrggbb.
func luminance(hex string) (float64, bool) {
	if len(hex) == 4 && hex[0] == '#' {
		hex = "#" + string([]byte{hex[1], hex[1], hex[2], hex[2], hex[3], hex[3]})
	}
	if len(hex) != 7 || hex[0] != '#' {
		return 0, false
	}
	n, err := strconv.ParseUint(hex[1:], 16, 32)
	if err != nil {
		return 0, false
	}
	linear := func(c uint64) float64 {
		v := float64(c&0xff) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(n>>16) + 0.7152*linear(n>>8) + 0.0722*linear(n), true
}
