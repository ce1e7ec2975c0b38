-- RFC 8555 §7.3.4: the account object shows the binding that its client gave.

ALTER TABLE acme.account ADD COLUMN external_account_binding jsonb;
COMMENT ON COLUMN acme.account.external_account_binding IS 'The flattened JWS of newAccount (RFC 8555 §7.3.4) as the client sent it; NULL for accounts registered before it was kept.';
