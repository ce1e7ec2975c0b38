-- The report on orders by number and by cost.
-- Writes to the table wait while its indexes are made: some seconds for each million of its rows. One table in each file:
-- who locks two at a time, while others write, may wait for one who waits for them.

CREATE INDEX purchase_account_number ON reseller.purchase (account_id, order_number);
CREATE INDEX purchase_account_cost ON reseller.purchase (account_id, cost, order_number);
