-- +goose Up

-- When one of the operator's people took a complaint up; 0 if nobody has (DPA
-- 2018 s164A).
ALTER TABLE rights_requests ADD COLUMN acknowledged_ms BIGINT NOT NULL DEFAULT 0;
CREATE INDEX rights_requests_ref ON rights_requests (ref) WHERE right_id = 'complaint';

-- The users of firms, among whom an administrator is found for a firm that has
-- none. Most accounts are of a firm of one, who administers it.
CREATE INDEX accounts_users ON accounts (company) WHERE role = 'customer-user' AND state = 'open';

-- The entries of evidence about searches for people that found nobody or were
-- refused, so that they are found again.
CREATE TABLE evidence_searches (
    entry BIGINT NOT NULL PRIMARY KEY -- evidence.id
);
