package policy

import "strings"

// Words names a lawful basis as people say it.
func (b Basis) Words() string {
	return strings.ReplaceAll(string(b), "-", " ")
}

var channels = map[string]string{
	"email": "e-mail", "telephone": "telephone", "text": "text message", "post": "post",
}

// ChannelWords names a channel of marketing as people say it.
func ChannelWords(id string) string {
	if words, ok := channels[id]; ok {
		return words
	}
	return id
}

func channelWords(ids []string) []string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = ChannelWords(id)
	}
	return words
}

// ChannelList names the channels of a purpose in a sentence; empty if it has
// none.
func (q *Purpose) ChannelList() string { return listed(channelWords(q.Channels)) }

// Words names a region as people do; a country without a name here is shown by
// its ISO 3166-1 code.
func (r Region) Words() string {
	switch r {
	case "EEA":
		return "European Economic Area"
	case "GB":
		return "United Kingdom"
	case "US":
		return "United States"
	case "CH":
		return "Switzerland"
	case "CA":
		return "Canada"
	case "JP":
		return "Japan"
	case "NZ":
		return "New Zealand"
	case "KR":
		return "South Korea"
	case "IL":
		return "Israel"
	case "AU":
		return "Australia"
	case "IN":
		return "India"
	}
	return string(r)
}

// roles say in a sentence what a recipient is to us.
var roles = map[string]string{
	"processor": "works for us", "controller": "decides for itself", "joint-controller": "decides together with us", "authority": "is an authority",
}

// RoleWords says what a recipient is to us, in a table.
func (r *Recipient) RoleWords() string {
	if words, ok := roles[r.Role]; ok && r.Role != "authority" {
		return words
	}
	return "authority"
}

// SafeguardWords says what protects data abroad (UK GDPR Art 45 to 47).
func (r *Recipient) SafeguardWords() string {
	switch r.Safeguard {
	case "adequacy":
		return "The law there has been found to protect data as well as ours."
	case "data-bridge":
		return "The UK-US data bridge, which the recipient has joined."
	case "idta":
		return "The UK's International Data Transfer Agreement."
	case "scc-addendum":
		return "The EU's standard contract clauses with the UK's addendum."
	case "bcr":
		return "Binding rules of the recipient's group, approved by the regulator."
	}
	return "None needed: it stays where the law is as strict as here."
}
