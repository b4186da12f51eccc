-- +goose Up
-- A published policy version never changes: no statement updates this table.
CREATE TABLE policy_versions (
    version      BIGINT  NOT NULL PRIMARY KEY,
    from_ms      BIGINT  NOT NULL, -- when it applies, Unix milliseconds
    published_ms BIGINT  NOT NULL,
    hash         BYTEA   NOT NULL, -- SHA-256 of the two files, each with its length
    policy       BYTEA   NOT NULL, -- policy.yaml as published
    notice       BYTEA   NOT NULL  -- notice.md as published
);
