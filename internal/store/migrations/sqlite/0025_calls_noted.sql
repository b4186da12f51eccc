-- +goose Up

-- When a call that costs was last known to be under way: what it is charged for
-- if the program stops during it. 0: not yet.
ALTER TABLE call_charges ADD COLUMN known_ms INTEGER NOT NULL DEFAULT 0;

-- Of calls that were cut off it was kept when the program was back. How long
-- they were nobody knows.
UPDATE calls SET ended_ms = answered_ms WHERE code = 'interrupted' AND answered_ms > 0;
