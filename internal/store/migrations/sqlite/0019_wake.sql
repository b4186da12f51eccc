-- +goose Up

-- Browsers that are woken when the phone in them is closed. Where one is reached
-- is a record of the vault, and is found by a mark.
CREATE TABLE wake_addresses (
    id       INTEGER NOT NULL PRIMARY KEY,  -- grows with time
    account  INTEGER NOT NULL,  -- for whose calls
    subject  INTEGER NOT NULL,  -- whose
    session  INTEGER NOT NULL,  -- the sign-in of that browser, with which it ends
    mark     BLOB NOT NULL UNIQUE,  -- HMAC of the address under the index key
    record   INTEGER NOT NULL,  -- the record that holds the address
    added_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX wake_addresses_account ON wake_addresses (account, id);
CREATE INDEX wake_addresses_subject ON wake_addresses (subject);
CREATE INDEX wake_addresses_session ON wake_addresses (session);
