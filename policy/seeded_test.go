package policy_test

import (
	"strings"
	"testing"
)

func replaceOnce(t *testing.T, text, old, new string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("the good file does not hold %q", old)
	}
	return strings.Replace(text, old, new, 1)
}
