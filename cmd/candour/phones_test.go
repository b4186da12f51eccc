package main

import (
	"strings"
	"testing"

	"candour/internal/media"
)

// Ports that no phone could use are refused at the start, with what would do.
func TestMediaPorts(t *testing.T) {
	for text, want := range map[string]media.Ports{
		"": {}, "16384-17383": {Low: 16384, High: 17383}, "5000-5001": {Low: 5000, High: 5001}, "5001-5003": {Low: 5001, High: 5003},
	} {
		if got, err := mediaPorts(text); err != nil || got != want {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"5000", "5000-", "-5001", "0-10", "5001-5002", "5002-5000", "5000-65536", "five-six", "5000-5001-5002", "+5000-5001"} {
		if p, err := mediaPorts(text); err == nil || !strings.Contains(err.Error(), "--media-ports") {
			t.Errorf("%q: %v %v", text, p, err)
		}
	}
}
