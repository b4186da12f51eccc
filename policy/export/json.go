package export

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"slices"

	"candour/policy"
)

// jsonFormat names the shape of the JSON export. The keys are those of
// policy.yaml, every key is always there, periods are ISO 8601; a change that
// could break a reader gets a new name.
const jsonFormat = "candour-policy/1"

func plainJSON(w io.Writer, p *policy.Policy) error {
	body := plain(reflect.ValueOf(p).Elem()).(object)
	return encode(w, append(object{{"format", jsonFormat}}, body...))
}

func encode(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// object is a JSON object whose keys keep their order.
type object []member

type member struct {
	key   string
	value any
}

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		for _, part := range []struct {
			v   any
			end string
		}{{m.key, ":"}, {m.value, ""}} {
			text, err := json.Marshal(part.v)
			if err != nil {
				return nil, err
			}
			b.Write(text)
			b.WriteString(part.end)
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// plain turns a declared thing into JSON under the keys of policy.yaml.
func plain(v reflect.Value) any {
	if period, ok := v.Interface().(policy.Period); ok {
		return period.String()
	}
	switch v.Kind() {
	case reflect.Struct:
		o := object{}
		for i := range v.NumField() {
			if key := v.Type().Field(i).Tag.Get("yaml"); key != "" {
				o = append(o, member{key, plain(v.Field(i))})
			}
		}
		return o
	case reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = plain(v.Index(i))
		}
		return list
	case reflect.Map:
		o := object{}
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return bytes.Compare([]byte(a.String()), []byte(b.String())) })
		for _, k := range keys {
			o = append(o, member{k.String(), plain(v.MapIndex(k))})
		}
		return o
	}
	return v.Interface()
}
