-- +goose Up

-- Keys and people. These tables are WITHOUT ROWID: rowid tables with keys of
-- bytes left residue of deleted rows on disk even with secure_delete.

CREATE TABLE ring_state (
    id         INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    ring       BLOB    NOT NULL,  -- random, binds the folder of keys to this database
    epoch      INTEGER NOT NULL,  -- the last epoch that was closed over all data keys
    list_bound INTEGER NOT NULL,  -- highest data key in that epoch's list; 0 before the first
    list_root  BLOB    NOT NULL   -- Merkle root of the list; empty before the first
) STRICT, WITHOUT ROWID;

CREATE TABLE data_keys (
    key_id   INTEGER NOT NULL PRIMARY KEY,
    subject  INTEGER NOT NULL,
    class    TEXT    NOT NULL,  -- retention class with its terms, or evidence
    matter   INTEGER NOT NULL,  -- the enquiry, contract or order it is limited to; 0 for none
    purpose  TEXT    NOT NULL,  -- the purpose it is limited to, where the basis is consent; else empty
    closed   INTEGER NOT NULL,  -- 1: seals nothing new
    ends_day INTEGER NOT NULL,  -- days since 1970 on which it is destroyed; 0 unknown
    epoch    INTEGER NOT NULL,  -- the epoch key that wraps it
    wrapped  BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX data_keys_subject ON data_keys (subject, class);
CREATE INDEX data_keys_ends ON data_keys (ends_day) WHERE ends_day > 0;

CREATE TABLE subjects (
    subject  INTEGER NOT NULL PRIMARY KEY,
    root     INTEGER NOT NULL,  -- where its aliases lead: itself if nowhere
    standing BLOB NOT NULL   -- flags, consents, decisions, objections: bits by purpose_bits; empty for none
) STRICT, WITHOUT ROWID;
CREATE INDEX subjects_root ON subjects (root) WHERE root <> subject;

CREATE TABLE aliases (
    from_subject INTEGER NOT NULL,
    to_subject   INTEGER NOT NULL,
    at_ms        INTEGER NOT NULL,
    PRIMARY KEY (from_subject, to_subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX aliases_to ON aliases (to_subject);

CREATE TABLE tags (
    tag        BLOB    NOT NULL,  -- HMAC of the normalised value under the index key
    part       INTEGER NOT NULL,  -- records.id
    subject    INTEGER NOT NULL,
    owner_kind INTEGER NOT NULL,
    version    INTEGER NOT NULL,  -- of the index key
    PRIMARY KEY (tag, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_subject ON tags (subject, owner_kind);

-- Records. A row is one part of a record together with the edge to the person
-- it is about, so that neither is ever written without the other.

CREATE TABLE records (
    id           INTEGER NOT NULL PRIMARY KEY,
    record       INTEGER NOT NULL,  -- id of the record's first part
    subject      INTEGER NOT NULL,
    place        INTEGER NOT NULL,  -- which part and copy of the record it is, and whether the person is its owner, a party or mentioned
    label        INTEGER NOT NULL,
    key_id       INTEGER NOT NULL,  -- 0: an edge without a value
    expires_day  INTEGER NOT NULL,  -- days since 1970 from which it is gone; 0 while that hangs on an event
    collected_ms INTEGER NOT NULL,
    sealed       BLOB    NOT NULL
) STRICT;
CREATE INDEX records_subject ON records (subject);
CREATE INDEX records_shared ON records (record) WHERE record <> id;

-- What many records have in common, written once. Rows never change.
CREATE TABLE labels (
    label    INTEGER NOT NULL PRIMARY KEY,
    category TEXT NOT NULL,
    version  INTEGER NOT NULL,  -- policy version at collection
    class    TEXT NOT NULL,  -- retention class with its terms
    surface  TEXT NOT NULL,
    purposes TEXT NOT NULL   -- ids, separated by commas
) STRICT;

CREATE TABLE purpose_bits (
    purpose TEXT    NOT NULL PRIMARY KEY,
    bit     INTEGER NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;

-- Where to look for records that expire on a day: ids grow with time, so a
-- bucket of ids stands for an index of instants.
CREATE TABLE expiry_runs (
    expires_day INTEGER NOT NULL,
    bucket      INTEGER NOT NULL,
    PRIMARY KEY (expires_day, bucket)
) STRICT, WITHOUT ROWID;

CREATE TABLE retention_events (
    subject INTEGER NOT NULL,
    event   TEXT    NOT NULL,
    matter  INTEGER NOT NULL,
    at_ms   INTEGER NOT NULL,
    PRIMARY KEY (subject, event, matter, at_ms)
) STRICT, WITHOUT ROWID;

-- Rows that are owed to the background: sealed under a destroyed key.
CREATE TABLE purges (
    subject INTEGER NOT NULL,
    key_id  INTEGER NOT NULL,
    erasure INTEGER NOT NULL,  -- 0 for a sweep
    PRIMARY KEY (subject, key_id)
) STRICT, WITHOUT ROWID;

-- Erasures name no person: the keys that were destroyed, and how far it is.
CREATE TABLE erasures (
    id         INTEGER NOT NULL PRIMARY KEY,
    stage      INTEGER NOT NULL,
    started_ms INTEGER NOT NULL,
    done_ms    INTEGER NOT NULL,
    destroyed  BLOB    NOT NULL,  -- ids of the data keys, 8 bytes each
    kept       TEXT    NOT NULL,  -- retention classes kept by law, separated by commas
    receipt    TEXT    NOT NULL   -- signed, at the last stage
) STRICT, WITHOUT ROWID;

-- What remains of anonymised records: how many there were.
CREATE TABLE anonymous_counts (
    category  TEXT    NOT NULL,
    surface   TEXT    NOT NULL,
    month     INTEGER NOT NULL,  -- of collection: year * 12 + month - 1
    amount    INTEGER NOT NULL,
    PRIMARY KEY (category, surface, month)
) STRICT, WITHOUT ROWID;
