-- +goose Up

-- Links for whoever lost their second factor: recover-ask begins the wait,
-- recover-stop ends it early, recover is good once it is over, and
-- recover-staff is shown by whoever runs the machine.
ALTER TABLE account_links DROP CONSTRAINT account_links_kind_check;
ALTER TABLE account_links ADD CONSTRAINT account_links_kind_check CHECK (kind IN ('sign-up', 'invitation', 'reset', 'unlock', 'address-new', 'address-old', 'recover-ask', 'recover-stop', 'recover', 'recover-staff'));
