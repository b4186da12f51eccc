// Package pages holds the rule about the operator's pages and pictures.
package pages

import (
	"fmt"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "pages-whole",
	Title:   "Pages have paths of their own and their pictures are in the folder.",
	Source:  "WCAG 2.2, 2.4.2 and 3.2.3",
	InForce: "2023-10-05",
	Reason:  "A page that another one hides, or a picture that is not there, is found by a visitor first.",
	Cure:    "Give each page its own path, and add the missing file.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	first := map[string]string{}
	for _, page := range p.Pages {
		if other, twice := first[page.Path]; twice && page.Path != "" {
			faults = append(faults, p.PlaceIn(page.File, "path").Fault(
				fmt.Sprintf("the path %s is taken by %s", page.Path, other), "give this page another path"))
		}
		first[page.Path] = page.File
		file := func(name string, steps ...any) {
			if name != "" && !p.HasFile(name) {
				faults = append(faults, p.PlaceIn(page.File, steps...).Fault(
					fmt.Sprintf("there is no file %s", name), policy.Suggest(name, p.FileNames())))
			}
		}
		file(page.Hero.Image, "hero", "image")
		for i, b := range page.Blocks {
			for j, item := range b.Items {
				file(item.Image, "blocks", i, "items", j, "image")
			}
		}
	}
	for key, name := range map[string]string{"logo": p.Brand.Logo, "favicon": p.Brand.Favicon} {
		if name != "" && !p.HasFile(name) {
			faults = append(faults, p.PlaceIn(policy.BrandFile, key).Fault(
				fmt.Sprintf("there is no file %s", name), policy.Suggest(name, p.FileNames())))
		}
	}
	return faults
}
