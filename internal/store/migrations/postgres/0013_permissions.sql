-- +goose Up

-- What people answered when an app asked for a permission of their device, or
-- said later: append-only, the newest decides (R11). Ids, codes and times only.
CREATE TABLE permission_answers (
    id         BIGINT NOT NULL PRIMARY KEY,
    subject    BIGINT NOT NULL,
    permission TEXT    NOT NULL,  -- declared permission
    code       TEXT    NOT NULL CHECK (code IN ('granted', 'refused', 'revoked')),
    at_ms      BIGINT NOT NULL,
    policy     BIGINT NOT NULL,  -- version that was shown
    wording    BYTEA NOT NULL,  -- SHA-256 of the words that were shown
    surface    TEXT    NOT NULL
);
CREATE INDEX permission_answers_subject ON permission_answers (subject);
