-- +goose Up

-- Mail that is owed or was sent. Ids, codes and times only: the address is a
-- record of the vault, the words are found when it is sent.
CREATE TABLE mail_queue (
    id         BIGINT NOT NULL PRIMARY KEY,
    kind       TEXT    NOT NULL,
    purpose    TEXT    NOT NULL,  -- under which the address is read
    subject    BIGINT NOT NULL,
    address    BIGINT NOT NULL,  -- the record that holds the address
    ref        BIGINT NOT NULL,  -- the ticket or subscription it is about
    state      TEXT    NOT NULL CHECK (state IN ('queued', 'sent', 'refused', 'failed', 'void')),
    reason     TEXT    NOT NULL,  -- code of the last outcome; empty before the first
    attempts   BIGINT NOT NULL,
    next_ms    BIGINT NOT NULL,  -- not before; while claimed, the end of the lease
    claim      BIGINT NOT NULL,  -- of the worker that has it; 0 for none
    queued_day BIGINT NOT NULL,  -- days since 1970
    done_day   BIGINT NOT NULL   -- 0 while queued
);
CREATE INDEX mail_queue_due ON mail_queue (next_ms) WHERE state = 'queued';
CREATE INDEX mail_queue_done ON mail_queue (done_day) WHERE done_day > 0;

-- Addresses that opted out of a marketing purpose, as keyed marks, so that no
-- later list or record brings them back.
CREATE TABLE mail_suppressed (
    purpose   TEXT    NOT NULL,
    mark      BYTEA   NOT NULL,  -- HMAC of the address under the index key
    since_day BIGINT NOT NULL,
    PRIMARY KEY (purpose, mark)
);

-- Sign-ups for the newsletter, and what became of each.
CREATE TABLE newsletter (
    id       BIGINT NOT NULL PRIMARY KEY,
    subject  BIGINT NOT NULL,
    address  BIGINT NOT NULL,  -- the record that holds the address
    state    TEXT    NOT NULL CHECK (state IN ('asked', 'known', 'standing', 'ended')),
    policy   BIGINT NOT NULL,  -- version that was shown
    wording  BYTEA   NOT NULL,  -- SHA-256 of the words that were shown
    surface  TEXT    NOT NULL,
    mark     BYTEA   NOT NULL,  -- once confirmed: the address's mark as in mail_suppressed
    asked_ms BIGINT NOT NULL
);
CREATE INDEX newsletter_subject ON newsletter (subject);
CREATE INDEX newsletter_mark ON newsletter (mark) WHERE state = 'standing';

-- What happened to each, append-only: the newest decides.
CREATE TABLE newsletter_history (
    id         BIGINT NOT NULL PRIMARY KEY,
    newsletter BIGINT NOT NULL REFERENCES newsletter (id),
    code       TEXT    NOT NULL CHECK (code IN ('asked', 'already', 'confirmed', 'withdrawn')),
    at_ms      BIGINT NOT NULL
);
CREATE INDEX newsletter_history_of ON newsletter_history (newsletter);

-- Addresses that got a mail about a sign-up within the last day, so that nobody
-- can have an address flooded through the form.
CREATE TABLE newsletter_notices (
    mark       BYTEA   NOT NULL PRIMARY KEY,  -- as in mail_suppressed
    newsletter BIGINT NOT NULL,  -- the sign-up it was about
    at_ms      BIGINT NOT NULL
);

-- Enquiries as work to do. What was written is records of the vault.
CREATE TABLE support_tickets (
    id        BIGINT NOT NULL PRIMARY KEY,
    reference TEXT    NOT NULL UNIQUE,  -- told to the person; random
    subject   BIGINT NOT NULL,
    queue     TEXT    NOT NULL CHECK (queue IN ('support', 'rights')),
    about     TEXT    NOT NULL,  -- the option chosen in the form
    suggests  TEXT    NOT NULL,  -- the right that its words suggest; empty for none
    surface   TEXT    NOT NULL,
    policy    BIGINT NOT NULL,  -- version in force
    state     TEXT    NOT NULL CHECK (state IN ('open', 'closed')),
    opened_ms BIGINT NOT NULL,
    closed_ms BIGINT NOT NULL   -- 0 while open
);
CREATE INDEX support_tickets_open ON support_tickets (queue, id) WHERE state = 'open';
CREATE INDEX support_tickets_subject ON support_tickets (subject);
