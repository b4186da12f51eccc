-- +goose Up

-- What people answered when an app asked for a permission of their device, or
-- said later: append-only, the newest decides (R11). Ids, codes and times only.
CREATE TABLE permission_answers (
    id         INTEGER NOT NULL PRIMARY KEY,
    subject    INTEGER NOT NULL,
    permission TEXT    NOT NULL,  -- declared permission
    code       TEXT    NOT NULL CHECK (code IN ('granted', 'refused', 'revoked')),
    at_ms      INTEGER NOT NULL,
    policy     INTEGER NOT NULL,  -- version that was shown
    wording    BLOB NOT NULL,  -- SHA-256 of the words that were shown
    surface    TEXT    NOT NULL
) STRICT;
CREATE INDEX permission_answers_subject ON permission_answers (subject);
