-- +goose Up

-- Phones that people registered on their lines. The name that a phone was given
-- and what it signs in with are records of the vault; a phone is found by a mark.
CREATE TABLE devices (
    id       BIGINT NOT NULL PRIMARY KEY,  -- grows with time
    line     BIGINT NOT NULL,
    account  BIGINT NOT NULL,  -- whose line it is
    subject  BIGINT NOT NULL,  -- whose
    mark     BYTEA NOT NULL UNIQUE,  -- HMAC of the user name under the index key
    name     BIGINT NOT NULL,  -- the record that holds the name
    secret   BIGINT NOT NULL,  -- the record that holds the user name and the hashes of the password
    added_ms BIGINT NOT NULL
);
CREATE INDEX devices_account ON devices (account, id);
CREATE INDEX devices_subject ON devices (subject);
