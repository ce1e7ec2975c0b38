-- What resellers are told without asking: by webhook and by e-mail.

CREATE SCHEMA notice;
COMMENT ON SCHEMA notice IS 'Notices to resellers, where they go, and what became of them.';

CREATE TABLE notice.cursor (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    event_id bigint NOT NULL
);
COMMENT ON TABLE notice.cursor IS 'How far the audit trail was read for notices. Its row lock makes one reader of many processes, so notices are numbered in the order they are committed.';
COMMENT ON COLUMN notice.cursor.event_id IS 'Every audit.event up to this id is settled and was read.';
INSERT INTO notice.cursor (event_id)
SELECT coalesce(max(id), 0) FROM audit.event;

CREATE TABLE notice.setting (
    reseller_id uuid PRIMARY KEY REFERENCES reseller.account,
    low_balance numeric(12,2)
);
COMMENT ON TABLE notice.setting IS 'What a reseller wants otherwise than all; no row = as all.';
COMMENT ON COLUMN notice.setting.low_balance IS 'Told when a purchase takes the balance below this; NULL = notices.low_balance of the settings.';

CREATE TABLE notice.destination (
    id               uuid PRIMARY KEY,
    reseller_id      uuid NOT NULL REFERENCES reseller.account,
    channel          text NOT NULL CHECK (channel IN ('webhook', 'mail')),
    address          text NOT NULL CHECK (address <> '' AND length(address) <= 2000),
    encrypted_secret bytea,
    kinds            text[] NOT NULL,
    status           text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'parked', 'removed')),
    created_at       timestamptz NOT NULL,
    attempt_at       timestamptz,
    leased           boolean NOT NULL DEFAULT false,
    failures         integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    failing_since    timestamptz,
    last_error       text,
    parked_at        timestamptz,
    CONSTRAINT webhooks_have_a_secret CHECK ((channel = 'webhook') = (encrypted_secret IS NOT NULL)),
    CONSTRAINT failing_is_dated CHECK ((failures > 0) = (failing_since IS NOT NULL)),
    CONSTRAINT parked_is_dated CHECK ((status = 'parked') <= (parked_at IS NOT NULL)),
    CONSTRAINT only_active_is_worked_on CHECK (attempt_at IS NULL OR status = 'active')
);
COMMENT ON TABLE notice.destination IS 'A webhook or mail address of a reseller, with the kinds of notices it gets. Its oldest undelivered notice blocks the later ones.';
COMMENT ON COLUMN notice.destination.address IS 'URL of a webhook, or a mail address.';
COMMENT ON COLUMN notice.destination.encrypted_secret IS 'MultiFernet token of the webhook''s signing secrets, the newest first, with a space between them.';
COMMENT ON COLUMN notice.destination.status IS 'active; parked = gave up after the retry horizon, notices wait until it is resumed; removed.';
COMMENT ON COLUMN notice.destination.attempt_at IS 'Database time when it is worked on next; NULL = nothing waits. Whoever takes it moves this ahead: then it is the end of the lease.';
COMMENT ON COLUMN notice.destination.leased IS 'Is a process at work on it, until attempt_at? Otherwise attempt_at is the end of the back-off.';
COMMENT ON COLUMN notice.destination.failures IS 'Attempts in a row that failed.';
COMMENT ON COLUMN notice.destination.failing_since IS 'Database time of the first of those.';
CREATE UNIQUE INDEX destination_once ON notice.destination (reseller_id, channel, address)
    WHERE status <> 'removed';
CREATE INDEX destination_of_certificates ON notice.destination (reseller_id)
    WHERE status <> 'removed' AND kinds @> '{certificate.issued}';
CREATE INDEX destination_due ON notice.destination (attempt_at)
    WHERE attempt_at IS NOT NULL;

CREATE TABLE notice.notice (
    number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id          uuid NOT NULL UNIQUE,
    reseller_id uuid NOT NULL REFERENCES reseller.account,
    kind        text NOT NULL,
    subject     text NOT NULL,
    due_at      timestamptz NOT NULL,
    data        jsonb NOT NULL,
    once        text COLLATE "C" NOT NULL UNIQUE,
    event_id    bigint REFERENCES audit.event,
    made_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE notice.notice IS 'Something a reseller is told, whether or not anybody wants to hear it.';
COMMENT ON COLUMN notice.notice.number IS 'The order in which notices are delivered.';
COMMENT ON COLUMN notice.notice.id IS 'Made into webhook-id and Message-ID: the same at every attempt and replay.';
COMMENT ON COLUMN notice.notice.subject IS 'What it is about: EAB key id, certificate serial, anchor order number or login.';
COMMENT ON COLUMN notice.notice.due_at IS 'Business time of what it tells.';
COMMENT ON COLUMN notice.notice.once IS 'Kind, subject and due instant in one: nothing is told twice.';
COMMENT ON COLUMN notice.notice.event_id IS 'The audit event it was made from; NULL = a test notice.';
COMMENT ON COLUMN notice.notice.made_at IS 'Database time.';
CREATE INDEX notice_reseller ON notice.notice (reseller_id, due_at);
CREATE INDEX notice_made ON notice.notice (made_at);
CREATE INDEX notice_event ON notice.notice (event_id);

CREATE TABLE notice.refusal_told (
    kid       text COLLATE "C" NOT NULL REFERENCES subscription.eab_credential,
    day       date NOT NULL,
    reason    text NOT NULL,
    name      text COLLATE "C" NOT NULL,
    event_id  bigint NOT NULL REFERENCES audit.event,
    PRIMARY KEY (kid, day, reason, name)
);
COMMENT ON TABLE notice.refusal_told IS 'Refusals of issuance that were told: each name once per credential, reason and UTC day of business time.';
CREATE INDEX refusal_told_event ON notice.refusal_told (event_id);

CREATE TABLE notice.delivery (
    destination_id uuid NOT NULL REFERENCES notice.destination,
    notice_number  bigint NOT NULL REFERENCES notice.notice,
    status         text NOT NULL DEFAULT 'pending'
                   CHECK (status IN ('pending', 'delivered', 'skipped')),
    attempts       integer NOT NULL DEFAULT 0,
    delivered_at   timestamptz,
    PRIMARY KEY (destination_id, notice_number),
    CONSTRAINT delivered_is_dated CHECK ((status = 'delivered') <= (delivered_at IS NOT NULL))
);
COMMENT ON TABLE notice.delivery IS 'A notice on its way to one destination; the key makes it once per destination.';
COMMENT ON COLUMN notice.delivery.status IS 'pending, delivered, or skipped by an operator or because the destination was removed.';
COMMENT ON COLUMN notice.delivery.attempts IS 'Counted before each attempt: more than one says that it may have arrived before.';
COMMENT ON COLUMN notice.delivery.delivered_at IS 'Database time when the receiver last confirmed it.';
CREATE INDEX delivery_pending ON notice.delivery (destination_id, notice_number)
    WHERE status = 'pending';
CREATE INDEX delivery_notice ON notice.delivery (notice_number);

-- Status machines, in one place: docs/status-machines.md draws them.

CREATE FUNCTION notice.refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%.% cannot go from % to %', TG_TABLE_SCHEMA, TG_TABLE_NAME, OLD.status, NEW.status
        USING ERRCODE = 'restrict_violation';
END $$;
COMMENT ON FUNCTION notice.refuse_move() IS 'Trigger body: called only for a change of status that is not in the machine.';

CREATE TRIGGER moves BEFORE UPDATE OF status ON notice.destination FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (
        ('active', 'parked'), ('active', 'removed'), ('parked', 'active'), ('parked', 'removed')))
    EXECUTE FUNCTION notice.refuse_move();

CREATE TRIGGER moves BEFORE UPDATE OF status ON notice.delivery FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (
        ('pending', 'delivered'), ('pending', 'skipped'), ('delivered', 'pending'),
        ('skipped', 'pending')))
    EXECUTE FUNCTION notice.refuse_move();

CREATE VIEW ops.notices AS
SELECT notice.number,
       account.login AS reseller,
       notice.kind,
       notice.subject,
       notice.due_at,
       notice.data,
       deliveries.wanted,
       deliveries.delivered,
       notice.id AS notice_id,
       notice.event_id
  FROM notice.notice
  JOIN reseller.account ON account.id = notice.reseller_id
 CROSS JOIN LATERAL (
       SELECT count(*) AS wanted,
              count(*) FILTER (WHERE delivery.status = 'delivered') AS delivered
         FROM notice.delivery
        WHERE delivery.notice_number = notice.number) AS deliveries
 ORDER BY notice.number DESC;
COMMENT ON VIEW ops.notices IS 'What resellers were told, the newest first.';
COMMENT ON COLUMN ops.notices.wanted IS 'Destinations it goes to; 0 = nobody wanted this kind.';
COMMENT ON COLUMN ops.notices.delivered IS 'Destinations that confirmed it.';

CREATE VIEW ops.undelivered_notices AS
SELECT account.login AS reseller,
       destination.channel,
       destination.address,
       destination.status AS destination_status,
       notice.number,
       notice.kind,
       notice.subject,
       notice.due_at,
       delivery.attempts,
       clock_timestamp() - notice.made_at AS waiting,
       destination.attempt_at AS next_attempt_at,
       destination.last_error
  FROM notice.delivery
  JOIN notice.destination ON destination.id = delivery.destination_id
  JOIN notice.notice ON notice.number = delivery.notice_number
  JOIN reseller.account ON account.id = destination.reseller_id
 WHERE delivery.status = 'pending'
 ORDER BY destination.id, notice.number;
COMMENT ON VIEW ops.undelivered_notices IS 'Notices that were not confirmed yet, in the order they are sent for each destination.';
COMMENT ON COLUMN ops.undelivered_notices.attempts IS '0 = waits behind an earlier one.';
COMMENT ON COLUMN ops.undelivered_notices.next_attempt_at IS 'In database time; NULL = parked, until it is resumed.';

CREATE VIEW ops.failing_destinations AS
SELECT account.login AS reseller,
       destination.id AS destination_id,
       destination.channel,
       destination.address,
       destination.status,
       destination.failures,
       destination.failing_since,
       destination.attempt_at AS next_attempt_at,
       destination.parked_at,
       destination.last_error,
       (SELECT count(*)
          FROM notice.delivery
         WHERE delivery.destination_id = destination.id
           AND delivery.status = 'pending') AS undelivered
  FROM notice.destination
  JOIN reseller.account ON account.id = destination.reseller_id
 WHERE destination.status <> 'removed'
   AND (destination.failures > 0 OR destination.status = 'parked')
 ORDER BY destination.failing_since;
COMMENT ON VIEW ops.failing_destinations IS 'Webhooks and mail addresses that do not take their notices; parked ones wait for `gateway notice resume`.';
COMMENT ON COLUMN ops.failing_destinations.last_error IS 'Why the last attempt failed.';
