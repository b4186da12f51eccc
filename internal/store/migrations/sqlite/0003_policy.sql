-- +goose Up
-- A published policy version never changes: no statement updates this table.
CREATE TABLE policy_versions (
    version      INTEGER NOT NULL PRIMARY KEY,
    from_ms      INTEGER NOT NULL,  -- when it applies, Unix milliseconds
    published_ms INTEGER NOT NULL,
    hash         BLOB   NOT NULL,  -- SHA-256 over the operator's folder
    profile      BLOB   NOT NULL   -- the folder, zipped
) STRICT;
