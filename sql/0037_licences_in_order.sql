-- SiteLock licences by number, domain and end.
-- Writes to the table wait while its indexes are made: some seconds for each million of its rows. One table in each file:
-- who locks two at a time, while others write, may wait for one who waits for them.

CREATE INDEX licence_number ON sitelock.licence (reseller_id, number);
CREATE INDEX licence_by_domain ON sitelock.licence (reseller_id, domain_name, number);
CREATE INDEX licence_end ON sitelock.licence (reseller_id, expires_at, number);
