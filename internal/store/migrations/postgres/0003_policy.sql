-- +goose Up
-- A published policy version never changes: no statement updates this table.
CREATE TABLE policy_versions (
    version      BIGINT NOT NULL PRIMARY KEY,
    from_ms      BIGINT NOT NULL,  -- when it applies, Unix milliseconds
    published_ms BIGINT NOT NULL,
    hash         BYTEA  NOT NULL,  -- SHA-256 over the operator's folder
    profile      BYTEA  NOT NULL   -- the folder, zipped
);
