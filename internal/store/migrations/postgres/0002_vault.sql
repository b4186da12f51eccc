-- +goose Up

-- Keys and people. What is deleted here stays in dead tuples and in the
-- write-ahead log for a while: the rotation of the epoch key is what seals it.

CREATE TABLE ring_state (
    id         BIGINT  NOT NULL PRIMARY KEY CHECK (id = 1),
    ring       BYTEA  NOT NULL,  -- random, binds the folder of keys to this database
    epoch      BIGINT  NOT NULL,  -- the last epoch that was closed over all data keys
    list_bound BIGINT  NOT NULL,  -- highest data key in that epoch's list; 0 before the first
    list_root  BYTEA  NOT NULL   -- Merkle root of the list; empty before the first
);

CREATE TABLE data_keys (
    key_id   BIGINT  NOT NULL PRIMARY KEY,
    subject  BIGINT  NOT NULL,
    class    TEXT    NOT NULL,  -- retention class with its terms, or evidence
    matter   BIGINT  NOT NULL,  -- the enquiry, contract or order it is limited to; 0 for none
    purpose  TEXT    NOT NULL,  -- the purpose it is limited to, where the basis is consent; else empty
    closed   BIGINT  NOT NULL,  -- 1: seals nothing new
    ends_day BIGINT  NOT NULL,  -- days since 1970 on which it is destroyed; 0 unknown
    epoch    BIGINT  NOT NULL,  -- the epoch key that wraps it
    wrapped  BYTEA  NOT NULL
);
CREATE INDEX data_keys_subject ON data_keys (subject, class);
CREATE INDEX data_keys_ends ON data_keys (ends_day) WHERE ends_day > 0;

CREATE TABLE subjects (
    subject  BIGINT NOT NULL PRIMARY KEY,
    root     BIGINT NOT NULL,  -- where its aliases lead: itself if nowhere
    standing BYTEA NOT NULL   -- flags, consents, decisions, objections: bits by purpose_bits; empty for none
);
CREATE INDEX subjects_root ON subjects (root) WHERE root <> subject;

CREATE TABLE aliases (
    from_subject BIGINT  NOT NULL,
    to_subject   BIGINT  NOT NULL,
    at_ms        BIGINT  NOT NULL,
    PRIMARY KEY (from_subject, to_subject)
);
CREATE INDEX aliases_to ON aliases (to_subject);

CREATE TABLE tags (
    tag        BYTEA  NOT NULL,  -- HMAC of the normalised value under the index key
    part       BIGINT  NOT NULL,  -- records.id
    subject    BIGINT  NOT NULL,
    owner_kind BIGINT  NOT NULL,
    version    BIGINT  NOT NULL,  -- of the index key
    PRIMARY KEY (tag, part)
);
CREATE INDEX tags_subject ON tags (subject, owner_kind);

-- Records. A row is one part of a record together with the edge to the person
-- it is about, so that neither is ever written without the other.

CREATE TABLE records (
    id           BIGINT  NOT NULL PRIMARY KEY,
    record       BIGINT  NOT NULL,  -- id of the record's first part
    subject      BIGINT  NOT NULL,
    place        BIGINT NOT NULL,  -- which part and copy of the record it is, and whether the person is its owner, a party or mentioned
    label        BIGINT  NOT NULL,
    key_id       BIGINT  NOT NULL,  -- 0: an edge without a value
    expires_day  BIGINT  NOT NULL,  -- days since 1970 from which it is gone; 0 while that hangs on an event
    collected_ms BIGINT  NOT NULL,
    sealed       BYTEA  NOT NULL
);
CREATE INDEX records_subject ON records (subject, id);
CREATE INDEX records_shared ON records (record) WHERE record <> id;

-- What many records have in common, written once. Rows never change.
CREATE TABLE labels (
    label    BIGINT NOT NULL PRIMARY KEY,
    category TEXT NOT NULL,
    version  BIGINT NOT NULL,  -- policy version at collection
    class    TEXT NOT NULL,  -- retention class with its terms
    surface  TEXT NOT NULL,
    purposes TEXT NOT NULL   -- ids, separated by commas
);

CREATE TABLE purpose_bits (
    purpose TEXT    NOT NULL PRIMARY KEY,
    bit     BIGINT  NOT NULL UNIQUE
);

-- Where to look for records that expire on a day: ids grow with time, so a
-- bucket of ids stands for an index of instants.
CREATE TABLE expiry_runs (
    expires_day BIGINT  NOT NULL,
    bucket      BIGINT  NOT NULL,
    PRIMARY KEY (expires_day, bucket)
);

CREATE TABLE retention_events (
    subject BIGINT  NOT NULL,
    event   TEXT    NOT NULL,
    matter  BIGINT  NOT NULL,
    at_ms   BIGINT  NOT NULL,
    PRIMARY KEY (subject, event, matter, at_ms)
);

-- Rows that are owed to the background: sealed under a destroyed key.
CREATE TABLE purges (
    subject BIGINT  NOT NULL,
    key_id  BIGINT  NOT NULL,
    erasure BIGINT  NOT NULL,  -- 0 for a sweep
    PRIMARY KEY (subject, key_id)
);

-- Erasures name no person: the keys that were destroyed, and how far it is.
CREATE TABLE erasures (
    id         BIGINT  NOT NULL PRIMARY KEY,
    stage      BIGINT  NOT NULL,
    started_ms BIGINT  NOT NULL,
    done_ms    BIGINT  NOT NULL,
    destroyed  BYTEA  NOT NULL,  -- ids of the data keys, 8 bytes each
    kept       TEXT    NOT NULL,  -- retention classes kept by law, separated by commas
    receipt    TEXT    NOT NULL   -- signed, at the last stage
);

-- What remains of anonymised records: how many there were.
CREATE TABLE anonymous_counts (
    category  TEXT    NOT NULL,
    surface   TEXT    NOT NULL,
    month     BIGINT  NOT NULL,  -- of collection: year * 12 + month - 1
    amount    BIGINT  NOT NULL,
    PRIMARY KEY (category, surface, month)
);
