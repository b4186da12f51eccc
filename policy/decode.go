package policy

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// rules is what the tag "is" of a field says.
type rules struct {
	key      string
	required bool
	form     string   // id, email, telephone, url, host, label, path, language, cookie-name, colour
	oneOf    []string // closed list
	ref      string   // kind of thing that is referred to
	min      int
}

func rulesOf(f reflect.StructField) rules {
	r := rules{key: f.Tag.Get("yaml")}
	for word := range strings.SplitSeq(f.Tag.Get("is"), ",") {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "":
		case "required":
			r.required = true
		case "one-of":
			r.oneOf = strings.Split(value, "|")
		case "ref":
			r.ref = value
		case "min":
			r.min, _ = strconv.Atoi(value)
		default:
			r.form = name
		}
	}
	return r
}

// names of the things a file declares, as messages call them.
var nouns = map[reflect.Type]string{
	reflect.TypeFor[Policy]():      "the policy",
	reflect.TypeFor[Operator]():    "the operator",
	reflect.TypeFor[Contact]():     "the contact",
	reflect.TypeFor[Regulator]():   "the regulator",
	reflect.TypeFor[Settings]():    "settings",
	reflect.TypeFor[Storage]():     "storage",
	reflect.TypeFor[Surface]():     "surface",
	reflect.TypeFor[Actor]():       "actor",
	reflect.TypeFor[Category]():    "category",
	reflect.TypeFor[Purpose]():     "purpose",
	reflect.TypeFor[Use]():         "the use",
	reflect.TypeFor[Retention]():   "retention class",
	reflect.TypeFor[Recipient]():   "recipient",
	reflect.TypeFor[CookieGroup](): "cookie group",
	reflect.TypeFor[Cookie]():      "cookie",
	reflect.TypeFor[Integration](): "integration",
	reflect.TypeFor[Permission]():  "permission",
	reflect.TypeFor[Form]():        "form",
	reflect.TypeFor[Field]():       "the field",
	reflect.TypeFor[Option]():      "the option",
	reflect.TypeFor[Right]():       "right",
	reflect.TypeFor[Term]():        "term",
	reflect.TypeFor[Calling]():     "calling",
	reflect.TypeFor[Decision]():    "decision",
	reflect.TypeFor[Pattern]():     "the pattern",
	reflect.TypeFor[Case]():        "the case",
	reflect.TypeFor[caseFile]():    "the file",
	reflect.TypeFor[Brand]():       "the brand",
	reflect.TypeFor[Tokens]():      "tokens",
	reflect.TypeFor[Palette]():     "the palette",
	reflect.TypeFor[Fonts]():       "font",
	reflect.TypeFor[frontMatter](): "the page",
	reflect.TypeFor[Hero]():        "the hero",
	reflect.TypeFor[Action]():      "the action",
	reflect.TypeFor[Block]():       "the block",
	reflect.TypeFor[BlockItem]():   "the item",
}

var periodType = reflect.TypeFor[Period]()

// read decodes the file into v, a pointer to a struct, and reports all faults
// of form.
func (r *reader) read(data []byte, v any) {
	if root := r.parse(data); root != nil {
		r.value(root, reflect.ValueOf(v).Elem(), "", rules{})
	}
}

func (r *reader) value(n *yaml.Node, v reflect.Value, path string, is rules) {
	r.places[path] = r.at(n)
	if n.Kind == yaml.AliasNode {
		return // told of by structure
	}
	switch {
	case v.Type() == periodType:
		r.period(n, v, is)
	case v.Kind() == reflect.Struct:
		r.structValue(n, v, path)
	case v.Kind() == reflect.Slice:
		r.list(n, v, path, is)
	case v.Kind() == reflect.Map:
		r.mapValue(n, v, path, is)
	case v.Kind() == reflect.String:
		v.SetString(r.text(n, is))
	case v.Kind() == reflect.Bool:
		r.boolean(n, v, is)
	case v.Kind() == reflect.Int:
		r.integer(n, v, is)
	}
}

func fieldsOf(t reflect.Type) (keys []string, index map[string]int) {
	index = map[string]int{}
	for i := range t.NumField() {
		if k := t.Field(i).Tag.Get("yaml"); k != "" {
			keys = append(keys, k)
			index[k] = i
		}
	}
	return keys, index
}

func (r *reader) structValue(n *yaml.Node, v reflect.Value, path string) {
	t := v.Type()
	keys, index := fieldsOf(t)
	if n.Kind != yaml.MappingNode {
		r.lost = true
		r.fault(n, fmt.Sprintf("%s must be keys with values, but is %s", nounOf(t), kindOf(n)), "write keys such as "+strings.Join(keys[:min(3, len(keys))], ", ")+", each with a colon and a value")
		return
	}
	name := nounOf(t)
	for i := 0; i+1 < len(n.Content); i += 2 {
		if k := n.Content[i].Value; (k == "id" || k == "name") && n.Content[i+1].Kind == yaml.ScalarNode && !strings.HasPrefix(name, "the operator") {
			name = nounOf(t) + " " + n.Content[i+1].Value
			break
		}
	}
	seen, given := map[string]bool{}, map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		given[n.Content[i].Value] = true
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind != yaml.ScalarNode || k.Tag == "!!merge" {
			continue
		}
		key := k.Value
		if _, known := index[key]; !known {
			r.fault(k, fmt.Sprintf("%s is no key of %s", quote(key), name), Suggest(key, keys))
			// A misspelt key stands for the one that was meant, so that one
			// slip is told once.
			meant, ok := nearest(key, keys)
			if !ok || given[meant] {
				r.lost = true
				continue
			}
			key = meant
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		r.value(n.Content[i+1], v.Field(index[key]), join(path, key), rulesOf(t.Field(index[key])))
	}
	for _, k := range keys {
		if is := rulesOf(t.Field(index[k])); is.required && !seen[k] {
			r.lost = r.lost || names(t, is, t.Field(index[k]).Type)
			r.fault(n, fmt.Sprintf("%s has no %s", name, k), "add "+k+": "+example(is, t.Field(index[k]).Type))
		}
	}
}

// names reports whether a missing key would leave out things or their names.
func names(t reflect.Type, is rules, of reflect.Type) bool {
	switch t {
	case reflect.TypeFor[Operator](), reflect.TypeFor[Contact](), reflect.TypeFor[Regulator]():
		return true // the notice speaks of their facts
	}
	return is.form == "id" || is.key == "name" || of.Kind() == reflect.Slice || of.Kind() == reflect.Struct && of != periodType
}

func (r *reader) list(n *yaml.Node, v reflect.Value, path string, is rules) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" && !is.required {
		return
	}
	if n.Kind != yaml.SequenceNode {
		r.fault(n, fmt.Sprintf("%s must be a list, but is %s", is.key, kindOf(n)), "write "+is.key+": [ ... ], or one item a line, each after a dash")
		if n.Kind == yaml.ScalarNode && v.Type().Elem().Kind() == reflect.String {
			one := reflect.MakeSlice(v.Type(), 1, 1)
			one.Index(0).SetString(n.Value)
			v.Set(one)
		} else {
			r.lost = true
		}
		return
	}
	if is.required && len(n.Content) == 0 {
		r.fault(n, is.key+" is empty", "name at least one")
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	item := is
	item.required = true
	first := map[string]int{}
	for i, c := range n.Content {
		e := v.Index(i)
		at := join(path, strconv.Itoa(i))
		r.value(c, e, at, item)
		if c.Kind == yaml.AliasNode {
			continue
		}
		id, where := identity(e, is), at
		if _, ok := r.places[at+"/id"]; ok {
			where = at + "/id"
		}
		if id == "" {
			continue
		}
		if line, twice := first[id]; twice {
			r.lost = r.lost || e.Kind() == reflect.Struct
			what := fmt.Sprintf("%s stands twice in %s; the first is on line %d", quote(id), is.key, line)
			r.faultPlace(where, what, "keep one, or give the second another name")
			continue
		}
		first[id] = r.places[where].Line
	}
}

// identity is what must not stand twice in one list: a name that refers to a
// thing, or a thing's own id.
func identity(e reflect.Value, is rules) string {
	switch e.Kind() {
	case reflect.String:
		if is.ref != "" || is.form == "region" {
			return e.String()
		}
	case reflect.Struct:
		if f := e.FieldByName("ID"); f.IsValid() {
			return f.String()
		}
	}
	return ""
}

func (r *reader) faultPlace(path, what, cure string) {
	if len(r.faults) < maxFaults {
		r.faults = append(r.faults, r.places[path].Fault(what, cure))
	}
}

// mapValue reads keys of the file's own choosing, each with a list of texts or
// a text.
func (r *reader) mapValue(n *yaml.Node, v reflect.Value, path string, is rules) {
	if n.Kind != yaml.MappingNode {
		r.fault(n, fmt.Sprintf("%s must be keys with values, but is %s", is.key, kindOf(n)), "write "+is.key+": and under it, indented, one key a line")
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind != yaml.ScalarNode {
			continue
		}
		e := reflect.New(v.Type().Elem()).Elem()
		r.value(n.Content[i+1], e, join(path, k.Value), rules{key: k.Value, form: is.form})
		v.SetMapIndex(reflect.ValueOf(k.Value), e)
	}
}

// text reads a scalar that must be text: an unquoted value that YAML takes for
// a number, a date or a truth value is refused, because it has lost its
// spelling for every other reader of the file (07700900123 is a float). What
// was refused is kept all the same, or what was meant if that is clear, so that
// the rules do not tell of one slip a second time.
func (r *reader) text(n *yaml.Node, is rules) string {
	if n.Kind != yaml.ScalarNode {
		r.lost = true
		r.fault(n, fmt.Sprintf("%s must be text, but is %s", is.key, kindOf(n)), "write "+is.key+": "+example(is, reflect.TypeFor[string]()))
		return ""
	}
	s := n.Value
	switch tag := n.ShortTag(); {
	case tag == "!!null" || strings.TrimSpace(s) == "":
		if is.required {
			r.lost = r.lost || is.form == "id" || is.key == "name"
			what := " is empty"
			if tag == "!!null" {
				what = " has no value"
			}
			r.fault(n, is.key+what, "write "+example(is, reflect.TypeFor[string]()))
		}
		return ""
	case tag == "!!int" || tag == "!!float":
		r.fault(n, fmt.Sprintf("%s %s is not in quotes, so YAML reads it as a number", is.key, s), fmt.Sprintf("write %s: %q", is.key, s))
		return s
	case tag != "!!str":
		r.fault(n, fmt.Sprintf("%s %s is not in quotes, so YAML does not read it as text", is.key, s), fmt.Sprintf("write %s: %q", is.key, s))
		return s
	}
	if len(is.oneOf) > 0 && !slices.Contains(is.oneOf, s) {
		r.fault(n, fmt.Sprintf("%s is no %s", quote(s), is.key), Suggest(s, is.oneOf))
		if meant, ok := nearest(s, is.oneOf); ok {
			return meant
		}
		return s
	}
	if f, ok := forms[is.form]; ok && !f.ok(s) {
		r.lost = r.lost || is.form == "id" || is.form == "cookie-name"
		r.fault(n, fmt.Sprintf("%s is not %s", quote(s), f.what), "write "+f.like)
	}
	return s
}

func (r *reader) boolean(n *yaml.Node, v reflect.Value, is rules) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" {
		r.fault(n, fmt.Sprintf("%s must be true or false, but is %s", is.key, kindOf(n)), "write "+is.key+": true or "+is.key+": false, without quotes")
		return
	}
	v.SetBool(strings.EqualFold(n.Value, "true"))
}

func (r *reader) integer(n *yaml.Node, v reflect.Value, is rules) {
	i, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || err != nil || i > 1_000_000_000 {
		r.fault(n, fmt.Sprintf("%s must be a whole number, but is %s", is.key, kindOf(n)), "write "+is.key+": "+strconv.Itoa(max(1, is.min)))
		return
	}
	if i < is.min {
		r.fault(n, fmt.Sprintf("%s is %d", is.key, i), fmt.Sprintf("write %d or more", is.min))
		return
	}
	v.SetInt(int64(i))
}

func (r *reader) period(n *yaml.Node, v reflect.Value, is rules) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		r.fault(n, fmt.Sprintf("%s must be a period, but is %s", is.key, kindOf(n)), "write "+is.key+": P6M, or another period such as P2Y, P28D, PT1H")
		return
	}
	p, err := ParsePeriod(n.Value)
	if err != nil {
		r.fault(n, fmt.Sprintf("%s %s is not a period", is.key, quote(n.Value)), "write a period such as P2Y, P6M, P28D or PT1H")
		return
	}
	v.Set(reflect.ValueOf(p))
}

func join(path, step string) string {
	if path == "" {
		return step
	}
	return path + "/" + step
}

func nounOf(t reflect.Type) string {
	if n, ok := nouns[t]; ok {
		return n
	}
	return "this"
}

// kindOf says in plain words what stands at a node.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys with values"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!null":
		return "empty"
	case "!!int", "!!float":
		return "the number " + n.Value
	case "!!bool":
		return "the truth value " + n.Value
	}
	return "the text " + quote(n.Value)
}

func example(is rules, t reflect.Type) string {
	switch {
	case len(is.oneOf) > 0:
		return strings.Join(is.oneOf, " or ")
	case t == periodType:
		return "P6M, or another period"
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String:
		return "[ ... ]"
	case t.Kind() == reflect.Slice:
		return "and under it a list, each item after a dash"
	case t.Kind() == reflect.Struct:
		keys, _ := fieldsOf(t)
		return "and under it " + strings.Join(keys[:min(3, len(keys))], ", ") + " ..."
	case t.Kind() == reflect.Int:
		return strconv.Itoa(max(1, is.min))
	case t.Kind() == reflect.Bool:
		return "true or false"
	}
	if f, ok := forms[is.form]; ok {
		return f.like
	}
	if is.ref != "" {
		return "the id of a " + is.ref
	}
	return "in plain words"
}

// sortedKeys keeps messages and exports in one order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
