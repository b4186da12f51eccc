-- +goose Up
-- The outbox of the evidence log. A row is written in the transaction of the
-- act it is about and never changes; its id is its place in the log, counted
-- from 0. AUTOINCREMENT, so that the place of a row that was removed is not
-- given to another.
CREATE TABLE evidence (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    commitment BLOB    NOT NULL CHECK (length(commitment) = 32),         -- to salt and body
    body       BLOB    NOT NULL CHECK (length(body) BETWEEN 34 AND 8192) -- form, then salt and body: open or sealed
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER evidence_keeps BEFORE UPDATE ON evidence
BEGIN
    SELECT RAISE(ABORT, 'evidence never changes');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER evidence_stays BEFORE DELETE ON evidence
BEGIN
    SELECT RAISE(ABORT, 'evidence never goes');
END;
-- +goose StatementEnd

-- The rows in the order of the log, on both engines.
CREATE VIEW evidence_log (seq, id, commitment, body) AS
    SELECT id, id, commitment, body FROM evidence;

-- Whom an entry is about and which key opens it. It goes with the person, so
-- it is no part of the evidence.
CREATE TABLE evidence_about (
    entry   INTEGER NOT NULL PRIMARY KEY, -- evidence.id
    subject INTEGER NOT NULL,
    key     INTEGER NOT NULL              -- data key in the ring
) STRICT, WITHOUT ROWID;
CREATE INDEX evidence_about_subject ON evidence_about (subject, entry);

-- The last signed checkpoint: a log older than it was rolled back.
CREATE TABLE evidence_checkpoint (
    one    INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    size   INTEGER NOT NULL,
    note   BLOB    NOT NULL,
    closed INTEGER NOT NULL CHECK (closed IN (0, 1)) -- 1 when every row was in the log and no server has opened it since
) STRICT;
