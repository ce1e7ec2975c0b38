-- Needs a stop: processes of the release before know these tables and columns by their old names.

-- The order of an SSL certificate: schema and table say so, as for acme."order".
ALTER TABLE ssl.certificate_order RENAME TO "order";
COMMENT ON COLUMN ssl."order".cert_id IS 'Its number in the SSL certificate API.';
COMMENT ON COLUMN ssl."order".revoked_at IS 'When the revocation was complete: reported to the issuer, and on the CRL if it is ours.';
COMMENT ON COLUMN ops.ssl_orders.cert_id IS 'Its number in the SSL certificate API.';
COMMENT ON COLUMN ops.ssl_reviews.cert_id IS 'For gateway ssl approve|reject.';
COMMENT ON TABLE ssl.api_token IS 'Tokens of the SSL certificate API (X-Auth-Token: <id>.<secret>). Only a hash of the secret is kept.';

-- What was bought has the name of its subject. The family is computed from it, so its column is made anew.
ALTER TABLE reseller.purchase
    DROP CONSTRAINT purchase_kind_check,
    DROP COLUMN family;
UPDATE reseller.purchase
   SET kind = CASE kind WHEN 'order_product' THEN 'order_sitelock'
                        WHEN 'buy_certificate' THEN 'order_ssl' END
 WHERE kind IN ('order_product', 'buy_certificate');
ALTER TABLE reseller.purchase
    ADD CONSTRAINT purchase_kind_check CHECK (kind IN (
        'add_domain', 'extend_domains', 'order_sitelock', 'order_ssl')),
    ADD COLUMN family text NOT NULL GENERATED ALWAYS AS (
        CASE kind WHEN 'order_sitelock' THEN 'sitelock'
                  WHEN 'order_ssl' THEN 'ssl'
                  ELSE 'acme' END) STORED;
COMMENT ON COLUMN reseller.purchase.family IS 'Which refund policy decides (rules/refund_policy.py).';
COMMENT ON COLUMN reseller.purchase.kind IS 'add_domain, extend_domains, order_sitelock or order_ssl.';
COMMENT ON COLUMN ops.purchases.kind IS 'add_domain, extend_domains, order_sitelock or order_ssl.';

-- The audit trail calls the same things by the same words, so that one search finds old and new events.
ALTER TABLE audit.event DISABLE TRIGGER append_only;
UPDATE audit.event
   SET action = replace(action, 'certificate_order.', 'ssl_order.')
 WHERE action LIKE 'certificate\_order.%';
UPDATE audit.event
   SET actor = 'gateway:ssl-orders'
 WHERE actor = 'gateway:certificate-orders';
UPDATE audit.event
   SET after = jsonb_set(after, '{kind}', CASE after ->> 'kind'
                                          WHEN 'order_product' THEN '"order_sitelock"'::jsonb
                                          ELSE '"order_ssl"' END)
 WHERE action = 'purchase.charged'
   AND after ->> 'kind' IN ('order_product', 'buy_certificate');
ALTER TABLE audit.event ENABLE TRIGGER append_only;

-- A revocation is reported to the issuer.
ALTER TABLE ca.revocation RENAME COLUMN told_at TO reported_at;
COMMENT ON COLUMN ca.revocation.reported_at IS 'When it was reported to the issuer, in database time; NULL = it is reported within seconds.';

-- A reseller is notified of a refusal.
ALTER TABLE notice.refusal_told RENAME TO notified_refusal;
COMMENT ON TABLE notice.notified_refusal IS 'Refusals of issuance that are in a notice: each name once per credential, reason and UTC day of business time.';
COMMENT ON COLUMN notice.notified_refusal.event_id IS 'The audit event that the notice was made of.';
COMMENT ON COLUMN notice.setting.low_balance IS 'The reseller gets a notice when a purchase takes the balance below this; NULL = notices.low_balance of the settings.';
COMMENT ON TABLE notice.notice IS 'Something that happened to a reseller, whether or not one of its destinations wants to know.';
COMMENT ON COLUMN notice.notice.reseller_id IS 'Whom it is for.';
COMMENT ON COLUMN notice.notice.once IS 'Kind, subject and due instant in one: no two notices say the same.';
COMMENT ON VIEW ops.notices IS 'Notices to resellers, the newest first.';
COMMENT ON COLUMN ops.notices.reseller IS 'Login of the reseller whom it is for.';
COMMENT ON COLUMN ops.undelivered_notices.reseller IS 'Login of the reseller whom it is for.';

-- The caller gets an answer.
ALTER TABLE audit.refusal RENAME COLUMN told TO answer;
ALTER VIEW ops.refusals RENAME COLUMN told TO answer;
COMMENT ON COLUMN audit.refusal.why IS 'What the caller did not learn, if anything: why a login was refused, for example.';
COMMENT ON COLUMN ops.refusals.why IS 'What the caller did not learn, if anything.';

-- What belongs to these tables is named after them. (Some servers name NOT NULL constraints too.)
DO $$
DECLARE old record;
BEGIN
    FOR old IN SELECT conrelid::regclass AS of, conname AS name FROM pg_constraint
                WHERE conrelid IN ('ssl."order"'::regclass, 'notice.notified_refusal'::regclass,
                                   'audit.refusal'::regclass)
                  AND conname ~ '^(certificate_order|refusal_told)_' LOOP
        EXECUTE format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', old.of, old.name,
            CASE old.of WHEN 'ssl."order"'::regclass
                        THEN regexp_replace(old.name, '^certificate_', '')
                        WHEN 'notice.notified_refusal'::regclass
                        THEN regexp_replace(old.name, '^refusal_told', 'notified_refusal')
                        ELSE regexp_replace(old.name, '^refusal_told', 'refusal_answer') END);
    END LOOP;
    FOR old IN SELECT relname AS name FROM pg_class
                WHERE relnamespace = 'ssl'::regnamespace AND relname ~ '^certificate_order_' LOOP
        EXECUTE format('ALTER INDEX ssl.%I RENAME TO %I', old.name,
                       regexp_replace(old.name, '^certificate_', ''));
    END LOOP;
END $$;
ALTER INDEX notice.refusal_told_event RENAME TO notified_refusal_event;
ALTER INDEX ca.revocation_untold RENAME TO revocation_unreported;
