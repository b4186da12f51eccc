-- +goose Up

-- Lines. The number of each is a record of the vault, and is found by a mark.
CREATE TABLE lines (
    id        BIGINT NOT NULL PRIMARY KEY,
    account   BIGINT NOT NULL UNIQUE,
    subject   BIGINT NOT NULL,  -- whose
    mark      BYTEA NOT NULL UNIQUE,  -- HMAC of the extension, and of who reaches it, under the index key
    number    BIGINT NOT NULL,  -- the record that holds the extension
    opened_ms BIGINT NOT NULL
);
CREATE INDEX lines_subject ON lines (subject);

-- Calls that were let through. Ids, codes and times only: who was reached, and
-- by whom, are the two parts of a record of the vault.
CREATE TABLE calls (
    id          BIGINT NOT NULL PRIMARY KEY,  -- grows with time
    caller      BIGINT NOT NULL,  -- subject; 0 once they are erased or took it out of their list
    callee      BIGINT NOT NULL,  -- likewise
    caller_line BIGINT NOT NULL,  -- as long as the call is open
    callee_line BIGINT NOT NULL,
    withheld    BIGINT NOT NULL CHECK (withheld IN (0, 1)),  -- 1: the caller's number was
    video       BIGINT NOT NULL CHECK (video IN (0, 1)),
    begun_ms    BIGINT NOT NULL,
    answered_ms BIGINT NOT NULL,  -- 0: it was not
    ended_ms    BIGINT NOT NULL,  -- 0 while open
    code        TEXT NOT NULL,  -- how it ended; empty while open
    record      BIGINT NOT NULL,  -- 0 while open, or if none could be kept
    expires_day BIGINT NOT NULL   -- days since 1970; 0 while open
);
CREATE INDEX calls_caller ON calls (caller, id);
CREATE INDEX calls_callee ON calls (callee, id);
CREATE INDEX calls_open ON calls (id) WHERE ended_ms = 0;
