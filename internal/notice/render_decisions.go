package notice

import "candour/policy"

// decisionRow is a decision that the software makes alone (UK GDPR Art
// 13(2)(f)): what it means for a person, by what it is made, and what they can
// do about it.
type decisionRow struct {
	Anchor, Title, Description string
	Patterns                   []patternRow
	Categories                 []link
	Purpose                    *link
	Within                     string
	Ours                       bool
}

type patternRow struct{ Words, Reason string }

type decisionList struct{ Rows []decisionRow }

func (w *writer) decisions() decisionList {
	var t decisionList
	for _, d := range w.policy.Decisions {
		row := decisionRow{
			Anchor: w.anchor("decision", d.ID), Title: d.Title, Description: d.Description, Categories: w.links("category", d.Categories),
			Purpose: w.linkTo("purpose", d.Purpose), Within: d.Within.Words(), Ours: d.Ours,
		}
		for i := range d.Patterns {
			row.Patterns = append(row.Patterns, patternRow{policy.Capital(d.Patterns[i].Words()), d.Patterns[i].Reason})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
