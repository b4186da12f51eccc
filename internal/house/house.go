// Package house holds no code: its tests keep the rules of this house, each
// with its reason.
package house
