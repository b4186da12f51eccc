-- +goose Up
-- What browsers decided. No row names a person or a device; a browser holds
-- the id of its row only after it accepted something (L16).
CREATE TABLE consent_decisions (
    id       INTEGER NOT NULL PRIMARY KEY, -- random
    at_ms    INTEGER NOT NULL,             -- Unix milliseconds
    policy   INTEGER NOT NULL,             -- version in force, under which what has no @ was chosen
    wording  BLOB    NOT NULL,             -- SHA-256 of the words shown
    surface  TEXT    NOT NULL,             -- declared surface
    choices  TEXT    NOT NULL,             -- declared groups: "analytics=no@1 statistics=yes"; @: carried over, made under that version
    gpc      INTEGER NOT NULL,             -- 1: the browser sent Global Privacy Control
    ended_ms INTEGER NOT NULL              -- when the same browser decided anew; 0 while it has not
) STRICT, WITHOUT ROWID;
CREATE INDEX consent_decisions_at ON consent_decisions (at_ms);

-- First-party statistics: totals about nobody (R26).
CREATE TABLE page_views (
    day     INTEGER NOT NULL, -- days since 1970-01-01, UTC
    surface TEXT    NOT NULL, -- declared surface
    route   TEXT    NOT NULL, -- of the closed set of routes
    views   INTEGER NOT NULL,
    PRIMARY KEY (day, surface, route)
) STRICT, WITHOUT ROWID;
