package policy

// Indices of declared things in a Compiled policy. They are positions in the
// policy file's lists and hold for one policy version only.
type (
	ActorIndex    uint8
	CategoryIndex uint16
	PurposeIndex  uint8
	SurfaceIndex  uint8
)

// PurposeSet is a set of purposes, one bit each.
type PurposeSet [2]uint64

// Has reports whether p is in the set.
func (s PurposeSet) Has(p PurposeIndex) bool {
	return p < MaxPurposes && s[p>>6]&(1<<(p&63)) != 0
}

// With returns the set with p.
func (s PurposeSet) With(p PurposeIndex) PurposeSet {
	if p < MaxPurposes {
		s[p>>6] |= 1 << (p & 63)
	}
	return s
}

// Without returns the set without p.
func (s PurposeSet) Without(p PurposeIndex) PurposeSet {
	if p < MaxPurposes {
		s[p>>6] &^= 1 << (p & 63)
	}
	return s
}

// Standing is what a subject has decided, as the doors need it.
type Standing struct {
	Consents   PurposeSet // purposes with standing consent
	Lapsed     []Lapse    // what those given under earlier versions do not cover; none for most people
	Objections PurposeSet // purposes objected to (Art 21)
	Restricted bool       // use is restricted (Art 18)
	Shut       KindSet    // kinds of actor shut out of what need not be (R29)
}

// KindSet is a set of kinds of actor that a person can shut out.
type KindSet uint8

// The kinds of actor that a person can shut out. They themselves and the
// software are not among them.
const (
	Staff   KindSet = 1 << iota // the operator's people
	Partner                     // another firm's
)

// KindOf returns the set of the one kind of that name in the policy file, no
// kind if it cannot be shut out.
func KindOf(name string) KindSet {
	switch name {
	case "staff":
		return Staff
	case "partner":
		return Partner
	}
	return 0
}

// Verdict is the answer to one question to the policy.
type Verdict uint8

// The verdicts, in the order in which they are looked for: the first that
// holds is given.
const (
	Allowed      Verdict = iota
	Undeclared           // the purpose does not use this category, or the category is never stored
	WrongActor           // the actor may not act for this purpose
	WrongSurface         // the surface may not collect this category
	NoConsent            // the basis is consent and none stands that covers it (Art 6(1)(a))
	Restricted           // the subject restricted the use (Art 18)
	Objected             // the subject objected to the purpose (Art 21)
	ShutOut              // the subject shut this kind of actor out, and the use need not be (R29)
)

var verdictCodes = [...]string{"allowed", "undeclared", "wrong-actor", "wrong-surface", "no-consent", "restricted", "objected", "shut-out"}

// String returns the verdict's stable code, fit for evidence, metrics and
// policy_test.yaml.
func (v Verdict) String() string {
	if int(v) < len(verdictCodes) {
		return verdictCodes[v]
	}
	return "undeclared"
}

// cell is what the policy says of one category for one purpose.
type cell uint8

const (
	declared        cell = 1 << iota
	onConsent            // basis is consent
	objectable           // an objection stops it
	whileRestricted      // goes on although the subject restricted the use
	whileShut            // goes on although the subject shut the actor out
)

// Compiled is a policy in the form the doors ask. It is immutable and safe for
// concurrent use; Use and Collect allocate nothing.
type Compiled struct {
	policy     *Policy
	purposes   int
	cells      []cell       // [category*purposes + purpose]
	uses       []*Use       // the same places; nil where undeclared
	retention  []*Retention // the same places
	actors     []PurposeSet // what each actor may act for
	kinds      []KindSet    // [actor]: the kind by which it can be shut out; 0 for none
	surfaces   []uint64     // [category]: bit set of surfaces that may collect it
	notHeld    []bool       // [category]
	actorAt    map[string]ActorIndex
	categoryAt map[string]CategoryIndex
	purposeAt  map[string]PurposeIndex
	surfaceAt  map[string]SurfaceIndex
}

// Compile turns a checked policy into the form the doors ask. References that
// do not resolve, which the checker refuses, grant nothing; so does whatever
// lies beyond the limits of Load.
func Compile(p *Policy) *Compiled {
	actors, cats := p.Actors[:min(len(p.Actors), maxActors)], p.Categories[:min(len(p.Categories), maxCategories)]
	purposes, surfaces := p.Purposes[:min(len(p.Purposes), MaxPurposes)], p.Surfaces[:min(len(p.Surfaces), maxSurfaces)]
	c := &Compiled{
		policy: p, purposes: len(purposes),
		cells:     make([]cell, len(cats)*len(purposes)),
		uses:      make([]*Use, len(cats)*len(purposes)),
		retention: make([]*Retention, len(cats)*len(purposes)),
		actors:    make([]PurposeSet, len(actors)), kinds: make([]KindSet, len(actors)), surfaces: make([]uint64, len(cats)), notHeld: make([]bool, len(cats)),
		actorAt: map[string]ActorIndex{}, categoryAt: map[string]CategoryIndex{},
		purposeAt: map[string]PurposeIndex{}, surfaceAt: map[string]SurfaceIndex{},
	}
	for i, s := range surfaces {
		c.surfaceAt[s.ID] = SurfaceIndex(i)
	}
	for i, q := range purposes {
		c.purposeAt[q.ID] = PurposeIndex(i)
	}
	for i, k := range cats {
		c.categoryAt[k.ID] = CategoryIndex(i)
		c.notHeld[i] = k.NotHeld
		for _, id := range k.Surfaces {
			if s, ok := c.surfaceAt[id]; ok {
				c.surfaces[i] |= 1 << s
			}
		}
	}
	for i, a := range actors {
		c.actorAt[a.ID] = ActorIndex(i)
		c.kinds[i] = KindOf(a.Kind)
		for _, id := range a.Purposes {
			if q, ok := c.purposeAt[id]; ok {
				c.actors[i] = c.actors[i].With(q)
			}
		}
	}
	for i := range purposes {
		c.compilePurpose(i, &purposes[i])
	}
	return c
}

func (c *Compiled) compilePurpose(i int, q *Purpose) {
	for u := range q.Uses {
		use := &q.Uses[u]
		for _, id := range use.Categories {
			k, ok := c.categoryAt[id]
			if !ok {
				continue
			}
			at := int(k)*c.purposes + i
			if c.uses[at] != nil {
				continue // two bases for one use are a fault; the first counts
			}
			c.cells[at], c.uses[at] = cellOf(q, use), use
			if r, ok := c.policy.RetentionByID(use.Retention); ok {
				c.retention[at] = r
			}
		}
	}
}

// cellOf works out what a person's decisions do to a use.
//
// A shut-out (R29) takes from staff or partners all that need not be:
//
//   - contract: goes on. The person ordered the service, and it cannot be
//     supplied, billed or mended by nobody.
//   - legal obligation: goes on. A person cannot release the operator from the
//     law; Art 17(3)(b) and Art 21(1) leave it standing too.
//   - vital interests: goes on. A life, maybe another's, outweighs it.
//   - consent: stops. The person said yes to a purpose, not to this pair of
//     eyes, and a shut-out is the more particular word; the software, which is
//     never shut out, goes on doing what was agreed to.
//   - legitimate interests: stops. It is the operator's wish, which is what
//     "beyond what the contract needs" means.
//   - recognised legitimate interests and public task: stop, unless the purpose
//     declares a ground of Art 18(2) (despite_restriction): what would go on
//     under a restriction, which is a right in law, goes on under a shut-out,
//     which needs no reason. So an operator who must look into fraud against
//     the will of whoever commits it declares that, and people can read it.
//   - marketing: stops whatever the basis.
func cellOf(q *Purpose, u *Use) cell {
	v := declared
	switch u.Basis {
	case Consent:
		// Art 18(2): with the subject's consent, restricted data may be used.
		v |= onConsent | objectable | whileRestricted
	case LegitimateInterest, RecognisedInterest, PublicTask:
		v |= objectable // Art 21(1)
	case LegalObligation, VitalInterests:
		// What law requires goes on (DPA 2018 Sch 2 para 5), and so does what
		// protects the rights of another person (Art 18(2)).
		v |= whileRestricted | whileShut
	case Contract:
		v |= whileShut
	}
	if q.DespiteRestriction != "" {
		v |= whileRestricted | whileShut
	}
	if q.Marketing != "" {
		v |= objectable // Art 21(2) and (3), PECR 22: absolute, whatever the basis
		v &^= whileShut
	}
	return v
}

// Policy returns the policy this was compiled from.
func (c *Compiled) Policy() *Policy { return c.policy }

// Actor, Category, Purpose and Surface return the index of a declared thing,
// and whether it is declared.
func (c *Compiled) Actor(id string) (ActorIndex, bool) { i, ok := c.actorAt[id]; return i, ok }

// Category is described at Actor.
func (c *Compiled) Category(id string) (CategoryIndex, bool) { i, ok := c.categoryAt[id]; return i, ok }

// Purpose is described at Actor.
func (c *Compiled) Purpose(id string) (PurposeIndex, bool) { i, ok := c.purposeAt[id]; return i, ok }

// Surface is described at Actor.
func (c *Compiled) Surface(id string) (SurfaceIndex, bool) { i, ok := c.surfaceAt[id]; return i, ok }

func (c *Compiled) place(k CategoryIndex, p PurposeIndex) (int, bool) {
	if int(p) >= c.purposes || int(k) >= len(c.surfaces) {
		return 0, false
	}
	return int(k)*c.purposes + int(p), true
}

// Use answers whether an actor may use a category for a purpose of a subject
// with this standing. Indices that are not of this policy are Undeclared.
func (c *Compiled) Use(a ActorIndex, k CategoryIndex, p PurposeIndex, st Standing) Verdict {
	at, ok := c.place(k, p)
	if !ok {
		return Undeclared
	}
	v := c.cells[at]
	switch {
	case v&declared == 0:
		return Undeclared
	case int(a) >= len(c.actors) || !c.actors[a].Has(p):
		return WrongActor
	case v&onConsent != 0 && !st.Covers(k, p):
		return NoConsent
	case st.Restricted && v&whileRestricted == 0:
		return Restricted
	case v&objectable != 0 && st.Objections.Has(p):
		return Objected
	case st.Shut != 0 && v&whileShut == 0 && st.Shut&c.kinds[a] != 0:
		return ShutOut
	}
	return Allowed
}

// UseOwn is Use for the person themselves, who asks for the use of their own
// data: whatever their role, and also while they have its use restricted (UK
// GDPR Art 18(2)).
func (c *Compiled) UseOwn(k CategoryIndex, p PurposeIndex, st Standing) Verdict {
	at, ok := c.place(k, p)
	if !ok || c.cells[at]&declared == 0 {
		return Undeclared
	}
	switch v := c.cells[at]; {
	case v&onConsent != 0 && !st.Covers(k, p):
		return NoConsent
	case v&objectable != 0 && st.Objections.Has(p):
		return Objected
	}
	return Allowed
}

// Collect answers whether a surface may collect and keep a category for a
// purpose of a subject with this standing. A restriction does not stand in the
// way: Art 18(2) leaves storage free, and the subject gives the data anew. Nor
// does a shut-out, which is about who looks.
func (c *Compiled) Collect(s SurfaceIndex, k CategoryIndex, p PurposeIndex, st Standing) Verdict {
	at, ok := c.place(k, p)
	if !ok {
		return Undeclared
	}
	v := c.cells[at]
	switch {
	case v&declared == 0 || c.notHeld[k]:
		return Undeclared
	case s >= maxSurfaces || c.surfaces[k]&(1<<s) == 0:
		return WrongSurface
	case v&onConsent != 0 && !st.Covers(k, p):
		return NoConsent
	case v&objectable != 0 && st.Objections.Has(p):
		return Objected
	}
	return Allowed
}

// Retention returns how long a category is kept for a purpose, and whether the
// policy says so.
func (c *Compiled) Retention(k CategoryIndex, p PurposeIndex) (*Retention, bool) {
	at, ok := c.place(k, p)
	if !ok || c.retention[at] == nil {
		return nil, false
	}
	return c.retention[at], true
}

// UseOf returns the declared use of a category for a purpose, with its basis.
func (c *Compiled) UseOf(k CategoryIndex, p PurposeIndex) (*Use, bool) {
	at, ok := c.place(k, p)
	if !ok || c.uses[at] == nil {
		return nil, false
	}
	return c.uses[at], true
}
