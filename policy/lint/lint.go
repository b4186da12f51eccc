// Package lint runs the rules that a declared policy must keep. Each rule has a
// folder of its own with its source in law, a good and a bad example, and its
// cure; docs/policy-rules.md is generated from them.
package lint

import (
	"candour/policy"
	"candour/policy/lint/accountforms"
	"candour/policy/lint/announceperiod"
	"candour/policy/lint/appdata"
	"candour/policy/lint/automated"
	"candour/policy/lint/channels"
	"candour/policy/lint/consentends"
	"candour/policy/lint/consentperiod"
	"candour/policy/lint/contacts"
	"candour/policy/lint/contrast"
	"candour/policy/lint/cookieattributes"
	"candour/policy/lint/cookielife"
	"candour/policy/lint/formfields"
	"candour/policy/lint/formuse"
	"candour/policy/lint/groupchoice"
	"candour/policy/lint/integration"
	"candour/policy/lint/interest"
	"candour/policy/lint/location"
	"candour/policy/lint/marketing"
	"candour/policy/lint/mentioned"
	"candour/policy/lint/obligation"
	"candour/policy/lint/onebasis"
	"candour/policy/lint/pages"
	"candour/policy/lint/permission"
	"candour/policy/lint/processors"
	"candour/policy/lint/recipientpurpose"
	"candour/policy/lint/references"
	"candour/policy/lint/retained"
	"candour/policy/lint/rights"
	"candour/policy/lint/safeguard"
	"candour/policy/lint/sections"
	"candour/policy/lint/special"
	"candour/policy/lint/storageregion"
	"candour/policy/lint/strayfacts"
	"candour/policy/lint/surfaces"
	"candour/policy/lint/thirdparty"
	"candour/policy/lint/traffic"
	"candour/policy/lint/undeclared"
	"candour/policy/lint/used"
)

//go:generate go run ./gendoc -o ../../docs/policy-rules.md

// Registered is a rule and the folder that holds it.
type Registered struct {
	policy.Rule
	Folder string
}

var rules = []Registered{
	{references.Rule, "references"},
	{onebasis.Rule, "onebasis"},
	{special.Rule, "special"},
	{consentends.Rule, "consentends"},
	{interest.Rule, "interest"},
	{automated.Rule, "automated"},
	{obligation.Rule, "obligation"},
	{retained.Rule, "retained"},
	{used.Rule, "used"},
	{appdata.Rule, "appdata"},
	{safeguard.Rule, "safeguard"},
	{storageregion.Rule, "storageregion"},
	{cookielife.Rule, "cookielife"},
	{groupchoice.Rule, "groupchoice"},
	{thirdparty.Rule, "thirdparty"},
	{cookieattributes.Rule, "cookieattributes"},
	{integration.Rule, "integration"},
	{permission.Rule, "permission"},
	{formfields.Rule, "formfields"},
	{formuse.Rule, "formuse"},
	{marketing.Rule, "marketing"},
	{channels.Rule, "channels"},
	{accountforms.Rule, "accountforms"},
	{processors.Rule, "processors"},
	{recipientpurpose.Rule, "recipientpurpose"},
	{rights.Rule, "rights"},
	{contacts.Rule, "contacts"},
	{consentperiod.Rule, "consentperiod"},
	{announceperiod.Rule, "announceperiod"},
	{traffic.Rule, "traffic"},
	{location.Rule, "location"},
	{mentioned.Rule, "mentioned"},
	{undeclared.Rule, "undeclared"},
	{strayfacts.Rule, "strayfacts"},
	{sections.Rule, "sections"},
	{surfaces.Rule, "surfaces"},
	{pages.Rule, "pages"},
	{contrast.Rule, "contrast"},
}

// Rules returns all rules in the order of their page: what is declared, how it
// may be used, what stands on devices, what is said.
func Rules() []Registered { return append([]Registered(nil), rules...) }

// Rules that look for what is not there would tell of one slip many times: a
// misspelt name is unknown here and unused there. So some wait.
var (
	// untilNamed wait until every name resolves.
	untilNamed = ids(used.Rule, mentioned.Rule, recipientpurpose.Rule)
	// untilWhole wait until nothing in policy.yaml was left out for its form.
	untilWhole = ids(references.Rule, used.Rule, mentioned.Rule, recipientpurpose.Rule, undeclared.Rule, strayfacts.Rule,
		rights.Rule, consentends.Rule, retained.Rule, traffic.Rule, special.Rule, formuse.Rule, cookieattributes.Rule, announceperiod.Rule)
	// untilTold wait until every placeholder of the notice could be read.
	untilTold = ids(mentioned.Rule, sections.Rule)
)

func ids(rules ...policy.Rule) map[string]bool {
	set := map[string]bool{}
	for _, r := range rules {
		set[r.ID] = true
	}
	return set
}

// Run checks a profile against all rules. The faults name the rule that found
// them and come in the order of the files' text. The profile may be one that
// Load found faults of form in; what follows only from those is not told again.
func Run(p *policy.Profile) policy.Faults {
	if !p.Readable() {
		return nil
	}
	var faults policy.Faults
	named := len(references.Rule.Check(p)) == 0 && len(undeclared.Rule.Check(p)) == 0
	for _, r := range rules {
		if !named && untilNamed[r.ID] || !p.Whole() && untilWhole[r.ID] || !p.Sound(policy.NoticeFile) && untilTold[r.ID] {
			continue
		}
		for _, f := range r.Check(p) {
			if p.Broken(policy.Position{File: f.File, Line: f.Line}) {
				continue
			}
			f.Rule = r.ID
			faults = append(faults, f)
		}
	}
	return faults.Sort()
}
