-- +goose Up

-- What people with an account, or whoever confirmed an address, decided about
-- a purpose: append-only, the newest decides (L16). Ids, codes and times only.
CREATE TABLE choices (
    id       BIGINT NOT NULL PRIMARY KEY,
    subject  BIGINT  NOT NULL,
    purpose  TEXT    NOT NULL,  -- declared purpose
    code     TEXT    NOT NULL CHECK (code IN ('given', 'declined', 'withdrawn', 'objected', 'resumed')),
    channels TEXT    NOT NULL,  -- declared channels that were allowed, separated by spaces
    at_ms    BIGINT  NOT NULL,
    policy   BIGINT  NOT NULL,  -- version that was shown
    wording  BYTEA   NOT NULL,  -- SHA-256 of the words that were shown
    surface  TEXT    NOT NULL,
    way      TEXT    NOT NULL   -- code: how it was said
);
CREATE INDEX choices_subject ON choices (subject);

-- The words behind a hash: of the policy, so the same for everybody.
CREATE TABLE wordings (
    hash  BYTEA NOT NULL PRIMARY KEY,  -- SHA-256 of words
    words TEXT NOT NULL
);

-- Which versions of the notice a person with an account has seen (R1).
CREATE TABLE notices_seen (
    subject BIGINT  NOT NULL,
    policy  BIGINT  NOT NULL,  -- version
    at_ms   BIGINT  NOT NULL,
    surface TEXT    NOT NULL,
    code    TEXT    NOT NULL CHECK (code IN ('first-use', 'seen')),
    PRIMARY KEY (subject, policy)
);
