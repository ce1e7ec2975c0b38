-- What PostgreSQL prepares anew in every statement, and reads for every request, made smaller.

-- The conditions of a domain stay prepared in a connection; those of a column's CHECK do not. The
-- tables are written anew: those of orders, which are cleaned up, but not the audit trail.
CREATE DOMAIN acme.order_status AS text
    CHECK (VALUE IN ('pending', 'ready', 'processing', 'valid', 'invalid'));
CREATE DOMAIN acme.authorization_status AS text
    CHECK (VALUE IN ('pending', 'valid', 'invalid', 'deactivated', 'expired', 'revoked'));
CREATE DOMAIN acme.challenge_status AS text
    CHECK (VALUE IN ('pending', 'processing', 'valid', 'invalid'));
CREATE DOMAIN acme.challenge_type AS text
    CHECK (VALUE ~ '^[a-z0-9-]+$');
COMMENT ON DOMAIN acme.order_status IS 'RFC 8555 §7.1.6; docs/status-machines.md draws the moves.';
COMMENT ON DOMAIN acme.authorization_status IS 'RFC 8555 §7.1.6; docs/status-machines.md draws the moves.';
COMMENT ON DOMAIN acme.challenge_status IS 'RFC 8555 §7.1.6; docs/status-machines.md draws the moves.';
COMMENT ON DOMAIN acme.challenge_type IS 'The name a client knows it by (RFC 8555 §9.7.8).';

-- Depends on a column's type; what was granted on it is to be granted again.
DROP VIEW ops.stuck_orders;
DROP TRIGGER moves ON acme."order";
DROP TRIGGER moves ON acme.authorization;
DROP TRIGGER moves ON acme.challenge;

ALTER TABLE acme."order"
    DROP CONSTRAINT order_status_check,
    ALTER COLUMN status TYPE acme.order_status;
ALTER TABLE acme.authorization
    DROP CONSTRAINT authorization_status_check,
    ALTER COLUMN status TYPE acme.authorization_status;
ALTER TABLE acme.challenge
    DROP CONSTRAINT challenge_status_check,
    DROP CONSTRAINT challenge_type_check,
    ALTER COLUMN status TYPE acme.challenge_status,
    ALTER COLUMN type TYPE acme.challenge_type;

-- One array is read much faster than pairs of texts.
CREATE TRIGGER moves BEFORE UPDATE OF status ON acme."order" FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND OLD.status || ' > ' || NEW.status <> ALL ('{
        pending > ready, pending > invalid, ready > processing, ready > invalid,
        processing > valid, processing > invalid}'))
    EXECUTE FUNCTION acme.refuse_move();

CREATE TRIGGER moves BEFORE UPDATE OF status ON acme.authorization FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND OLD.status || ' > ' || NEW.status <> ALL ('{
        pending > valid, pending > invalid, pending > deactivated,
        valid > deactivated, valid > expired, valid > revoked}'))
    EXECUTE FUNCTION acme.refuse_move();

CREATE TRIGGER moves BEFORE UPDATE OF status ON acme.challenge FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND OLD.status || ' > ' || NEW.status <> ALL ('{
        pending > processing, pending > invalid, processing > valid, processing > invalid}'))
    EXECUTE FUNCTION acme.refuse_move();

-- newOrder asks for the open orders of one account that are not over. With an index by expires_at
-- that fits it would read those of all accounts, so that one is about orders without intent too.
DROP INDEX acme.order_open, acme.order_expiry;
CREATE INDEX order_open ON acme."order" (account_id, expires_at)
    WHERE status IN ('pending', 'ready') AND csr IS NULL;
CREATE INDEX order_expiry ON acme."order" (expires_at)
    WHERE status IN ('pending', 'ready', 'invalid') AND csr IS NULL AND intent IS NULL;

-- So that names are looked up among those of a subscription, however many it has.
DROP INDEX subscription.domain_subscription;
CREATE INDEX domain_subscription ON subscription.domain (subscription_id, name);

CREATE VIEW ops.stuck_orders AS
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
              ORDER BY identifier.position) AS names
  FROM acme."order"
  JOIN acme.account acme_account ON acme_account.id = "order".account_id
  JOIN subscription.eab_credential eab ON eab.kid = acme_account.kid
  JOIN reseller.account ON account.id = eab.reseller_id
 WHERE "order".status = 'processing'
   AND "order".created_at < ops.business_now() - interval '1 hour'
 ORDER BY "order".created_at;
COMMENT ON VIEW ops.stuck_orders IS 'ACME orders that an issuer still works on an hour after they were placed.';
COMMENT ON COLUMN ops.stuck_orders.issue_after IS 'When the issuer is asked again, in database time.';

-- acme.all_valid(uuid) stays for processes of the release before.
CREATE FUNCTION acme.all_valid(orders uuid[]) RETURNS uuid[] LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN ARRAY(SELECT asked.id
                   FROM unnest(orders) AS asked (id)
                  WHERE (SELECT bool_and(needed.status = 'valid')
                           FROM acme.order_identifier item
                           JOIN acme.authorization needed ON needed.id = item.authorization_id
                          WHERE item.order_id = asked.id));
END $$;
COMMENT ON FUNCTION acme.all_valid(uuid[]) IS 'Those of the orders that lack no authorization. Volatile, so that it sees what the calling statement has changed, and what was committed while that waited for the orders'' locks.';

CREATE OR REPLACE FUNCTION acme.burn_nonces(used_nonces bytea[], used_epochs bigint[]) RETURNS boolean[]
LANGUAGE plpgsql AS $$
DECLARE
    fresh boolean[];
BEGIN
    WITH burnt AS (
        INSERT INTO acme.nonce (nonce)
        SELECT nonce
          FROM unnest(used_nonces, used_epochs) AS used (nonce, epoch)
         WHERE epoch = (SELECT epoch FROM acme.nonce_epoch)
         ORDER BY nonce
        ON CONFLICT DO NOTHING
        RETURNING nonce
    )
    SELECT ARRAY(SELECT nonce = ANY (ARRAY(SELECT nonce FROM burnt))
                        AND array_position(used_nonces, nonce) = position
                   FROM unnest(used_nonces) WITH ORDINALITY AS used (nonce, position)
                  ORDER BY position)
      INTO fresh;
    RETURN fresh;
END $$;
