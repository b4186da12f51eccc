package export

import (
	"io"
	"net/url"
	"strconv"

	"candour/policy"
)

// dpvBasis maps lawful bases to the W3C community group's Data Privacy
// Vocabulary. Its general terms are used, because its terms for the GDPR are
// those of the European Union's and know no recognised legitimate interest.
var dpvBasis = map[policy.Basis]string{
	policy.Contract:           "dpv:Contract",
	policy.Consent:            "dpv:Consent",
	policy.LegitimateInterest: "dpv:LegitimateInterest",
	policy.RecognisedInterest: "dpv:LegitimateInterest",
	policy.LegalObligation:    "dpv:LegalObligation",
	policy.VitalInterests:     "dpv:VitalInterest",
	policy.PublicTask:         "dpv:PublicInterest",
}

// linkedData writes the policy as JSON-LD in terms of the Data Privacy
// Vocabulary 2 (https://w3id.org/dpv): a process for each purpose and use.
func linkedData(w io.Writer, p *policy.Policy) error {
	l := linker{p: p, base: "https://" + p.Operator.Domain + "/privacy/v" + strconv.Itoa(p.Version) + "#"}
	graph := []any{l.controller()}
	for i := range p.Categories {
		graph = append(graph, l.category(&p.Categories[i]))
	}
	for i := range p.Recipients {
		graph = append(graph, l.recipient(&p.Recipients[i]))
	}
	for i := range p.Purposes {
		q := &p.Purposes[i]
		graph = append(graph, object{
			{"@id", l.id("purpose", q.ID)}, {"@type", "dpv:Purpose"}, {"dct:title", q.Title}, {"dct:description", q.Description},
		})
		for j := range q.Uses {
			graph = append(graph, l.process(q, j))
		}
	}
	return encode(w, object{{"@context", context}, {"@graph", graph}})
}

var context = object{
	{"dpv", "https://w3id.org/dpv#"},
	{"dct", "http://purl.org/dc/terms/"},
	{"xsd", "http://www.w3.org/2001/XMLSchema#"},
}

type linker struct {
	p    *policy.Policy
	base string
}

func (l linker) id(kind, id string) string { return l.base + kind + "-" + url.PathEscape(id) }

func (l linker) ref(kind, id string) object { return object{{"@id", l.id(kind, id)}} }

func (l linker) refs(kind string, ids []string) []object {
	out := make([]object, len(ids))
	for i, id := range ids {
		out[i] = l.ref(kind, id)
	}
	return out
}

func (l linker) controller() object {
	o := l.p.Operator
	return object{
		{"@id", l.id("operator", o.ID)}, {"@type", "dpv:DataController"}, {"dpv:hasName", o.Name},
		{"dpv:hasContact", o.Support.Email},
		{"dpv:hasDataProtectionOfficer", object{
			{"@id", l.id("officer", o.ID)}, {"@type", "dpv:DataProtectionOfficer"},
			{"dpv:hasName", o.Officer.Title}, {"dpv:hasContact", o.Officer.Email},
		}},
	}
}

func (l linker) category(c *policy.Category) object {
	kind := "dpv:PersonalData"
	if c.Kind == "special" {
		kind = "dpv:SpecialCategoryPersonalData"
	}
	return object{{"@id", l.id("category", c.ID)}, {"@type", kind}, {"dct:title", c.Title}, {"dct:description", c.Reason}}
}

func (l linker) recipient(r *policy.Recipient) object {
	kind := map[string]string{
		"processor": "dpv:DataProcessor", "controller": "dpv:DataController",
		"joint-controller": "dpv:JointDataControllers", "authority": "dpv:Authority",
	}[r.Role]
	return object{
		{"@id", l.id("recipient", r.ID)}, {"@type", []string{"dpv:Recipient", kind}}, {"dpv:hasName", r.Name},
		{"dct:description", r.What}, {"dpv:hasLocation", string(r.Region)},
	}
}

func (l linker) process(q *policy.Purpose, n int) object {
	u := &q.Uses[n]
	basis := object{{"@type", dpvBasis[u.Basis]}, {"dct:title", string(u.Basis)}}
	for _, reason := range nonEmpty(u.Interest, u.Law, u.Condition) {
		basis = append(basis, member{"dct:description", reason})
		break // one description; interest and law exclude each other
	}
	o := object{
		{"@id", l.id("process", q.ID+"-"+strconv.Itoa(n+1))}, {"@type", "dpv:Process"},
		{"dpv:hasDataController", l.ref("operator", l.p.Operator.ID)},
		{"dpv:hasPurpose", l.ref("purpose", q.ID)},
		{"dpv:hasPersonalData", l.refs("category", u.Categories)},
		{"dpv:hasLegalBasis", basis},
	}
	if len(q.Recipients) > 0 {
		o = append(o, member{"dpv:hasRecipient", l.refs("recipient", q.Recipients)})
	}
	if r, ok := l.p.RetentionByID(u.Retention); ok {
		o = append(o, member{"dpv:hasStorageCondition", object{
			{"@type", "dpv:StorageDuration"}, {"dct:title", r.Title},
			{"dpv:hasDuration", duration(r)},
		}})
	}
	return o
}

// duration is how long data of a retention class stays. Until an event that
// may fall at any time is no duration of zero.
func duration(r *policy.Retention) object {
	if r.Period.IsZero() && r.Event != policy.CollectedEvent {
		return object{{"@type", "dpv:IndeterminateDuration"}}
	}
	return object{{"@type", "xsd:duration"}, {"@value", r.Period.String()}}
}
