// Package keys holds the keys of Candour: who has them can read personal data,
// and to destroy one is to erase what it sealed.
//
// The ladder, from the top:
//
//   - the root: 32 secret bytes in DIR/keys/root.key, or sealed there by a key
//     management service reached through Tink (WithKMS). It seals the files
//     beside it and nothing else.
//   - the epoch key, in DIR/keys, never in the database. It wraps the data
//     keys. Rotate makes a new one, wraps the surviving data keys anew and
//     destroys the old, so that old copies of the database hold no key that
//     opens.
//   - a data key for each subject and retention class (and matter, and purpose
//     where consent is the basis), wrapped, in the table data_keys. To erase a
//     person is to delete these rows.
//   - a month key, in DIR/keys, for what expires in a month known at writing:
//     the sealing key is derived from data key and month key, so destroying
//     the month key darkens what expired, in old backups too.
//
// Most callers want Sealer (writing), Opener (reading) and Secret (a key for a
// MAC). Records themselves go through the vault, which decides who may read.
//
// Sealing is AES-256-GCM with random 96-bit nonces. A data key seals fewer
// than 2^32 messages (NIST SP 800-38D, section 8.3): one person's records.
//
// Ready ciphers are kept in memory, in bounded number and for at most
// CacheBound after they were read from the database. That is the time within
// which every other process forgets an erased key; the process that erases
// forgets at once.
package keys
