-- +goose Up

-- Entries of evidence that a person does not see yet, because a law asks for
-- secrecy: which, and until when. Nothing says why, or whom it is about.
CREATE TABLE history_withheld (
    entry    INTEGER NOT NULL PRIMARY KEY,  -- evidence.id
    until_ms INTEGER NOT NULL               -- Unix milliseconds
) STRICT, WITHOUT ROWID;
