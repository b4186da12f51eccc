// Package contacts keeps people's own address books: a name, numbers, an e-mail
// address, a company and a note of each person they want to reach.
//
// A contact is one record of the vault, which is its owner's: the category of
// the form contact-card, for that form's purpose. Its value is a vCard (RFC
// 6350), so that a copy of somebody's data can be read by any other address
// book. The table of contacts holds the ids of those records and nothing else.
//
// Whom a contact names is a third person who gave us nothing and is found by
// nobody but the owner: there is no index of the numbers, nor of the names.
// What their rights are is told in docs/contacts.md.
//
// Which call for what:
//
//	List, Get               a person's contacts, or one of them
//	Add, Change, Remove     one contact
//	Import, Export          a vCard file in, and out
//	Find, Named             by words, or by the number that calls
//	Erased, Sweep           what an erasure drops here, and what is left of records that went
package contacts
