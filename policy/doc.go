// Package policy is the declared promise of an operator: its types, how it is
// read from an operator's folder, how two versions differ, and the compiled
// form in which the doors ask it.
//
// Which call for what:
//
//	Load         an operator's folder, with every fault of form in it
//	lint.Run     whether what is declared is sound (package policy/lint)
//	Compile      the form that answers Use and Collect in nanoseconds
//	Diff         what changed in meaning, and who must be told or asked again
//	RunCases     the policy's own test cases
//	Schema       the JSON Schema of policy.yaml, for editors
//
// A Policy is immutable once loaded. This package imports nothing of ours, so
// that everything else may depend on it.
package policy
