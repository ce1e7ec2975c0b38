-- Several issuers: a server says which ones it is for, and the intent which one was asked.

ALTER TABLE acme.server
    ADD COLUMN issuers text[] NOT NULL DEFAULT '{local}'
    CHECK (cardinality(issuers) BETWEEN 1 AND 10 AND array_position(issuers, NULL) IS NULL);
COMMENT ON COLUMN acme.server.issuers IS 'Names of issuers in order of preference: the first that there is gets the orders. local = the built-in CA.';

COMMENT ON COLUMN acme."order".intent IS 'Issuer, serial and validity, fixed before signing: {"issuer","serial","not_before","not_after"}; for OV also the organization: {"subject"}. Without issuer = local.';
COMMENT ON COLUMN ssl.application.intent IS 'Serial and validity, fixed before signing: {"serial","not_before","not_after"}; from the moment the issuer is asked also its name: {"issuer"}.';

CREATE OR REPLACE VIEW ops.stuck_orders AS
SELECT "order".id AS order_id,
       account.login AS reseller,
       acme_account.kid,
       "order".account_id,
       "order".created_at,
       ops.business_now() - "order".created_at AS age,
       "order".issue_after,
       ARRAY(SELECT identifier.name
               FROM acme.order_identifier identifier
              WHERE identifier.order_id = "order".id
              ORDER BY identifier.position) AS names,
       coalesce("order".intent ->> 'issuer', 'local') AS issuer
  FROM acme."order"
  JOIN acme.account acme_account ON acme_account.id = "order".account_id
  JOIN subscription.eab_credential eab ON eab.kid = acme_account.kid
  JOIN reseller.account ON account.id = eab.reseller_id
 WHERE "order".status = 'processing'
   AND "order".created_at < ops.business_now() - interval '1 hour'
 ORDER BY "order".created_at;
COMMENT ON COLUMN ops.stuck_orders.issuer IS 'Name of the issuer that was asked.';
