-- Work that ends the process which does it, or breaks each time, is not begun again for ever.

ALTER TABLE ssl.certificate_order
    ADD COLUMN claims smallint NOT NULL DEFAULT 0;
COMMENT ON COLUMN ssl.certificate_order.claims IS 'How often a process took it up since one came to an end with it: more than one = processes ended, or stood still, while they worked on it.';

ALTER TABLE acme.challenge
    ADD COLUMN internal_faults smallint NOT NULL DEFAULT 0;
COMMENT ON COLUMN acme.challenge.internal_faults IS 'Those of its faults that are of the program; too many are a failure.';
