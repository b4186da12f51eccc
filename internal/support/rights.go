package support

import (
	"slices"
	"strings"
	"unicode"
)

// SuggestsRight reports which data-subject right a text in English may be
// about, as the policy names it: access, erasure, rectification, restriction,
// portability, objection, automated-decision-review, withdraw-consent or
// complaint. It errs towards suggesting: a request missed costs the person
// their month (UK GDPR Art 12(3)), one suggested wrongly costs a click.
func SuggestsRight(text string) (right string, ok bool) {
	tokens := words(text)
	for _, e := range rightPhrases {
		for _, p := range e.phrases {
			if p.in(tokens) {
				return e.right, true
			}
		}
	}
	return "", false
}

// rightPhrases is looked through in order, the more particular right first:
// who asks for data "in a format that another provider can read" asks for
// portability although they also ask for a copy, and who complains that a
// request was not answered complains.
//
// In a phrase, words stand apart by spaces, a|b are alternatives, "data" and
// the like are spelled by the classes below, and ~ lets up to five words
// stand between.
var rightPhrases = compile([]rightWords{
	{RightComplaint, []string{
		"complain|complaint|complaining ~ DATA", "complain|complaint ~ privacy|gdpr|dpo|officer", "DATA ~ complaint",
		"privacy complaint", "complain ~ ico|commissioner|commission", "report|reported|reporting you ~ ico|commissioner",
		"breach|broke|breached|breaking ~ gdpr", "breach of ~ privacy", "breach of ~ data protection", "data breach",
		"misused|mishandled|leaked|sold ~ MY DATA", "MY DATA ~ misused|mishandled|leaked|sold",
	}},
	{"automated-decision-review", []string{
		"automated|automatic|automatically ~ decision|decided|decisions", "decision|decided|refused|rejected|blocked ~ by a|an|the|your computer|algorithm|machine|bot",
		"algorithm ~ decision|decided", "human|person|someone|somebody ~ review|reconsider|reviews ~ decision", "profiling", "profiled|profile me",
	}},
	{"portability", []string{
		"data portability", "portability", "port MY DATA", "transfer|move|send ~ MY DATA ~ another|other|new|different provider|company|operator|supplier|firm",
		"machine readable", "DATA ~ csv|json", "csv|json ~ DATA",
	}},
	{"withdraw-consent", []string{
		"withdraw|withdrawing|revoke|revoking|retract ~ consent|permission", "no longer consent|agree ~ DATA", "take|taking back my consent|permission",
		"do not consent anymore", "no longer consent", "changed my mind about ~ consent|permission",
	}},
	{"erasure", []string{
		"right to be forgotten", "right to erasure|deletion", "erasure request|of", "be forgotten", "forget me", "forget about me",
		"ERASE ~ MY DATA", "ERASE ~ DATA ~ about|on|of|concerning me|us", "ERASE ~ DATA ~ you hold|have|keep|store|stored|held", "MY DATA ~ erased|deleted|removed|wiped|destroyed",
		"ERASE everything ~ about|on me", "ERASE me from", "ERASE my account", "ERASE any|every trace|traces", "take me off ~ database|system|systems|records|files",
		"stop|quit keeping|storing|holding ~ DATA",
	}},
	{"restriction", []string{
		"restrict|restricting|limit ~ processing|use of MY DATA", "restriction of processing", "restrict ~ MY DATA",
		"freeze|pause|suspend|block ~ processing", "freeze|pause ~ MY DATA", "do not delete ~ DATA ~ but ~ stop|not", "article 18",
	}},
	{"objection", []string{
		"object|objecting|objection to ~ processing|use|using|marketing|profiling|DATA", "stop|quit using|processing|sharing|selling ~ DATA", "do not ~ use|process|share|sell ~ MY DATA",
		"stop|quit ~ marketing|advertising|newsletters|newsletter|spam|spamming|offers", "stop|quit sending|emailing|mailing|calling|ringing|texting|phoning me|us",
		"unsubscribe", "opt me out", "opt out of", "no more marketing|newsletters|advertising|offers|calls|spam", "do not contact|call|ring|email|text|write me|us|to again|anymore|ever",
		"remove|take ~ off|from ~ mailing list|lists", "remove|take ~ off|from ~ marketing", "article 21",
	}},
	{"rectification", []string{
		"right to rectification", "rectify|rectification", "CORRECT ~ MY DATA", "CORRECT ~ DATA ~ about|on me|us", "CORRECT ~ DATA ~ you hold|have|keep",
		"MY DATA is|are|has|have|was ~ WRONG", "MY DATA ~ needs|need ~ correcting|updating|changing|amending|fixing", "WRONG DATA ~ about|on|for me|us", "you have ~ WRONG DATA", "you have|got ~ my name|address|surname ~ WRONG",
		"misspelled|misspelt ~ my name|surname|address", "my name|surname|address ~ misspelled|misspelt", "my name|surname|address ~ spelled|spelt ~ wrong|wrongly|incorrectly|incorrect", "my name|surname|address is|was WRONG", "moved|moving ~ update|change ~ address",
		"CORRECT my name|surname|address|email|number|details|records",
	}},
	{"access", []string{
		"subject access", "sar", "dsar", "access request", "right of|to access", "data request", "request for ~ MY DATA", "article 15", "freedom of information",
		"copy|copies ~ DATA", "copy|copies of everything", "MY DATA ~ you hold|have|keep|store", "DATA ~ you hold|have|keep|store|collect ~ about|on me|us", "what|which ~ DATA ~ about|on me|us",
		"what|everything do|you|that you|have|hold|know|keep|got ~ about|on me|us", "see|view|access|get|receive|obtain|download|send|give|provide|want ~ MY DATA", "access to ~ DATA ~ about|on me|us", "who ~ MY DATA ~ shared|sold|given|passed", "who ~ seen|looked|accessed ~ MY DATA",
		"where|how did you get|find|obtain ~ my name|number|address|email|details|data|information", "recording|recordings of my|our call|calls", "transcript|recording ~ you hold|have|made",
	}},
})

// Classes of words in the phrases.
var classes = map[string]string{
	"DATA":    "data|information|info|details|record|records|file|files|history|particulars",
	"MY":      "my|our|mine|his|her|their",
	"ERASE":   "erase|erasing|delete|deleting|deletion|remove|removing|wipe|wiping|destroy|destroying|purge|scrub",
	"CORRECT": "correct|correcting|correction|amend|amending|fix|update|updating|change|complete",
	"WRONG":   "wrong|incorrect|inaccurate|outdated|false|mistaken|incomplete|untrue",
}

type rightWords struct {
	right   string
	phrases []string
}

type rightPhrase struct {
	right   string
	phrases []phrase
}

// maxGap is how many words ~ lets stand between.
const maxGap = 5

// phrase is a list of places, each a set of words; a nil set is a gap.
type phrase []map[string]bool

func compile(entries []rightWords) []rightPhrase {
	out := make([]rightPhrase, len(entries))
	for i, e := range entries {
		out[i].right = e.right
		for _, text := range e.phrases {
			out[i].phrases = append(out[i].phrases, compilePhrase(text))
		}
	}
	return out
}

func compilePhrase(text string) phrase {
	var p phrase
	for _, place := range strings.Fields(text) {
		if place == "~" {
			p = append(p, nil)
			continue
		}
		set := map[string]bool{}
		for _, w := range strings.Split(place, "|") {
			if class, ok := classes[w]; ok {
				for _, c := range strings.Split(class, "|") {
					set[c] = true
				}
				continue
			}
			set[w] = true
		}
		p = append(p, set)
	}
	return p
}

func (p phrase) in(tokens []string) bool {
	for i := range tokens {
		if p.at(tokens[i:]) && (i == 0 || !negates(tokens[max(0, i-2):i])) {
			return true
		}
	}
	return false
}

// at reports whether p begins at the first token. A phrase has at most three
// gaps of maxGap words, so the work at a word is bounded.
func (p phrase) at(tokens []string) bool {
	if len(p) == 0 {
		return true
	}
	if p[0] == nil {
		for gap := 0; gap <= maxGap && gap <= len(tokens); gap++ {
			if p[1:].at(tokens[gap:]) {
				return true
			}
		}
		return false
	}
	return len(tokens) > 0 && p[0][tokens[0]] && p[1:].at(tokens[1:])
}

// negates reports whether the words right before a phrase turn it round, as in
// "please do not delete my data".
func negates(before []string) bool {
	for _, w := range before {
		if w == "not" || w == "never" {
			return true
		}
	}
	return false
}

var spellings = strings.NewReplacer("\u2019", "'", "don't", "do not", "dont ", "do not ", "'", "", "opt-out", "opt out", "e-mail", "email", "machine-read", "machine read")

// words cuts a text into lower-case words, without those that say nothing
// between "my" and "data".
func words(text string) []string {
	tokens := strings.FieldsFunc(spellings.Replace(strings.ToLower(text)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return slices.DeleteFunc(tokens, func(w string) bool {
		return w == "personal" || w == "private" || w == "own" || w == "very" || w == "all"
	})
}
