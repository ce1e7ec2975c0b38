-- Indexes by which the console's lists are read in their order, however long they are.
-- Writes to a table wait while its indexes are made: some seconds for each million of its rows.

-- The report on orders by number and by cost.
CREATE INDEX purchase_account_number ON reseller.purchase (account_id, order_number);
CREATE INDEX purchase_account_cost ON reseller.purchase (account_id, cost, order_number);

-- A statement: the entries of some days in their order, and those that are no charges.
CREATE INDEX ledger_entry_booked ON reseller.ledger_entry (account_id, booked_at, id);
CREATE INDEX ledger_entry_no_charge ON reseller.ledger_entry (account_id, booked_at) INCLUDE (amount, kind)
 WHERE kind <> 'charge';

-- What one person did, the newest first. Events of clients and jobs are too many to pay for it.
CREATE INDEX event_person ON audit.event (actor, id)
 WHERE actor LIKE 'operator:%' OR actor LIKE 'reseller:%';

-- Pre-validations and unsubscriptions that wait for an operator.
CREATE INDEX prevalidation_undecided ON organization.prevalidation (number)
 WHERE state IN ('requested', 'in_validation');
CREATE INDEX unsubscription_waiting ON ssl.unsubscription (id) WHERE status = 'waiting';

-- Organizations by name; SiteLock licences by number, domain and end.
CREATE INDEX organization_name ON organization.organization (reseller_id, name, id);
CREATE INDEX licence_number ON sitelock.licence (reseller_id, number);
CREATE INDEX licence_by_domain ON sitelock.licence (reseller_id, domain_name, number);
CREATE INDEX licence_end ON sitelock.licence (reseller_id, expires_at, number);

-- Certificates of SSL orders by their end: those of ACME orders are a hundred times as many.
CREATE INDEX certificate_ssl_end ON ca.certificate (not_after, serial) WHERE order_id IS NULL;
