package operators_test

import (
	"regexp"
	"strings"
	"testing"

	"candour/operators"
)

// A notice must be concise and plain (UK GDPR Art 12(1)). Length of sentences
// is no full measure of that, but a text that passes it can be read aloud.
const (
	meanSentence = 16 // words
	longSentence = 45 // words
)

var (
	placeholder = regexp.MustCompile(`\{\{[^}]*\}\}`)
	linkTarget  = regexp.MustCompile(`\]\([^)]*\)`)
	sentenceEnd = regexp.MustCompile(`[.!?:](?:\s|$)|\n\s*(?:\n|[-*#]|[0-9]+\.)`)
	words       = regexp.MustCompile(`[A-Za-z][A-Za-z'’-]*`)
)

func TestNoticeIsPlain(t *testing.T) {
	for _, id := range operators.IDs() {
		text := load(t, id).Notice.Source
		text = linkTarget.ReplaceAllString(placeholder.ReplaceAllString(text, "thing"), "]")
		sentences, total := 0, 0
		for _, s := range sentenceEnd.Split(text, -1) {
			n := len(words.FindAllString(s, -1))
			if n < 3 {
				continue
			}
			if n > longSentence {
				t.Errorf("%s: a sentence has %d words, want at most %d: %s", id, n, longSentence, strings.TrimSpace(s))
			}
			sentences, total = sentences+1, total+n
		}
		if mean := float64(total) / float64(max(sentences, 1)); mean > meanSentence {
			t.Errorf("%s: sentences have %.1f words on average, want at most %d", id, mean, meanSentence)
		}
	}
}
