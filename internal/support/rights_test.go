package support

import (
	"slices"
	"strings"
	"testing"

	"candour/operators"
	"candour/policy"
)

// R3: wording about data suggests the right it is about.
func TestSuggestsRight(t *testing.T) {
	for right, texts := range map[string][]string{
		"access": {
			"Please send me a copy of my personal data.",
			"I'd like to make a subject access request",
			"This is a SAR under the DPA 2018",
			"What information do you hold about me?",
			"what do you know about me",
			"Can I see all the records you have on me please",
			"Who have you shared my details with? Who has my data been passed to?",
			"How did you get my number",
			"Under Article 15 I ask for everything",
			"I want access to the data about me.",
		},
		"erasure": {
			"Please delete all my data",
			"I want you to erase my details from your systems",
			"Delete my account!",
			"I am exercising my right to be forgotten.",
			"remove the information that you hold",
			"Kindly have my personal information deleted",
			"please take me off your database",
			"forget me",
		},
		"rectification": {
			"You have my address wrong",
			"My name is misspelt on the bill",
			"please correct my details",
			"The records about me are wrong: please update my records",
			"My date of birth? My information is inaccurate.",
			"please change my address",
		},
		"objection": {
			"Stop sending me your newsletter",
			"Please don't use my data for marketing.",
			"I object to the processing of my data for advertising",
			"unsubscribe",
			"Do not call me again",
			"take me off your mailing list",
			"No more marketing, thanks",
		},
		"portability": {
			"Please transfer my data to another provider",
			"I need my call records as CSV",
			"in a machine-readable format please",
			"data portability request",
		},
		"restriction": {
			"Please restrict processing of my data while you check it",
			"I ask for restriction of processing",
			"freeze my records until this is settled",
		},
		"withdraw-consent": {
			"I withdraw my consent",
			"I hereby revoke the permission I gave you",
			"I no longer consent to this",
		},
		"complaint": {
			"I want to complain about how you handle my personal data",
			"This is a privacy complaint",
			"I will report you to the ICO",
			"You have leaked my data",
			"a breach of the GDPR",
		},
		"automated-decision-review": {
			"I was refused by an automated decision and want a person to look at it",
			"My order was rejected by your computer",
			"I want a human to review the decision",
		},
	} {
		for _, text := range texts {
			if got, ok := SuggestsRight(text); !ok || got != right {
				t.Errorf("%q: %q, want %q", text, got, right)
			}
		}
	}
}

func TestSuggestsNoRight(t *testing.T) {
	for _, text := range []string{
		"",
		"\x00\ufffd",
		"How much is the business package for ten people?",
		"My line has no dial tone since yesterday, can you help?",
		"I would like to port my number 01632 960123 to you.",
		"The router you sent me does not work.",
		"Do you have a data plan with unlimited calls?",
		"Please call me back tomorrow",
		"What are your opening hours?",
		"I complain about the noise on the line",
		"Please do not delete my account",
		"Never delete my data",
		"Can I move house with my number?",
		"Is your service affected by the power cut?",
		"Ich möchte meine Daten",
	} {
		if got, ok := SuggestsRight(text); ok {
			t.Errorf("%q suggests %q", text, got)
		}
	}
}

// Every right that may be suggested is one the operators declare, so that a
// ticket's code can be shown in their words.
func TestSuggestedRightsAreDeclared(t *testing.T) {
	for _, id := range operators.IDs() {
		fsys, ok := operators.FS(id)
		if !ok {
			t.Fatal(id)
		}
		profile, _ := policy.Load(fsys)
		for _, e := range rightPhrases {
			if _, ok := profile.Policy.RightByID(e.right); !ok {
				t.Errorf("%s does not declare the right %s", id, e.right)
			}
		}
	}
}

func FuzzSuggestsRight(f *testing.F) {
	f.Add("delete my data")
	f.Add(strings.Repeat("data ", 500))
	f.Add("don’t \u202e my ÄÖÜ")
	f.Fuzz(func(t *testing.T, text string) {
		right, ok := SuggestsRight(text)
		if ok != (right != "") || ok && !slices.ContainsFunc(rightPhrases, func(e rightPhrase) bool { return e.right == right }) {
			t.Fatalf("%q, %v", right, ok)
		}
		if again, _ := SuggestsRight(strings.ToUpper(text)); right != "" && again == "" && text == strings.ToLower(strings.ToUpper(text)) {
			t.Fatal("the case of letters matters")
		}
	})
}
