package policy

import (
	_ "embed"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"
)

//go:embed types.go
var typesSource string

//go:embed calling.go
var callingSource string

// SchemaID is the name of the JSON Schema of policy.yaml.
const SchemaID = "https://candour.invalid/schema/policy-1.json"

const periodPattern = `^P(([0-9]{1,5}[YMWD])+|T([0-9]{1,5}[HM])+)$`

// Schema returns the JSON Schema (draft 2020-12) of policy.yaml, for editors.
// It is derived from the same types and tags that the decoder reads, and its
// descriptions from their comments. What it cannot say (references, law) the
// checker does.
func Schema() (map[string]any, error) {
	docs, err := typeDocs()
	if err != nil {
		return nil, err
	}
	s := schemer{docs: docs, defs: map[string]any{}}
	root := s.object(reflect.TypeFor[Policy]())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = SchemaID
	root["title"] = "Declared policy"
	root["$defs"] = s.defs
	return root, nil
}

type schemer struct {
	docs map[string]string // Type and Type.Field -> comment
	defs map[string]any
}

func (s schemer) object(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []any{}
	for i := range t.NumField() {
		f := t.Field(i)
		is := rulesOf(f)
		if is.key == "" {
			continue
		}
		p := s.value(f.Type, is)
		if doc := s.docs[t.Name()+"."+f.Name]; doc != "" {
			p["description"] = doc
		}
		properties[is.key] = p
		if is.required {
			required = append(required, is.key)
		}
	}
	o := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		o["required"] = required
	}
	if doc := s.docs[t.Name()]; doc != "" {
		o["description"] = doc
	}
	return o
}

func (s schemer) value(t reflect.Type, is rules) map[string]any {
	switch {
	case t == periodType:
		return map[string]any{"type": "string", "pattern": periodPattern}
	case t.Kind() == reflect.Struct:
		if _, ok := s.defs[t.Name()]; !ok {
			s.defs[t.Name()] = nil // stops a type that holds itself
			s.defs[t.Name()] = s.object(t)
		}
		return map[string]any{"$ref": "#/$defs/" + t.Name()}
	case t.Kind() == reflect.Slice:
		item := is
		item.required = true
		list := map[string]any{"type": "array", "items": s.value(t.Elem(), item)}
		if is.required {
			list["minItems"] = 1
		}
		return list
	case t.Kind() == reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": s.value(t.Elem(), rules{})}
	case t.Kind() == reflect.Bool:
		return map[string]any{"type": "boolean"}
	case t.Kind() == reflect.Int:
		return map[string]any{"type": "integer", "minimum": is.min}
	}
	return text(is)
}

func text(is rules) map[string]any {
	p := map[string]any{"type": "string"}
	if len(is.oneOf) > 0 {
		values := make([]any, 0, len(is.oneOf)+1)
		for _, v := range is.oneOf {
			values = append(values, v)
		}
		if !is.required {
			values = append(values, "")
		}
		p["enum"] = values
		return p
	}
	if f, ok := forms[is.form]; ok && f.re != "" {
		p["pattern"] = f.re
		if !is.required {
			p["pattern"] = "^$|" + f.re
		}
	}
	if is.required {
		p["minLength"] = 1
	}
	return p
}

// typeDocs reads the comments of the files with the types, so that an editor
// shows the words that stand beside them.
func typeDocs() (map[string]string, error) {
	docs := map[string]string{}
	for _, source := range []string{typesSource, callingSource} {
		if err := docsOf(source, docs); err != nil {
			return nil, err
		}
	}
	return docs, nil
}

func docsOf(source string, docs map[string]string) error {
	file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.ParseComments)
	if err != nil {
		return err
	}
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range g.Specs {
			t, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			docs[t.Name.Name] = sentence(g.Doc)
			if st, ok := t.Type.(*ast.StructType); ok {
				for _, f := range st.Fields.List {
					for _, n := range f.Names {
						if docs[t.Name.Name+"."+n.Name] = sentence(f.Comment); f.Comment == nil {
							docs[t.Name.Name+"."+n.Name] = sentence(f.Doc)
						}
					}
				}
			}
		}
	}
	return nil
}

func sentence(c *ast.CommentGroup) string {
	if c == nil {
		return ""
	}
	first, _, _ := strings.Cut(c.Text(), "\n\n")
	return strings.Join(strings.Fields(first), " ")
}
