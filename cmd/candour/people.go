package main

import (
	"candour/internal/consent/people"
	"candour/internal/marketing"
)

// people makes the desk of what people decide, with what follows a decision.
func (s *sites) people(newsletter *marketing.Newsletter) {
	s.choices = people.New(people.Config{Store: s.store, Log: s.evidence, Vault: s.vault, InForce: s.inForce, Now: s.now})
	s.choices.Follow(newsletter)
}
