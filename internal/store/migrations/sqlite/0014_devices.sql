-- +goose Up

-- Phones that people registered on their lines. The name that a phone was given
-- and what it signs in with are records of the vault; a phone is found by a mark.
CREATE TABLE devices (
    id       INTEGER NOT NULL PRIMARY KEY,  -- grows with time
    line     INTEGER NOT NULL,
    account  INTEGER NOT NULL,  -- whose line it is
    subject  INTEGER NOT NULL,  -- whose
    mark     BLOB NOT NULL UNIQUE,  -- HMAC of the user name under the index key
    name     INTEGER NOT NULL,  -- the record that holds the name
    secret   INTEGER NOT NULL,  -- the record that holds the user name and the hashes of the password
    added_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX devices_account ON devices (account, id);
CREATE INDEX devices_subject ON devices (subject);
