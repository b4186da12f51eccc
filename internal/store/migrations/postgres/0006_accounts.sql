-- +goose Up

-- Accounts, how their people prove themselves, and where they are signed in.
-- Names, addresses, passwords and keys are records of the vault; here are ids,
-- codes and times.

CREATE TABLE companies (
    id        BIGINT NOT NULL PRIMARY KEY,
    reference TEXT    NOT NULL UNIQUE, -- told to people; random
    opened_ms BIGINT NOT NULL
);

CREATE TABLE accounts (
    id        BIGINT NOT NULL PRIMARY KEY,
    reference TEXT    NOT NULL UNIQUE, -- told to people; random
    subject   BIGINT NOT NULL UNIQUE, -- an account is of one person, and goes with them
    address   BIGINT NOT NULL,        -- the record of the e-mail address that signs in
    role      TEXT    NOT NULL,
    company   BIGINT NOT NULL,        -- 0 for none
    state     TEXT    NOT NULL CHECK (state IN ('open', 'closed')),
    opened_ms BIGINT NOT NULL,
    proven    BIGINT NOT NULL CHECK (proven IN (0, 1)) -- 1: its person showed that they read mail at the address
);
CREATE INDEX accounts_company ON accounts (company) WHERE company > 0;

CREATE TABLE credentials (
    id       BIGINT NOT NULL PRIMARY KEY,
    account  BIGINT NOT NULL,
    kind     TEXT    NOT NULL CHECK (kind IN ('password', 'passkey', 'authenticator', 'recovery')),
    record   BIGINT NOT NULL, -- the record that holds it
    added_ms BIGINT NOT NULL,
    used_ms  BIGINT NOT NULL, -- 0 before the first use
    step     BIGINT NOT NULL  -- authenticator: the last time step that was used
);
CREATE INDEX credentials_account ON credentials (account, kind);

CREATE TABLE sessions (
    id        BIGINT NOT NULL PRIMARY KEY,
    token     BYTEA   NOT NULL UNIQUE, -- SHA-256 of what the browser holds
    account   BIGINT NOT NULL,
    surface   TEXT    NOT NULL,
    level     TEXT    NOT NULL CHECK (level IN ('half', 'enrol', 'whole')), -- half: a second factor is owed; enrol: one must be set up
    way       TEXT    NOT NULL, -- how it was proven, by code
    began_ms  BIGINT NOT NULL,
    seen_ms   BIGINT NOT NULL,
    ends_ms   BIGINT NOT NULL, -- at the latest
    proved_ms BIGINT NOT NULL, -- when the person last proved themselves
    tries     BIGINT NOT NULL, -- of a half session
    device    BIGINT NOT NULL  -- the first record that tells the browser; 0 for none
);
CREATE INDEX sessions_account ON sessions (account);
CREATE INDEX sessions_ends ON sessions (ends_ms);

-- Links in mails that let their reader do one thing once.
CREATE TABLE account_links (
    id      BIGINT NOT NULL PRIMARY KEY,
    kind    TEXT    NOT NULL CHECK (kind IN ('sign-up', 'invitation', 'reset', 'unlock', 'address-new', 'address-old')),
    account BIGINT NOT NULL, -- whose; 0 before there is one
    subject BIGINT NOT NULL,
    address BIGINT NOT NULL, -- the record of the address it went to
    role    TEXT    NOT NULL, -- of the account it opens
    company BIGINT NOT NULL,
    pair    BIGINT NOT NULL, -- change of address: the link of the other address; invitation: the account that asked; else 0
    surface TEXT    NOT NULL,
    policy  BIGINT NOT NULL, -- version that was shown
    wording BYTEA   NOT NULL, -- SHA-256 of the words that were shown; empty for none
    state   TEXT    NOT NULL CHECK (state IN ('asked', 'used', 'void')),
    made_ms BIGINT NOT NULL,
    ends_ms BIGINT NOT NULL,
    counted BIGINT NOT NULL  -- 1: among the mails of its day
);
CREATE INDEX account_links_subject ON account_links (subject);
CREATE INDEX account_links_account ON account_links (account) WHERE account > 0;
CREATE INDEX account_links_ends ON account_links (ends_ms);

-- How many mails about accounts an address got on a day, so that nobody can
-- have one flooded through a form.
CREATE TABLE account_mails (
    mark   BYTEA   NOT NULL, -- HMAC of the address under the index key
    day    BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (mark, day)
);
