-- Documents of organizations, and those that operators ask for.

CREATE TABLE organization.document (
    id              uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organization.organization,
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 200 AND name !~ '[[:cntrl:]/\\]'),
    media_type      text NOT NULL CHECK (media_type IN ('application/pdf', 'image/png', 'image/jpeg')),
    sha256          bytea NOT NULL CHECK (length(sha256) = 32),
    content         bytea NOT NULL CHECK (length(content) BETWEEN 1 AND 5242880),
    sent_at         timestamptz NOT NULL,
    decided_on      bigint REFERENCES organization.prevalidation,
    UNIQUE (organization_id, sha256)
);
-- PDF, PNG and JPEG are compressed already.
ALTER TABLE organization.document ALTER COLUMN content SET STORAGE EXTERNAL;
COMMENT ON TABLE organization.document IS 'A document that a reseller sent for the validation of an organization.';
COMMENT ON COLUMN organization.document.id IS 'Internal key.';
COMMENT ON COLUMN organization.document.organization_id IS 'The organization that it is about.';
COMMENT ON COLUMN organization.document.name IS 'Name of the file as it was sent.';
COMMENT ON COLUMN organization.document.media_type IS 'What its first bytes say that it is.';
COMMENT ON COLUMN organization.document.sha256 IS 'SHA-256 of the content: the same bytes are one document of an organization.';
COMMENT ON COLUMN organization.document.content IS 'The file.';
COMMENT ON COLUMN organization.document.sent_at IS 'Business time.';
COMMENT ON COLUMN organization.document.decided_on IS 'The first pre-validation that was approved or rejected while it was there: from then on it is kept. NULL = none.';

CREATE TABLE organization.asked_document (
    id              uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organization.organization,
    text            text NOT NULL CHECK (length(text) BETWEEN 1 AND 500),
    asked_at        timestamptz NOT NULL,
    asked_by        text NOT NULL,
    answered_by     uuid REFERENCES organization.document ON DELETE SET NULL
);
COMMENT ON TABLE organization.asked_document IS 'A document that an operator asks the reseller of an organization for.';
COMMENT ON COLUMN organization.asked_document.id IS 'Internal key.';
COMMENT ON COLUMN organization.asked_document.organization_id IS 'The organization that it is to be about.';
COMMENT ON COLUMN organization.asked_document.text IS 'What is asked for, as the reseller reads it.';
COMMENT ON COLUMN organization.asked_document.asked_at IS 'Business time.';
COMMENT ON COLUMN organization.asked_document.asked_by IS 'Who asked, as in audit.event.';
COMMENT ON COLUMN organization.asked_document.answered_by IS 'The document that was sent for it; NULL = none, or it was removed again.';
CREATE INDEX asked_document_organization ON organization.asked_document (organization_id, asked_at);
CREATE INDEX asked_document_answer ON organization.asked_document (answered_by) WHERE answered_by IS NOT NULL;
