-- +goose Up

-- What people asked for about their data, and when it was answered (UK GDPR Art
-- 12, 5(2)). Ids, codes and times only: words and addresses are records of the
-- vault, under the request's id as their matter.
CREATE TABLE rights_requests (
    id          INTEGER NOT NULL PRIMARY KEY,
    reference   TEXT    NOT NULL UNIQUE,  -- told to the person; random
    subject     INTEGER NOT NULL,           -- of an erasure or a complaint: one made to hold it, apart from the person
    right_id    TEXT    NOT NULL,         -- declared right
    way         TEXT    NOT NULL CHECK (way IN ('portal', 'link', 'desk', 'command')),
    state       TEXT    NOT NULL CHECK (state IN ('open', 'answered')),
    received_ms INTEGER NOT NULL,
    answered_ms INTEGER NOT NULL,           -- 0 while open
    outcome     TEXT    NOT NULL,         -- code; empty while open
    ref         INTEGER NOT NULL            -- the erasure, ticket or record it led to; 0 for none
) STRICT;
CREATE INDEX rights_requests_subject ON rights_requests (subject);
CREATE INDEX rights_requests_open ON rights_requests (received_ms) WHERE state = 'open';
CREATE INDEX rights_requests_answered ON rights_requests (answered_ms) WHERE state = 'answered';

-- Addresses typed into the public form, each to be sent one link.
CREATE TABLE rights_asks (
    id       INTEGER NOT NULL PRIMARY KEY,
    subject  INTEGER NOT NULL,  -- made for this ask
    address  INTEGER NOT NULL,  -- the record that holds the address
    right_id TEXT    NOT NULL,  -- declared right that was chosen
    surface  TEXT    NOT NULL,
    policy   INTEGER NOT NULL,  -- version that was shown
    asked_ms INTEGER NOT NULL,
    sent_ms  INTEGER NOT NULL   -- when a link was sent, from which its hour counts; 0 if none was
) STRICT;
CREATE INDEX rights_asks_subject ON rights_asks (subject);
CREATE INDEX rights_asks_asked ON rights_asks (asked_ms);

-- Addresses that got such a mail within the last hour, so that nobody can have
-- an address flooded through the form.
CREATE TABLE rights_notices (
    mark  BLOB    NOT NULL PRIMARY KEY,  -- HMAC of the address under the index key
    ask   INTEGER NOT NULL,              -- the ask it was about
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
