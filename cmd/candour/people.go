package main

import (
	"candour/internal/consent/people"
	"candour/internal/marketing"
	"candour/internal/profile"
	"candour/internal/web/portal"
)

// people makes the desks of what people decide and tell, with what follows a
// decision.
func (s *sites) people(newsletter *marketing.Newsletter) {
	s.newsletter = newsletter
	s.choices = people.New(people.Config{Store: s.store, Log: s.evidence, Vault: s.vault, InForce: s.inForce, Now: s.now})
	s.profiles = profile.New(profile.Config{Store: s.store, Vault: s.vault, People: s.choices, InForce: s.inForce})
	s.choices.Follow(newsletter)
	s.choices.Follow(s.profiles)
	s.site.People = s.choices
}

// portal is what the portal's pages act on.
func (s *sites) portal() portal.Deps {
	return portal.Deps{Accounts: s.accounts, Profiles: s.profiles, Choices: s.choices, Newsletter: s.newsletter, Store: s.store, Vault: s.vault, History: s.histories()}
}
