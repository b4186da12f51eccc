package policy_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"candour/policy"
)

// wording are the declared fields whose change Diff leaves out, each with the
// reason why nothing that is promised or done changes with it.
var wording = map[string]string{
	"Policy.Version":          "the number by which versions are told apart",
	"Policy.Language":         "the language of the words",
	"Policy.Terms":            "explanations of words",
	"Policy.Retention":        "a class means something where a purpose uses it, and is compared there",
	"Retention.Title":         "said in words; the figures are compared",
	"Retention.Reason":        "why, in words",
	"Operator.ID":             "a name that only files know",
	"Operator.ShortName":      "what the controller is called in passing",
	"Operator.LocalDomain":    "where it runs on a developer's machine",
	"Contact.Title":           "a heading",
	"Surface.Title":           "a heading",
	"Surface.Description":     "in words",
	"Actor.Title":             "a heading",
	"Category.Title":          "in words",
	"Category.Group":          "the heading that it stands under",
	"Category.Reason":         "why, in words; the purposes are compared",
	"Category.Without":        "in words",
	"Category.Ours":           "where the declaration comes from",
	"Purpose.Title":           "in words; what it uses is compared",
	"Purpose.Description":     "in words; what it uses is compared",
	"Purpose.Ours":            "where the declaration comes from",
	"Recipient.What":          "in words; what it gets is compared",
	"Recipient.Website":       "where its own words are",
	"Recipient.Ours":          "where the declaration comes from",
	"CookieGroup.Title":       "a heading",
	"CookieGroup.Description": "in words; what is in the group is compared",
	"Cookie.Purpose":          "in words; its group is compared",
	"Cookie.Ours":             "where the declaration comes from",
	"Permission.Title":        "a heading",
	"Permission.Meaning":      "in words; its features are compared",
	"Permission.Reason":       "why, in words",
	"Permission.Without":      "in words",
	"Permission.Ours":         "where the declaration comes from",
	"Form.Title":              "a heading",
	"Form.Also":               "the same form once more, on the same surfaces",
	"Field.Label":             "in words",
	"Field.Hint":              "in words",
	"Field.Reason":            "why, in words; the category is compared",
	"Option.Label":            "in words",
	"Right.Title":             "a heading",
	"Right.Description":       "in words",
	"Decision.Title":          "a heading",
	"Decision.Description":    "in words; the patterns are compared",
	"Decision.Ours":           "where the declaration comes from",
	"Pattern.Reason":          "why, in words",
	"Term.Term":               "words",
	"Term.Also":               "words",
	"Term.Definition":         "words",
	"Term.ID":                 "words",
}

// Whatever is changed in a declaration is noticed in both directions, or is
// wording for a reason that is listed.
func TestDiffNoticesEveryField(t *testing.T) {
	old := edited(t)
	m := &mutation{t: t, old: old, new: edited(t), met: map[string]bool{}, missed: map[string]bool{}}
	m.walk(reflect.ValueOf(m.new).Elem())
	for field := range m.missed {
		if _, ok := wording[field]; !ok {
			t.Errorf("a change of %s is not noticed, and no reason says that it is wording", field)
		}
	}
	for field := range wording {
		if !m.missed[field] {
			t.Errorf("a change of %s is noticed, or the field is not there: take it from the list of wording", field)
		}
	}
	for _, field := range declared(reflect.TypeFor[policy.Policy]()) {
		if !m.met[field] {
			t.Errorf("the good policy declares no %s, so that its change was not tried", field)
		}
	}
}

type mutation struct {
	t           *testing.T
	old, new    *policy.Policy
	met, missed map[string]bool // type and field
}

func (m *mutation) walk(v reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Tag.Get("yaml") == "" {
			continue
		}
		name := v.Type().Name() + "." + f.Name
		m.field(name, v.Field(i))
	}
}

func (m *mutation) field(name string, v reflect.Value) {
	if v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[policy.Period]() {
		m.met[name] = true
		m.walk(v)
		return
	}
	for _, other := range others(v) {
		m.met[name] = true
		kept := reflect.New(v.Type()).Elem()
		kept.Set(v)
		v.Set(other)
		if len(policy.Diff(m.old, m.new)) == 0 || len(policy.Diff(m.new, m.old)) == 0 {
			m.missed[name] = true
		}
		v.Set(kept)
	}
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct {
		for i := range v.Len() {
			m.walk(v.Index(i))
		}
	}
}

// others are values that a field could have instead.
func others(v reflect.Value) []reflect.Value {
	switch v.Kind() {
	case reflect.String:
		return []reflect.Value{reflect.ValueOf(v.String() + "x").Convert(v.Type())}
	case reflect.Bool:
		return []reflect.Value{reflect.ValueOf(!v.Bool())}
	case reflect.Int:
		return []reflect.Value{reflect.ValueOf(int(v.Int()) + 1)}
	case reflect.Struct:
		p := v.Interface().(policy.Period)
		p.Days += 40
		return []reflect.Value{reflect.ValueOf(p)}
	case reflect.Map:
		more := reflect.MakeMap(v.Type())
		for _, k := range v.MapKeys() {
			more.SetMapIndex(k, v.MapIndex(k))
		}
		more.SetMapIndex(reflect.ValueOf("img-src"), reflect.ValueOf([]string{"https://more.example.com"}))
		return []reflect.Value{more}
	case reflect.Slice:
		more := reflect.MakeSlice(v.Type(), v.Len()+1, v.Len()+1)
		reflect.Copy(more, v)
		last := more.Index(v.Len())
		switch {
		case last.Kind() == reflect.String:
			last.SetString("more")
		case v.Len() == 0:
			return nil
		default:
			last.Set(v.Index(v.Len() - 1))
			for _, id := range []string{"ID", "Name", "Value"} {
				if f := last.FieldByName(id); f.IsValid() {
					f.SetString("more")
					break
				}
			}
			if c := last.FieldByName("Categories"); c.IsValid() && last.Type() == reflect.TypeFor[policy.Use]() {
				c.Set(reflect.ValueOf([]string{"more"}))
			}
		}
		return []reflect.Value{more}
	}
	return nil
}

// declared are the fields of a type and of the types in it.
func declared(t reflect.Type) []string {
	var all []string
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Tag.Get("yaml") == "" {
			continue
		}
		all = append(all, t.Name()+"."+f.Name)
		of := f.Type
		if of.Kind() == reflect.Slice {
			of = of.Elem()
		}
		if of.Kind() == reflect.Struct && of != reflect.TypeFor[policy.Period]() {
			all = append(all, declared(of)...)
		}
	}
	slices.SortFunc(all, strings.Compare)
	return slices.Compact(all)
}
