-- +goose Up

-- Mail that is owed or was sent. Ids, codes and times only: the address is a
-- record of the vault, the words are found when it is sent.
CREATE TABLE mail_queue (
    id         INTEGER NOT NULL PRIMARY KEY,
    kind       TEXT    NOT NULL,
    purpose    TEXT    NOT NULL,  -- under which the address is read
    subject    INTEGER NOT NULL,
    address    INTEGER NOT NULL,  -- the record that holds the address
    ref        INTEGER NOT NULL,  -- the ticket or subscription it is about
    state      TEXT    NOT NULL CHECK (state IN ('queued', 'sent', 'refused', 'failed', 'void')),
    reason     TEXT    NOT NULL,  -- code of the last outcome; empty before the first
    attempts   INTEGER NOT NULL,
    next_ms    INTEGER NOT NULL,  -- not before; while claimed, the end of the lease
    claim      INTEGER NOT NULL,  -- of the worker that has it; 0 for none
    queued_day INTEGER NOT NULL,  -- days since 1970
    done_day   INTEGER NOT NULL   -- 0 while queued
) STRICT;
CREATE INDEX mail_queue_due ON mail_queue (next_ms) WHERE state = 'queued';
CREATE INDEX mail_queue_done ON mail_queue (done_day) WHERE done_day > 0;

-- Addresses that opted out of a marketing purpose, as keyed marks, so that no
-- later list or record brings them back.
CREATE TABLE mail_suppressed (
    purpose   TEXT    NOT NULL,
    mark      BLOB    NOT NULL,  -- HMAC of the address under the index key
    since_day INTEGER NOT NULL,
    PRIMARY KEY (purpose, mark)
) STRICT, WITHOUT ROWID;

-- Sign-ups for the newsletter, and what became of each.
CREATE TABLE newsletter (
    id       INTEGER NOT NULL PRIMARY KEY,
    subject  INTEGER NOT NULL,
    address  INTEGER NOT NULL,  -- the record that holds the address
    state    TEXT    NOT NULL CHECK (state IN ('asked', 'known', 'standing', 'ended')),
    policy   INTEGER NOT NULL,  -- version that was shown
    wording  BLOB    NOT NULL,  -- SHA-256 of the words that were shown
    surface  TEXT    NOT NULL,
    mark     BLOB   NOT NULL,  -- once confirmed: the address's mark as in mail_suppressed
    asked_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX newsletter_subject ON newsletter (subject);
CREATE INDEX newsletter_mark ON newsletter (mark) WHERE state = 'standing';

-- What happened to each, append-only: the newest decides.
CREATE TABLE newsletter_history (
    id         INTEGER NOT NULL PRIMARY KEY,
    newsletter INTEGER NOT NULL REFERENCES newsletter (id),
    code       TEXT    NOT NULL CHECK (code IN ('asked', 'already', 'confirmed', 'withdrawn')),
    at_ms      INTEGER NOT NULL
) STRICT;
CREATE INDEX newsletter_history_of ON newsletter_history (newsletter);

-- Addresses that got a mail about a sign-up within the last day, so that nobody
-- can have an address flooded through the form.
CREATE TABLE newsletter_notices (
    mark       BLOB    NOT NULL PRIMARY KEY,  -- as in mail_suppressed
    newsletter INTEGER NOT NULL,  -- the sign-up it was about
    at_ms      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Enquiries as work to do. What was written is records of the vault.
CREATE TABLE support_tickets (
    id        INTEGER NOT NULL PRIMARY KEY,
    reference TEXT    NOT NULL UNIQUE,  -- told to the person; random
    subject   INTEGER NOT NULL,
    queue     TEXT    NOT NULL CHECK (queue IN ('support', 'rights')),
    about     TEXT    NOT NULL,  -- the option chosen in the form
    suggests  TEXT    NOT NULL,  -- the right that its words suggest; empty for none
    surface   TEXT    NOT NULL,
    policy    INTEGER NOT NULL,  -- version in force
    state     TEXT    NOT NULL CHECK (state IN ('open', 'closed')),
    opened_ms INTEGER NOT NULL,
    closed_ms INTEGER NOT NULL   -- 0 while open
) STRICT;
CREATE INDEX support_tickets_open ON support_tickets (queue, id) WHERE state = 'open';
CREATE INDEX support_tickets_subject ON support_tickets (subject);
