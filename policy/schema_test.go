package policy_test

import (
	"os"
	"path/filepath"
	"testing"

	"candour/policy"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := policy.Schema()
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(policy.SchemaID, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(policy.SchemaID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func readYAML(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// The schema that editors use takes what the checker takes.
func TestSchemaTakesGoodPolicies(t *testing.T) {
	s := compiledSchema(t)
	files, _ := filepath.Glob("../operators/*/policy.yaml")
	for _, f := range append(files, "testdata/good/policy.yaml") {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(readYAML(t, text)); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
}

func TestSchemaRefusesWhatTheDecoderRefuses(t *testing.T) {
	s := compiledSchema(t)
	text, err := os.ReadFile("testdata/good/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, edit := range [][2]string{
		{"kind: site", "kind: shop"}, {"version: 3", "version: 0"}, {"period: P1Y", "period: a year"},
		{"short_name: Example", "nickname: Example"}, {"region: US", "region: America"}, {"id: person.name", "id: Person Name"},
		{"website: https://ico.org.uk/", "website: ico.org.uk"},
	} {
		broken := replaceOnce(t, string(text), edit[0], edit[1])
		if err := s.Validate(readYAML(t, []byte(broken))); err == nil {
			t.Errorf("%q instead of %q passes", edit[1], edit[0])
		}
	}
}
