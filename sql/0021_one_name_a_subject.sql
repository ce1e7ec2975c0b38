-- Needs a stop: processes of the release before know these tables and views by their old names.

-- SiteLock has one name in schema, code and documents. Rights and comments stay where they are.
ALTER SCHEMA product RENAME TO sitelock;
COMMENT ON SCHEMA sitelock IS 'SiteLock licences and their add-ons; which product numbers there are is in the program (rules/sitelock/licences.py).';

ALTER VIEW ops.licences RENAME TO sitelock_licences;
ALTER VIEW ops.certificate_orders RENAME TO ssl_orders;
ALTER VIEW ops.certificate_order_reviews RENAME TO ssl_reviews;
COMMENT ON VIEW ops.ssl_reviews IS 'Certificate orders whose organization an operator must check: gateway ssl approve|reject CERT_ID.';
