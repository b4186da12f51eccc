-- +goose Up

-- When a call that costs was last known to be under way: what it is charged for
-- if the program stops during it. 0: not yet.
ALTER TABLE call_charges ADD COLUMN known_ms BIGINT NOT NULL DEFAULT 0;

-- The record of the call, which says whom it reached: the bill needs it also
-- when its person took the call out of their list.
ALTER TABLE call_charges ADD COLUMN record BIGINT NOT NULL DEFAULT 0;
UPDATE call_charges SET record = COALESCE((SELECT c.record FROM calls c WHERE c.id = call_charges.call AND c.caller = call_charges.subject), 0) WHERE ended_ms > 0;

-- Of calls that were cut off it was kept when the program was back. How long
-- they were nobody knows.
UPDATE calls SET ended_ms = answered_ms WHERE code = 'interrupted' AND answered_ms > 0;
