-- +goose Up
-- A published policy version never changes: no statement updates this table.
CREATE TABLE policy_versions (
    version      INTEGER NOT NULL PRIMARY KEY,
    from_ms      INTEGER NOT NULL, -- when it applies, Unix milliseconds
    published_ms INTEGER NOT NULL,
    hash         BLOB    NOT NULL, -- SHA-256 of the two files, each with its length
    policy       BLOB    NOT NULL, -- policy.yaml as published
    notice       BLOB    NOT NULL  -- notice.md as published
) STRICT;
