// Package support takes enquiries and keeps the tickets that come of them.
//
// What a person wrote is vault records under the purpose of the contact form;
// a ticket is ids, codes and times, so that the list of open work can be read,
// counted and backed up without reading anybody's words. Records, ticket,
// evidence and the owed acknowledgement are one transaction.
//
// Requests about personal data are valid in whatever words and by whatever way
// they come, so SuggestsRight looks for such words in every enquiry, and what
// it finds goes to the rights desk instead of the support desk (R3). It
// suggests; a person decides.
package support
