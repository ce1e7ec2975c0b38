-- SiteLock licences: ordered, renewed, upgraded, cancelled, refunded.

CREATE SCHEMA product;
COMMENT ON SCHEMA product IS 'SiteLock licences and their add-ons; which product numbers there are is in the program (rules/licences.py).';

CREATE TABLE product.price (
    id         uuid PRIMARY KEY,
    account_id uuid REFERENCES reseller.account,
    product    integer NOT NULL,
    days       integer NOT NULL CHECK (days IN (0, 30, 365)),
    amount     numeric(12,2) NOT NULL CHECK (amount >= 0),
    currency   text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    UNIQUE NULLS NOT DISTINCT (account_id, product, days)
);
COMMENT ON TABLE product.price IS 'Price of a product for a licence of so many days; 0 days = bought once. account_id NULL = the default list, used where a reseller has no own price.';
COMMENT ON COLUMN product.price.currency IS 'Must equal the reseller''s currency, else the price configuration is broken.';

CREATE TABLE product.inactive_partner (
    account_id uuid PRIMARY KEY REFERENCES reseller.account,
    since      timestamptz NOT NULL
);
COMMENT ON TABLE product.inactive_partner IS 'Resellers whose SiteLock partner account is not activated: they order and renew nothing.';

CREATE TABLE product.licence (
    id                uuid PRIMARY KEY,
    number            bigint GENERATED ALWAYS AS IDENTITY (START WITH 300000001) UNIQUE,
    reseller_id       uuid NOT NULL REFERENCES reseller.account,
    domain_name       text COLLATE "C" NOT NULL CHECK (domain_name = lower(domain_name)),
    product           integer NOT NULL,
    days              integer NOT NULL CHECK (days IN (0, 30, 365)),
    email             text NOT NULL,
    auto_renew        boolean NOT NULL,
    organization      jsonb NOT NULL DEFAULT '{}',
    status            text NOT NULL DEFAULT 'active'
                      CHECK (status IN ('active', 'expired', 'cancelled', 'refunded')),
    period_started_at timestamptz NOT NULL,
    expires_at        timestamptz,
    ended_at          timestamptz,
    refund_reason     integer CHECK (refund_reason BETWEEN 1 AND 11),
    created_at        timestamptz NOT NULL,
    CONSTRAINT bought_once_has_no_end CHECK ((days = 0) = (expires_at IS NULL)),
    CONSTRAINT ended_is_dated CHECK ((status = 'active') = (ended_at IS NULL)),
    CONSTRAINT reason_of_refund CHECK (refund_reason IS NULL OR status = 'refunded')
);
COMMENT ON TABLE product.licence IS 'A SiteLock product that protects a domain name.';
COMMENT ON COLUMN product.licence.number IS 'What customers are shown as the site id.';
COMMENT ON COLUMN product.licence.days IS 'Length of the licence: 365 annual, 30 monthly, 0 bought once.';
COMMENT ON COLUMN product.licence.auto_renew IS 'enableAutoRenew as sent. Kept for the reseller; renewing is the reseller''s order.';
COMMENT ON COLUMN product.licence.period_started_at IS 'Purchase or last renewal: the refund period runs from here.';
COMMENT ON COLUMN product.licence.expires_at IS 'The first instant without protection.';
COMMENT ON COLUMN product.licence.ended_at IS 'When it expired, was cancelled or refunded.';
COMMENT ON COLUMN product.licence.refund_reason IS 'refundReasonCode of the request; NULL = refunded by cancelling.';
CREATE UNIQUE INDEX one_licence_a_domain ON product.licence (domain_name)
    WHERE status = 'active' AND days > 0;
CREATE INDEX licence_reseller ON product.licence (reseller_id, created_at);
CREATE INDEX licence_expiry ON product.licence (expires_at) WHERE status = 'active' AND days > 0;

CREATE TABLE product.add_on (
    id         uuid PRIMARY KEY,
    licence_id uuid NOT NULL REFERENCES product.licence,
    product    integer NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz
);
COMMENT ON TABLE product.add_on IS 'What a licence has besides its product; of no use without it.';
COMMENT ON COLUMN product.add_on.ended_at IS 'When it was cancelled, by itself or with its licence, or replaced by a higher one.';
CREATE UNIQUE INDEX add_on_once ON product.add_on (licence_id, product) WHERE ended_at IS NULL;

CREATE TABLE product.order_line (
    order_number bigint NOT NULL REFERENCES reseller.purchase,
    product      integer NOT NULL,
    licence_id   uuid NOT NULL REFERENCES product.licence,
    kind         text NOT NULL CHECK (kind IN ('order', 'renewal', 'upgrade', 'add_on')),
    cost         numeric(12,2) NOT NULL CHECK (cost >= 0),
    PRIMARY KEY (order_number, product)
);
COMMENT ON TABLE product.order_line IS 'What a purchase bought for a licence, and what each part cost.';
CREATE INDEX order_line_licence ON product.order_line (licence_id, order_number);

CREATE FUNCTION product.refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a licence that has ended stays %', OLD.status USING ERRCODE = 'restrict_violation';
END $$;
COMMENT ON FUNCTION product.refuse_move() IS 'Trigger body: only active licences change their status.';
CREATE TRIGGER moves BEFORE UPDATE OF status ON product.licence FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND OLD.status <> 'active')
    EXECUTE FUNCTION product.refuse_move();

-- Answers to what operators ask.

CREATE VIEW ops.licences AS
SELECT licence.number, account.login AS reseller, licence.domain_name, licence.product, licence.days,
       licence.status, licence.period_started_at, licence.expires_at, licence.ended_at,
       ARRAY(SELECT add_on.product
               FROM product.add_on
              WHERE add_on.licence_id = licence.id AND add_on.ended_at IS NULL
              ORDER BY add_on.product) AS add_ons,
       ARRAY(SELECT DISTINCT line.order_number
               FROM product.order_line line
              WHERE line.licence_id = licence.id
              ORDER BY line.order_number) AS order_numbers
  FROM product.licence
  JOIN reseller.account ON account.id = licence.reseller_id
 ORDER BY licence.number;
COMMENT ON VIEW ops.licences IS 'SiteLock licences with their add-ons and orders.';
COMMENT ON COLUMN ops.licences.status IS 'As last written; an active one whose expires_at has passed is expired all the same.';
