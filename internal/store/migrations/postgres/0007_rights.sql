-- +goose Up

-- What people asked for about their data, and when it was answered (UK GDPR Art
-- 12, 5(2)). Ids, codes and times only: words and addresses are records of the
-- vault, under the request's id as their matter.
CREATE TABLE rights_requests (
    id          BIGINT NOT NULL PRIMARY KEY,
    reference   TEXT    NOT NULL UNIQUE,  -- told to the person; random
    subject     BIGINT NOT NULL,           -- of an erasure or a complaint: one made to hold it, apart from the person
    right_id    TEXT    NOT NULL,         -- declared right
    way         TEXT    NOT NULL CHECK (way IN ('portal', 'link', 'desk', 'command')),
    state       TEXT    NOT NULL CHECK (state IN ('open', 'answered')),
    received_ms BIGINT NOT NULL,
    answered_ms BIGINT NOT NULL,           -- 0 while open
    outcome     TEXT    NOT NULL,         -- code; empty while open
    ref         BIGINT NOT NULL            -- the erasure, ticket or record it led to; 0 for none
);
CREATE INDEX rights_requests_subject ON rights_requests (subject);
CREATE INDEX rights_requests_open ON rights_requests (received_ms) WHERE state = 'open';
CREATE INDEX rights_requests_answered ON rights_requests (answered_ms) WHERE state = 'answered';

-- Addresses typed into the public form, each to be sent one link.
CREATE TABLE rights_asks (
    id       BIGINT NOT NULL PRIMARY KEY,
    subject  BIGINT NOT NULL,  -- made for this ask
    address  BIGINT NOT NULL,  -- the record that holds the address
    right_id TEXT    NOT NULL,  -- declared right that was chosen
    surface  TEXT    NOT NULL,
    policy   BIGINT NOT NULL,  -- version that was shown
    asked_ms BIGINT NOT NULL,
    sent_ms  BIGINT NOT NULL   -- when a link was sent, from which its hour counts; 0 if none was
);
CREATE INDEX rights_asks_subject ON rights_asks (subject);
CREATE INDEX rights_asks_asked ON rights_asks (asked_ms);

-- Addresses that got such a mail within the last hour, so that nobody can have
-- an address flooded through the form.
CREATE TABLE rights_notices (
    mark  BYTEA    NOT NULL PRIMARY KEY,  -- HMAC of the address under the index key
    ask   BIGINT NOT NULL,              -- the ask it was about
    at_ms BIGINT NOT NULL
);
