-- Attempts at challenges that came to nothing for reasons that are not the client's.

ALTER TABLE acme.challenge
    ADD COLUMN failures    smallint NOT NULL DEFAULT 0,
    ADD COLUMN faults      integer  NOT NULL DEFAULT 0,
    ADD COLUMN lost_leases smallint NOT NULL DEFAULT 0,
    ADD COLUMN put_off     boolean  NOT NULL DEFAULT false;
COMMENT ON COLUMN acme.challenge.failures IS 'Attempts that failed and were followed by another; validation.retry_delays_seconds says how many may be.';
COMMENT ON COLUMN acme.challenge.faults IS 'Attempts that could not be made for a reason on our side; they fail nothing and are made again.';
COMMENT ON COLUMN acme.challenge.lost_leases IS 'How often the process that worked on it ended, or stood still, without a word; too often is a failure.';
COMMENT ON COLUMN acme.challenge.put_off IS 'Nobody works on it, and leased_until is when it is taken up again.';
