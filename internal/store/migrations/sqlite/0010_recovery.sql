-- +goose Up

-- Links for whoever lost their second factor: recover-ask begins the wait,
-- recover-stop ends it early, recover is good once it is over, and
-- recover-staff is shown by whoever runs the machine. SQLite changes no CHECK
-- of a table that is there.
CREATE TABLE account_links_next (
    id      INTEGER NOT NULL PRIMARY KEY,
    kind    TEXT    NOT NULL CHECK (kind IN ('sign-up', 'invitation', 'reset', 'unlock', 'address-new', 'address-old', 'recover-ask', 'recover-stop', 'recover', 'recover-staff')),
    account INTEGER NOT NULL, -- whose; 0 before there is one
    subject INTEGER NOT NULL,
    address INTEGER NOT NULL, -- the record of the address it went to
    role    TEXT    NOT NULL, -- of the account it opens
    company INTEGER NOT NULL,
    pair    INTEGER NOT NULL, -- change of address, recovery: the link that belongs to it; invitation: the account that asked; else 0
    surface TEXT    NOT NULL,
    policy  INTEGER NOT NULL, -- version that was shown
    wording BLOB    NOT NULL, -- SHA-256 of the words that were shown; empty for none
    state   TEXT    NOT NULL CHECK (state IN ('asked', 'used', 'void')),
    made_ms INTEGER NOT NULL,
    ends_ms INTEGER NOT NULL,
    counted INTEGER NOT NULL  -- 1: among the mails of its day
) STRICT;
INSERT INTO account_links_next (id, kind, account, subject, address, role, company, pair, surface, policy, wording, state, made_ms, ends_ms, counted)
    SELECT id, kind, account, subject, address, role, company, pair, surface, policy, wording, state, made_ms, ends_ms, counted FROM account_links;
DROP TABLE account_links;
ALTER TABLE account_links_next RENAME TO account_links;
CREATE INDEX account_links_subject ON account_links (subject);
CREATE INDEX account_links_account ON account_links (account) WHERE account > 0;
CREATE INDEX account_links_ends ON account_links (ends_ms);
