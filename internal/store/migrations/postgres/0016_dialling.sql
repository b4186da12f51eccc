-- +goose Up

-- What a call to the outside world may cost, and did. Ids, codes, times and
-- amounts in thousandths of a penny: whom it reached is in its record.
CREATE TABLE call_charges (
    call        BIGINT NOT NULL PRIMARY KEY, -- calls.id; grows with time
    account     BIGINT NOT NULL,
    subject     BIGINT NOT NULL, -- whose account
    month       BIGINT NOT NULL, -- in which it began: twelve times the year, and the month from 0
    prefix      TEXT    NOT NULL, -- of the tariff
    class       TEXT    NOT NULL, -- of the tariff
    minute      BIGINT NOT NULL, -- price of one
    connection  BIGINT NOT NULL, -- price of it
    held        BIGINT NOT NULL, -- the most that it may come to, while it is open
    cost        BIGINT NOT NULL, -- what it came to
    seconds     BIGINT NOT NULL, -- for which it was charged
    begun_ms    BIGINT NOT NULL,
    ended_ms    BIGINT NOT NULL, -- 0 while open
    expires_day BIGINT NOT NULL  -- days since 1970; 0 while open
);
CREATE INDEX call_charges_account ON call_charges (account, begun_ms);
CREATE INDEX call_charges_open ON call_charges (account) WHERE ended_ms = 0;
CREATE INDEX call_charges_subject ON call_charges (subject);

-- What an account spent on calls in a month, in thousandths of a penny. Who
-- begins a call of an account that costs changes this row first, so that they
-- follow one another.
CREATE TABLE call_spending (
    account BIGINT NOT NULL,
    month   BIGINT NOT NULL,
    spent   BIGINT NOT NULL,
    told    BIGINT NOT NULL, -- percent of the limit that its person was told of; 0 for none
    PRIMARY KEY (account, month)
);

-- What an account may spend in a month, where its owner chose; in pence.
CREATE TABLE call_caps (
    account   BIGINT NOT NULL PRIMARY KEY,
    cap       BIGINT NOT NULL,
    chosen_ms BIGINT NOT NULL
);

-- Classes of destinations that an account may call or not, where somebody
-- decided other than the policy: its owner, or staff, who bar one.
CREATE TABLE call_classes (
    account    BIGINT NOT NULL,
    class      TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('open', 'closed', 'barred')),
    decided_ms BIGINT NOT NULL,
    PRIMARY KEY (account, class)
);

-- Blocks of calls that cost, which the software put in place alone (UK GDPR Art
-- 22A): the pattern and what was seen, in numbers. What its person and ours say
-- of it is records of the vault.
CREATE TABLE call_blocks (
    id           BIGINT NOT NULL PRIMARY KEY, -- grows with time
    account      BIGINT NOT NULL,
    subject      BIGINT NOT NULL, -- whose account
    reference    TEXT    NOT NULL UNIQUE,
    pattern      TEXT    NOT NULL, -- policy id
    policy       BIGINT NOT NULL, -- version by which it was decided
    seen         BIGINT NOT NULL, -- calls, or pence
    usual        BIGINT NOT NULL, -- pence that the account usually spends in the time; 0 where it does not matter
    made_ms      BIGINT NOT NULL,
    contested_ms BIGINT NOT NULL, -- 0: it was not
    due_ms       BIGINT NOT NULL, -- a person answers until then; 0 unless it is contested
    said         BIGINT NOT NULL, -- record of what its person said; 0 for none
    state        TEXT    NOT NULL CHECK (state IN ('standing', 'confirmed', 'lifted')),
    decided_ms   BIGINT NOT NULL, -- 0: no person has looked yet
    reason       BIGINT NOT NULL  -- record of why they decided so; 0 for none
);
CREATE INDEX call_blocks_account ON call_blocks (account, id);
CREATE INDEX call_blocks_subject ON call_blocks (subject);
CREATE INDEX call_blocks_owed ON call_blocks (id) WHERE state <> 'lifted';
