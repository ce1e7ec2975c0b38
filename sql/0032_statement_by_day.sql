-- A statement: the entries of some days in their order, and those that are no charges.
-- Writes to the table wait while its indexes are made: some seconds for each million of its rows. One table in each file:
-- who locks two at a time, while others write, may wait for one who waits for them.

CREATE INDEX ledger_entry_booked ON reseller.ledger_entry (account_id, booked_at, id);
CREATE INDEX ledger_entry_no_charge ON reseller.ledger_entry (account_id, booked_at) INCLUDE (amount, kind)
 WHERE kind <> 'charge';
