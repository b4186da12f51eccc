-- +goose Up

-- What people with an account, or whoever confirmed an address, decided about
-- a purpose: append-only, the newest decides (L16). Ids, codes and times only.
CREATE TABLE choices (
    id       INTEGER NOT NULL PRIMARY KEY,
    subject  INTEGER NOT NULL,
    purpose  TEXT    NOT NULL,  -- declared purpose
    code     TEXT    NOT NULL CHECK (code IN ('given', 'declined', 'withdrawn', 'objected', 'resumed')),
    channels TEXT    NOT NULL,  -- declared channels that were allowed, separated by spaces
    at_ms    INTEGER NOT NULL,
    policy   INTEGER NOT NULL,  -- version that was shown
    wording  BLOB    NOT NULL,  -- SHA-256 of the words that were shown
    surface  TEXT    NOT NULL,
    way      TEXT    NOT NULL   -- code: how it was said
) STRICT;
CREATE INDEX choices_subject ON choices (subject);

-- The words behind a hash: of the policy, so the same for everybody.
CREATE TABLE wordings (
    hash  BLOB NOT NULL PRIMARY KEY,  -- SHA-256 of words
    words TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Which versions of the notice a person with an account has seen (R1).
CREATE TABLE notices_seen (
    subject INTEGER NOT NULL,
    policy  INTEGER NOT NULL,  -- version
    at_ms   INTEGER NOT NULL,
    surface TEXT    NOT NULL,
    code    TEXT    NOT NULL CHECK (code IN ('first-use', 'seen')),
    PRIMARY KEY (subject, policy)
) STRICT, WITHOUT ROWID;
