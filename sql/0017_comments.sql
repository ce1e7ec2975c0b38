-- Comments on the columns that had none, so that every one explains itself (\d+ in psql).

COMMENT ON COLUMN acme."authorization".id IS 'The last part of its URL; ids are ordered by time.';
COMMENT ON COLUMN acme."authorization".account_id IS 'The ACME account that asked for it.';
COMMENT ON COLUMN acme."authorization".wildcard IS 'Was it asked for by an order for "*." and the name?';
COMMENT ON COLUMN acme."authorization".status IS 'RFC 8555 §7.1.6; a pending or valid one counts no more after expires_at.';
COMMENT ON COLUMN acme."authorization".expires_at IS 'Last instant at which it can be completed, or used.';
COMMENT ON COLUMN acme."authorization".created_at IS 'Business time at which it was made.';

COMMENT ON COLUMN acme."order".id IS 'The last part of its URL; ids are ordered by time.';
COMMENT ON COLUMN acme."order".account_id IS 'The ACME account that placed it.';
COMMENT ON COLUMN acme."order".status IS 'RFC 8555 §7.1.6.';
COMMENT ON COLUMN acme."order".profile IS 'Name of the certificate profile.';
COMMENT ON COLUMN acme."order".not_before IS 'notBefore as the client asked for it; NULL = not asked for.';
COMMENT ON COLUMN acme."order".not_after IS 'notAfter as the client asked for it; NULL = not asked for.';
COMMENT ON COLUMN acme."order".expires_at IS 'Last instant at which it can be finalized.';
COMMENT ON COLUMN acme."order".created_at IS 'Business time at which it was placed.';

COMMENT ON COLUMN acme.account.id IS 'acmeAccountID; the last part of its URL.';
COMMENT ON COLUMN acme.account.server_id IS 'The server it belongs to.';
COMMENT ON COLUMN acme.account.status IS 'pending = pre-registered, no client yet; valid; deactivated = for good.';
COMMENT ON COLUMN acme.account.jwk IS 'Public key of the account (RFC 7517); NULL = pending.';
COMMENT ON COLUMN acme.account.contacts IS 'mailto URLs of the client.';
COMMENT ON COLUMN acme.account.user_agent IS 'User-Agent of the last request that was admitted.';
COMMENT ON COLUMN acme.account.ip_address IS 'Network address of the last request that was admitted.';
COMMENT ON COLUMN acme.account.last_activity IS 'Business time of that request; written some seconds later.';
COMMENT ON COLUMN acme.account.created_at IS 'Business time at which it was registered or pre-registered.';

COMMENT ON COLUMN acme.challenge.id IS 'The last part of its URL.';
COMMENT ON COLUMN acme.challenge.authorization_id IS 'The authorization that it can complete.';
COMMENT ON COLUMN acme.challenge.type IS 'http-01, dns-01, tls-alpn-01 or another registered type.';
COMMENT ON COLUMN acme.challenge.token IS 'Random value that the client must show (RFC 8555 §8.1).';
COMMENT ON COLUMN acme.challenge.status IS 'RFC 8555 §7.1.6.';
COMMENT ON COLUMN acme.challenge.attempts IS 'How often it was tried.';
COMMENT ON COLUMN acme.challenge.error IS 'Problem document of the last attempt that failed.';

COMMENT ON COLUMN acme.nonce.nonce IS 'A nonce of the present epoch that was used.';

COMMENT ON COLUMN acme.nonce_epoch.only_row IS 'Always true: the table has one row.';
COMMENT ON COLUMN acme.nonce_epoch.epoch IS 'Nonces of other epochs are refused; grows when the used ones are lost.';

COMMENT ON COLUMN acme.order_identifier.order_id IS 'The order.';
COMMENT ON COLUMN acme.order_identifier.position IS 'Place in the client''s list, from 0.';
COMMENT ON COLUMN acme.order_identifier.name IS 'The DNS name, "*." included.';
COMMENT ON COLUMN acme.order_identifier.authorization_id IS 'The authorization that proves control over the name.';

COMMENT ON COLUMN acme.server.id IS 'Internal key.';
COMMENT ON COLUMN acme.server.name IS 'Name in commands and messages.';
COMMENT ON COLUMN acme.server.path IS 'Path of its directory, below public_url.';
COMMENT ON COLUMN acme.server.validation IS 'DV, or OV = names lean on a validated organization.';
COMMENT ON COLUMN acme.server.product_id IS 'productID of LISTSERVERS.';
COMMENT ON COLUMN acme.server.description IS 'Text of LISTSERVERS.';

COMMENT ON COLUMN acme.signer.account_id IS 'acmeAccountID.';
COMMENT ON COLUMN acme.signer.server_id IS 'The server the account belongs to.';
COMMENT ON COLUMN acme.signer.account_status IS 'Status of the account.';
COMMENT ON COLUMN acme.signer.account_suspended IS 'Is the account suspended?';
COMMENT ON COLUMN acme.signer.key_version IS 'Version of the account''s key.';
COMMENT ON COLUMN acme.signer.agreed_terms IS 'URL of the terms of service that the client agreed to; empty if there were none.';
COMMENT ON COLUMN acme.signer.kid IS 'The EAB credential of the account.';
COMMENT ON COLUMN acme.signer.eab_status IS 'Status of the credential.';
COMMENT ON COLUMN acme.signer.eab_suspended IS 'Is the credential suspended?';
COMMENT ON COLUMN acme.signer.eab_version IS 'Version of the credential; grows with each change.';

COMMENT ON COLUMN audit.event.id IS 'Order in which events were written.';
COMMENT ON COLUMN audit.event.before IS 'What changed, as it was; NULL = there was nothing.';
COMMENT ON COLUMN audit.event.after IS 'What changed, as it is now; NULL = there is nothing any more.';

COMMENT ON COLUMN ca.alternate_chain.issuer_id IS 'The issuer whose certificates it is for.';
COMMENT ON COLUMN ca.alternate_chain.number IS 'Its place among the alternatives, from 1.';
COMMENT ON COLUMN ca.alternate_chain.added_at IS 'Business time at which an operator added it.';

COMMENT ON COLUMN ca.certificate.issuer_id IS 'The issuer that signed it.';
COMMENT ON COLUMN ca.certificate.order_id IS 'The ACME order it was issued for; NULL = an SSL certificate order''s.';
COMMENT ON COLUMN ca.certificate.account_id IS 'The ACME account it was issued to; NULL = an SSL certificate order''s.';
COMMENT ON COLUMN ca.certificate.names IS 'DNS names in it, "*." included.';
COMMENT ON COLUMN ca.certificate.not_before IS 'First instant of its validity.';
COMMENT ON COLUMN ca.certificate.not_after IS 'Last second of its validity.';
COMMENT ON COLUMN ca.certificate.der IS 'The certificate, DER.';
COMMENT ON COLUMN ca.certificate.issued_at IS 'Business time at which it was stored.';

COMMENT ON COLUMN ca.crl.issuer_id IS 'The issuer that signed it.';
COMMENT ON COLUMN ca.crl.number IS 'CRL number (RFC 5280 §5.2.3); grows.';
COMMENT ON COLUMN ca.crl.der IS 'The CRL, DER.';
COMMENT ON COLUMN ca.crl.this_update IS 'When it was made.';
COMMENT ON COLUMN ca.crl.next_update IS 'When the next one is there at the latest.';

COMMENT ON COLUMN ca.issuer.id IS 'Internal key.';
COMMENT ON COLUMN ca.issuer.name IS 'Stem of its URLs.';
COMMENT ON COLUMN ca.issuer.created_at IS 'When it was first registered here.';

COMMENT ON COLUMN ca.lint_finding.id IS 'Order in which they were found.';
COMMENT ON COLUMN ca.lint_finding.serial IS 'Serial number of the certificate, hexadecimal.';
COMMENT ON COLUMN ca.lint_finding.findings IS 'What pkilint found, one text each.';
COMMENT ON COLUMN ca.lint_finding.found_at IS 'Business time.';

COMMENT ON COLUMN ca.revocation.serial IS 'Serial number of the certificate, hexadecimal.';
COMMENT ON COLUMN ca.revocation.revoked_at IS 'Business time of the revocation.';
COMMENT ON COLUMN ca.revocation.reason IS 'CRLReason (RFC 5280 §5.3.1): 0 unspecified, 1 key compromise, 4 superseded, …';

COMMENT ON COLUMN job.log.id IS 'Order in which entries were written.';
COMMENT ON COLUMN job.log.created IS 'When this was written.';
COMMENT ON COLUMN job.log.job_id IS 'The unit, job.queue.id.';
COMMENT ON COLUMN job.log.status IS 'What became of the unit.';
COMMENT ON COLUMN job.log.priority IS 'Of pgqueuer; always the same here.';
COMMENT ON COLUMN job.log.entrypoint IS 'Kind of work.';
COMMENT ON COLUMN job.log.traceback IS 'What the attempt failed of; NULL = it did not fail.';
COMMENT ON COLUMN job.log.aggregated IS 'Of pgqueuer; not used.';

COMMENT ON COLUMN job.queue.id IS 'Number of the unit, as in gateway jobs retry.';
COMMENT ON COLUMN job.queue.priority IS 'Of pgqueuer; always the same here.';
COMMENT ON COLUMN job.queue.queue_manager_id IS 'The process that works on it; NULL = none.';
COMMENT ON COLUMN job.queue.created IS 'When it was queued.';
COMMENT ON COLUMN job.queue.updated IS 'When the row was last changed.';
COMMENT ON COLUMN job.queue.execute_after IS 'Not before this instant: the wait after a failed attempt.';
COMMENT ON COLUMN job.queue.status IS 'queued = waits; picked = a process works on it; failed = waits for an operator.';
COMMENT ON COLUMN job.queue.entrypoint IS 'Kind of work.';
COMMENT ON COLUMN job.queue.payload IS 'JSON with the subject and the business time at which it became due.';
COMMENT ON COLUMN job.queue.headers IS 'Of pgqueuer; not used.';
COMMENT ON COLUMN job.queue.attempts IS 'How often it failed.';
COMMENT ON COLUMN job.queue.slot IS 'Of pgqueuer; not used.';

COMMENT ON COLUMN job.schedule.id IS 'Internal key.';
COMMENT ON COLUMN job.schedule.expression IS 'When it is done, in the form of cron.';
COMMENT ON COLUMN job.schedule.entrypoint IS 'Kind of work.';
COMMENT ON COLUMN job.schedule.heartbeat IS 'Renewed while a process works on it.';
COMMENT ON COLUMN job.schedule.created IS 'When it was first planned.';
COMMENT ON COLUMN job.schedule.updated IS 'When the row was last changed.';
COMMENT ON COLUMN job.schedule.next_run IS 'When it is done next.';
COMMENT ON COLUMN job.schedule.last_run IS 'When it was done last.';
COMMENT ON COLUMN job.schedule.status IS 'picked = a process works on it.';

COMMENT ON COLUMN job.statistics.id IS 'Of pgqueuer; not used.';
COMMENT ON COLUMN job.statistics.created IS 'Of pgqueuer; not used.';
COMMENT ON COLUMN job.statistics.count IS 'Of pgqueuer; not used.';
COMMENT ON COLUMN job.statistics.priority IS 'Of pgqueuer; not used.';
COMMENT ON COLUMN job.statistics.status IS 'Of pgqueuer; not used.';
COMMENT ON COLUMN job.statistics.entrypoint IS 'Of pgqueuer; not used.';

COMMENT ON COLUMN notice.cursor.only_row IS 'Always true: the table has one row.';

COMMENT ON COLUMN notice.delivery.destination_id IS 'Where it goes.';
COMMENT ON COLUMN notice.delivery.notice_number IS 'What goes there.';

COMMENT ON COLUMN notice.destination.id IS 'destinationID of the action API.';
COMMENT ON COLUMN notice.destination.reseller_id IS 'Whose it is.';
COMMENT ON COLUMN notice.destination.channel IS 'webhook or mail.';
COMMENT ON COLUMN notice.destination.kinds IS 'Kinds of notices that are sent there.';
COMMENT ON COLUMN notice.destination.created_at IS 'Business time at which it was added.';
COMMENT ON COLUMN notice.destination.last_error IS 'Why the last attempt failed; NULL = it did not.';
COMMENT ON COLUMN notice.destination.parked_at IS 'Database time at which the gateway gave up; NULL = it never did.';

COMMENT ON COLUMN notice.notice.reseller_id IS 'Who is told.';
COMMENT ON COLUMN notice.notice.kind IS 'What happened, such as subscription.expiring.';
COMMENT ON COLUMN notice.notice.data IS 'What the payload tells beside kind, subject and time.';

COMMENT ON COLUMN notice.refusal_told.kid IS 'EAB key identifier.';
COMMENT ON COLUMN notice.refusal_told.day IS 'UTC day of business time.';
COMMENT ON COLUMN notice.refusal_told.reason IS 'Reason of the refusal.';
COMMENT ON COLUMN notice.refusal_told.name IS 'Domain name that was refused.';
COMMENT ON COLUMN notice.refusal_told.event_id IS 'The audit event that was told.';

COMMENT ON COLUMN notice.setting.reseller_id IS 'Whose it is.';

COMMENT ON COLUMN ops.certificate_order_reviews.cert_id IS 'For gateway certificate-order approve|reject.';
COMMENT ON COLUMN ops.certificate_order_reviews.reseller IS 'Login of the reseller.';
COMMENT ON COLUMN ops.certificate_order_reviews.names IS 'Domain names of the order.';
COMMENT ON COLUMN ops.certificate_order_reviews.organization IS 'What the applicant says about the organization.';
COMMENT ON COLUMN ops.certificate_order_reviews.submitted_at IS 'Business time at which the CSR was handed in.';

COMMENT ON COLUMN ops.certificate_orders.cert_id IS 'Its number in the certificate-order API.';
COMMENT ON COLUMN ops.certificate_orders.reseller IS 'Login of the reseller.';
COMMENT ON COLUMN ops.certificate_orders.order_number IS 'The purchase in ops.purchases; NULL = not bought here.';
COMMENT ON COLUMN ops.certificate_orders.brand IS 'What it was sold as.';
COMMENT ON COLUMN ops.certificate_orders.type IS 'DV_SSL_CERT or OV_SSL_CERT.';
COMMENT ON COLUMN ops.certificate_orders.names IS 'Domain names, "*." included.';
COMMENT ON COLUMN ops.certificate_orders.status IS 'As the customer is shown it now (reseller-api.md §8).';
COMMENT ON COLUMN ops.certificate_orders.paid IS 'Price: cash part and coupon part together.';
COMMENT ON COLUMN ops.certificate_orders.coupon IS 'Part that a coupon paid; never paid back.';
COMMENT ON COLUMN ops.certificate_orders.cash IS 'Part that was debited.';
COMMENT ON COLUMN ops.certificate_orders.refunded IS 'Amount paid back.';
COMMENT ON COLUMN ops.certificate_orders.currency IS 'ISO 4217.';
COMMENT ON COLUMN ops.certificate_orders.purchased_at IS 'Business time of the purchase.';
COMMENT ON COLUMN ops.certificate_orders.serial IS 'Serial number of the newest certificate, hexadecimal.';
COMMENT ON COLUMN ops.certificate_orders.expires_at IS 'Last second of validity of that certificate.';
COMMENT ON COLUMN ops.certificate_orders.revoked_at IS 'When the revocation was complete.';
COMMENT ON COLUMN ops.certificate_orders.updated_at IS 'Business time of the last change.';

COMMENT ON COLUMN ops.certificates_by_domain.name IS 'Domain name, "*." included.';
COMMENT ON COLUMN ops.certificates_by_domain.reseller IS 'Login of the reseller.';
COMMENT ON COLUMN ops.certificates_by_domain.kid IS 'EAB key identifier of the account.';
COMMENT ON COLUMN ops.certificates_by_domain.account_id IS 'ACME account it was issued to.';
COMMENT ON COLUMN ops.certificates_by_domain.serial IS 'Serial number, hexadecimal.';
COMMENT ON COLUMN ops.certificates_by_domain.order_id IS 'ACME order it was issued for.';
COMMENT ON COLUMN ops.certificates_by_domain.issued_at IS 'Business time at which it was issued.';
COMMENT ON COLUMN ops.certificates_by_domain.not_before IS 'First instant of its validity.';
COMMENT ON COLUMN ops.certificates_by_domain.not_after IS 'Last second of its validity.';
COMMENT ON COLUMN ops.certificates_by_domain.revoked_at IS 'When it was revoked; NULL = it was not.';
COMMENT ON COLUMN ops.certificates_by_domain.revocation_reason IS 'CRLReason (RFC 5280 §5.3.1); NULL = not revoked.';

COMMENT ON COLUMN ops.daily_revenue.day IS 'UTC day of business time.';
COMMENT ON COLUMN ops.daily_revenue.currency IS 'ISO 4217.';
COMMENT ON COLUMN ops.daily_revenue.charged IS 'Cost of what was bought on the day.';
COMMENT ON COLUMN ops.daily_revenue.revenue IS 'Charged less refunded.';

COMMENT ON COLUMN ops.domains.name IS 'Domain name, "*." included.';
COMMENT ON COLUMN ops.domains.reseller IS 'Login of the reseller.';
COMMENT ON COLUMN ops.domains.kid IS 'EAB key identifier.';
COMMENT ON COLUMN ops.domains.subscription_state IS 'active, grace or expired: that of its subscription.';
COMMENT ON COLUMN ops.domains.expires_at IS 'Last second of its subscription.';
COMMENT ON COLUMN ops.domains.order_number IS 'The purchase that added it.';
COMMENT ON COLUMN ops.domains.added_at IS 'Business time at which it was added.';
COMMENT ON COLUMN ops.domains.added_by IS 'The acmeAccountID that ADDDOMAIN named.';

COMMENT ON COLUMN ops.expiring_soon.reseller IS 'Login of the reseller.';
COMMENT ON COLUMN ops.expiring_soon.kid IS 'EAB key identifier.';
COMMENT ON COLUMN ops.expiring_soon.server IS 'Name of the server.';
COMMENT ON COLUMN ops.expiring_soon.expires_at IS 'Last second of validity.';
COMMENT ON COLUMN ops.expiring_soon.days_left IS 'Full days until expiry.';
COMMENT ON COLUMN ops.expiring_soon.paid_names IS 'Listed names that were paid for.';
COMMENT ON COLUMN ops.expiring_soon.free_names IS 'Listed names that cost nothing.';

COMMENT ON COLUMN ops.failing_destinations.reseller IS 'Login of the reseller.';
COMMENT ON COLUMN ops.failing_destinations.destination_id IS 'For gateway notice resume and its kin.';
COMMENT ON COLUMN ops.failing_destinations.channel IS 'webhook or mail.';
COMMENT ON COLUMN ops.failing_destinations.address IS 'URL or mail address.';
COMMENT ON COLUMN ops.failing_destinations.status IS 'active or parked.';
COMMENT ON COLUMN ops.failing_destinations.failures IS 'Attempts in a row that failed.';
COMMENT ON COLUMN ops.failing_destinations.failing_since IS 'Database time of the first of those.';
COMMENT ON COLUMN ops.failing_destinations.next_attempt_at IS 'Database time; NULL = parked, until it is resumed.';
COMMENT ON COLUMN ops.failing_destinations.parked_at IS 'Database time at which the gateway gave up.';
COMMENT ON COLUMN ops.failing_destinations.undelivered IS 'Notices that wait.';

COMMENT ON COLUMN ops.in_grace.reseller IS 'Login of the reseller.';
COMMENT ON COLUMN ops.in_grace.kid IS 'EAB key identifier.';
COMMENT ON COLUMN ops.in_grace.server IS 'Name of the server.';
COMMENT ON COLUMN ops.in_grace.expires_at IS 'Last second of validity.';
COMMENT ON COLUMN ops.in_grace.grace_ends_at IS 'Last second in which it can be extended.';
COMMENT ON COLUMN ops.in_grace.paid_names IS 'Listed names that were paid for.';
COMMENT ON COLUMN ops.in_grace.free_names IS 'Listed names that cost nothing.';

COMMENT ON COLUMN ops.issuance_refusals.name IS 'Domain name that was refused.';
COMMENT ON COLUMN ops.issuance_refusals.at IS 'Business time.';
COMMENT ON COLUMN ops.issuance_refusals.reason IS 'A stable word for why.';
COMMENT ON COLUMN ops.issuance_refusals.source IS 'Network address the request came from.';
COMMENT ON COLUMN ops.issuance_refusals.subject IS 'The EAB key identifier or the order it was about.';
COMMENT ON COLUMN ops.issuance_refusals.event_id IS 'The row of audit.event.';

COMMENT ON COLUMN ops.jobs.kind IS 'Kind of work.';
COMMENT ON COLUMN ops.jobs.subject IS 'What it is about; NULL = periodic work.';
COMMENT ON COLUMN ops.jobs.state IS 'waiting, running or failed.';
COMMENT ON COLUMN ops.jobs.attempts IS 'How often it failed.';
COMMENT ON COLUMN ops.jobs.not_before IS 'Not before this instant.';
COMMENT ON COLUMN ops.jobs.heartbeat IS 'Renewed while a process works on it.';

COMMENT ON COLUMN ops.jobs_due.job_id IS 'For gateway jobs retry; NULL = periodic work.';
COMMENT ON COLUMN ops.jobs_due.kind IS 'Kind of work.';
COMMENT ON COLUMN ops.jobs_due.subject IS 'What it is about; NULL = periodic work.';
COMMENT ON COLUMN ops.jobs_due.due_at IS 'Business time at which it became due; NULL = periodic work.';
COMMENT ON COLUMN ops.jobs_due.attempts IS 'How often it failed.';
COMMENT ON COLUMN ops.jobs_due.queued_at IS 'When it was queued; periodic work: when it was done last.';
COMMENT ON COLUMN ops.jobs_due.not_before IS 'Not before this instant.';
COMMENT ON COLUMN ops.jobs_due.problem IS 'What the last attempt failed of.';

COMMENT ON COLUMN ops.jobs_failed.job_id IS 'For gateway jobs retry.';
COMMENT ON COLUMN ops.jobs_failed.kind IS 'Kind of work.';
COMMENT ON COLUMN ops.jobs_failed.subject IS 'What it is about.';
COMMENT ON COLUMN ops.jobs_failed.due_at IS 'Business time at which it became due.';
COMMENT ON COLUMN ops.jobs_failed.attempts IS 'How often it failed.';
COMMENT ON COLUMN ops.jobs_failed.queued_at IS 'When it was queued.';
COMMENT ON COLUMN ops.jobs_failed.problem IS 'What the last attempt failed of.';

COMMENT ON COLUMN ops.jobs_running.job_id IS 'Number of the unit; NULL = periodic work.';
COMMENT ON COLUMN ops.jobs_running.kind IS 'Kind of work.';
COMMENT ON COLUMN ops.jobs_running.subject IS 'What it is about; NULL = periodic work.';
COMMENT ON COLUMN ops.jobs_running.due_at IS 'Business time at which it became due; NULL = periodic work.';
COMMENT ON COLUMN ops.jobs_running.attempts IS 'How often it failed before.';
COMMENT ON COLUMN ops.jobs_running.queued_at IS 'When it was queued; periodic work: when it was done last.';
COMMENT ON COLUMN ops.jobs_running.heartbeat IS 'Renewed while a process works on it; an old one is taken over.';

COMMENT ON COLUMN ops.ledger_mismatch.problem IS 'What does not agree.';
COMMENT ON COLUMN ops.ledger_mismatch.reseller IS 'Login of the reseller.';
COMMENT ON COLUMN ops.ledger_mismatch.order_number IS 'The purchase; NULL = it is about the balance.';
COMMENT ON COLUMN ops.ledger_mismatch.stated IS 'Amount in the row.';
COMMENT ON COLUMN ops.ledger_mismatch.computed IS 'Amount that the ledger, or the names, give.';

COMMENT ON COLUMN ops.licences.number IS 'The site id that customers are shown.';
COMMENT ON COLUMN ops.licences.reseller IS 'Login of the reseller.';
COMMENT ON COLUMN ops.licences.domain_name IS 'Domain name that it protects.';
COMMENT ON COLUMN ops.licences.product IS 'Product number.';
COMMENT ON COLUMN ops.licences.days IS 'Length of the licence: 365 annual, 30 monthly, 0 bought once.';
COMMENT ON COLUMN ops.licences.period_started_at IS 'Purchase or last renewal.';
COMMENT ON COLUMN ops.licences.expires_at IS 'The first instant without protection; NULL = bought once.';
COMMENT ON COLUMN ops.licences.ended_at IS 'When it expired, was cancelled or refunded; NULL = it goes on.';
COMMENT ON COLUMN ops.licences.add_ons IS 'Product numbers of the add-ons it has.';
COMMENT ON COLUMN ops.licences.order_numbers IS 'Purchases that were for it.';

COMMENT ON COLUMN ops.lint_findings.found_at IS 'Business time.';
COMMENT ON COLUMN ops.lint_findings.serial IS 'Serial number, hexadecimal.';
COMMENT ON COLUMN ops.lint_findings.refused IS 'true = it was not signed for that.';
COMMENT ON COLUMN ops.lint_findings.findings IS 'What pkilint found, one text each.';
COMMENT ON COLUMN ops.lint_findings.names IS 'Domain names in it; NULL = it was not signed.';
COMMENT ON COLUMN ops.lint_findings.account_id IS 'ACME account it was issued to.';

COMMENT ON COLUMN ops.low_balances.reseller IS 'Login of the reseller.';
COMMENT ON COLUMN ops.low_balances.currency IS 'ISO 4217.';
COMMENT ON COLUMN ops.low_balances.balance IS 'Sum of the ledger.';
COMMENT ON COLUMN ops.low_balances.credit_limit IS 'How far below zero the balance may go.';

COMMENT ON COLUMN ops.notices.number IS 'The order in which notices are delivered.';
COMMENT ON COLUMN ops.notices.reseller IS 'Login of who is told.';
COMMENT ON COLUMN ops.notices.kind IS 'What happened, such as subscription.expiring.';
COMMENT ON COLUMN ops.notices.subject IS 'What it is about.';
COMMENT ON COLUMN ops.notices.due_at IS 'Business time of what it tells.';
COMMENT ON COLUMN ops.notices.data IS 'What the payload tells beside kind, subject and time.';
COMMENT ON COLUMN ops.notices.notice_id IS 'In webhook-id and Message-ID.';
COMMENT ON COLUMN ops.notices.event_id IS 'The row of audit.event it was made from; NULL = a test notice.';

COMMENT ON COLUMN ops.organizations.organization_id IS 'organizationID of the action API.';
COMMENT ON COLUMN ops.organizations.reseller IS 'Login of the reseller.';
COMMENT ON COLUMN ops.organizations.name IS 'Legal name.';
COMMENT ON COLUMN ops.organizations.locality IS 'Town; empty = not stated.';
COMMENT ON COLUMN ops.organizations.state_or_province IS 'Empty = not stated.';
COMMENT ON COLUMN ops.organizations.country IS 'ISO 3166-1 alpha-2.';
COMMENT ON COLUMN ops.organizations.applicant_name IS 'The person who applies in its name.';
COMMENT ON COLUMN ops.organizations.applicant_email IS 'Mail address of that person.';
COMMENT ON COLUMN ops.organizations.identifiers IS 'Text by kind: registrationNumber, vatNumber, lei, duns.';
COMMENT ON COLUMN ops.organizations.created_at IS 'Business time at which it was added.';
COMMENT ON COLUMN ops.organizations.changed_at IS 'When the details were stated last.';

COMMENT ON COLUMN ops.prevalidations.number IS 'The anchor order number.';
COMMENT ON COLUMN ops.prevalidations.reseller IS 'Login of the reseller.';
COMMENT ON COLUMN ops.prevalidations.organization_id IS 'organizationID of the action API.';
COMMENT ON COLUMN ops.prevalidations.type IS 'OV, EV or OV+SMIME.';
COMMENT ON COLUMN ops.prevalidations.state IS 'requested, in_validation, valid, expired, rejected or superseded, as it is now.';
COMMENT ON COLUMN ops.prevalidations.requested_at IS 'Business time of the order.';
COMMENT ON COLUMN ops.prevalidations.valid_from IS 'NULL = not yet valid, or validated elsewhere.';
COMMENT ON COLUMN ops.prevalidations.expires_at IS 'Last second of validity.';
COMMENT ON COLUMN ops.prevalidations.previous_number IS 'The pre-validation that it renews.';
COMMENT ON COLUMN ops.prevalidations.evidence IS 'Notes of those who validated.';

COMMENT ON COLUMN ops.prevalidations_expiring.number IS 'The anchor order number.';
COMMENT ON COLUMN ops.prevalidations_expiring.reseller IS 'Login of the reseller.';
COMMENT ON COLUMN ops.prevalidations_expiring.organization IS 'Name as validated.';
COMMENT ON COLUMN ops.prevalidations_expiring.type IS 'OV, EV or OV+SMIME.';
COMMENT ON COLUMN ops.prevalidations_expiring.state IS 'valid or expired.';
COMMENT ON COLUMN ops.prevalidations_expiring.expires_at IS 'Last second of validity.';
COMMENT ON COLUMN ops.prevalidations_expiring.days_left IS 'Full days until expiry; negative = since when it is over.';
COMMENT ON COLUMN ops.prevalidations_expiring.names IS 'Names of subscriptions that lean on it.';

COMMENT ON COLUMN ops.purchases.order_number IS 'orderNumber of the action API.';
COMMENT ON COLUMN ops.purchases.reseller IS 'Login of the reseller.';
COMMENT ON COLUMN ops.purchases.kind IS 'add_domain, extend_domains, buy_certificate or order_product.';
COMMENT ON COLUMN ops.purchases.cost IS 'What was charged.';
COMMENT ON COLUMN ops.purchases.currency IS 'ISO 4217.';
COMMENT ON COLUMN ops.purchases.days IS 'Number of days the cost pays for.';
COMMENT ON COLUMN ops.purchases.purchased_at IS 'Business time of the purchase.';
COMMENT ON COLUMN ops.purchases.refunded IS 'Amount paid back.';
COMMENT ON COLUMN ops.purchases.refunded_at IS 'Business time of the refund; NULL = there was none.';
COMMENT ON COLUMN ops.purchases.kid IS 'EAB key identifier of the subscription; NULL = not for a subscription.';

COMMENT ON COLUMN ops.refunds_after_issuance.reseller IS 'Login of the reseller.';
COMMENT ON COLUMN ops.refunds_after_issuance.currency IS 'ISO 4217.';
COMMENT ON COLUMN ops.refunds_after_issuance.names IS 'How many names.';
COMMENT ON COLUMN ops.refunds_after_issuance.refunded IS 'What was paid back for them.';

COMMENT ON COLUMN ops.stuck_orders.order_id IS 'The last part of its URL.';
COMMENT ON COLUMN ops.stuck_orders.reseller IS 'Login of the reseller.';
COMMENT ON COLUMN ops.stuck_orders.kid IS 'EAB key identifier of the account.';
COMMENT ON COLUMN ops.stuck_orders.account_id IS 'ACME account that placed it.';
COMMENT ON COLUMN ops.stuck_orders.created_at IS 'Business time at which it was placed.';
COMMENT ON COLUMN ops.stuck_orders.age IS 'How long ago that was.';
COMMENT ON COLUMN ops.stuck_orders.names IS 'Domain names of the order.';

COMMENT ON COLUMN ops.subscriptions.reseller IS 'Login of the reseller.';
COMMENT ON COLUMN ops.subscriptions.server IS 'Name of the server.';
COMMENT ON COLUMN ops.subscriptions.subscription_id IS 'Internal key.';
COMMENT ON COLUMN ops.subscriptions.started_at IS 'Business time at which its first name was added.';
COMMENT ON COLUMN ops.subscriptions.expires_at IS 'Last second of validity, 23:59:59 UTC.';
COMMENT ON COLUMN ops.subscriptions.paid_names IS 'Listed names that were paid for.';
COMMENT ON COLUMN ops.subscriptions.free_names IS 'Listed names that cost nothing.';

COMMENT ON COLUMN ops.undelivered_notices.reseller IS 'Login of who is told.';
COMMENT ON COLUMN ops.undelivered_notices.channel IS 'webhook or mail.';
COMMENT ON COLUMN ops.undelivered_notices.address IS 'URL or mail address.';
COMMENT ON COLUMN ops.undelivered_notices.destination_status IS 'active or parked.';
COMMENT ON COLUMN ops.undelivered_notices.number IS 'The order in which notices are delivered.';
COMMENT ON COLUMN ops.undelivered_notices.kind IS 'What happened, such as subscription.expiring.';
COMMENT ON COLUMN ops.undelivered_notices.subject IS 'What it is about.';
COMMENT ON COLUMN ops.undelivered_notices.due_at IS 'Business time of what it tells.';
COMMENT ON COLUMN ops.undelivered_notices.waiting IS 'How long it has waited, in real time.';
COMMENT ON COLUMN ops.undelivered_notices.last_error IS 'Why the last attempt at the destination failed.';

COMMENT ON COLUMN ops.unsubscriptions.id IS 'For gateway unsubscription approve|reject.';
COMMENT ON COLUMN ops.unsubscriptions.status IS 'waiting, approved, rejected, or failed = the certificate was used in between.';
COMMENT ON COLUMN ops.unsubscriptions.cert_id IS 'The certificate order.';
COMMENT ON COLUMN ops.unsubscriptions.reseller IS 'Login of the reseller.';
COMMENT ON COLUMN ops.unsubscriptions.names IS 'Domain names of the order.';
COMMENT ON COLUMN ops.unsubscriptions.certificate_status IS 'Status of the certificate order.';
COMMENT ON COLUMN ops.unsubscriptions.order_number IS 'The purchase.';
COMMENT ON COLUMN ops.unsubscriptions.currency IS 'ISO 4217.';
COMMENT ON COLUMN ops.unsubscriptions.requested_at IS 'Business time of the request.';
COMMENT ON COLUMN ops.unsubscriptions.decided_at IS 'Business time of the decision; NULL = it waits.';
COMMENT ON COLUMN ops.unsubscriptions.decided_by IS 'Who decided.';
COMMENT ON COLUMN ops.unsubscriptions.reason IS 'Why it was rejected or failed.';
COMMENT ON COLUMN ops.unsubscriptions.refunded IS 'Cash paid back.';

COMMENT ON COLUMN organization.link.subscription_id IS 'The subscription that lists the name.';
COMMENT ON COLUMN organization.link.name IS 'Domain name, "*." included.';
COMMENT ON COLUMN organization.link.number IS 'The anchor order number; NULL = none.';
COMMENT ON COLUMN organization.link.state IS 'State of the pre-validation as last written.';
COMMENT ON COLUMN organization.link.valid_from IS 'NULL = not yet valid, or validated elsewhere.';
COMMENT ON COLUMN organization.link.expires_at IS 'Last second of validity of the pre-validation.';
COMMENT ON COLUMN organization.link.organization_id IS 'The organization that was validated.';
COMMENT ON COLUMN organization.link.details IS 'The organization''s details that were validated.';

COMMENT ON COLUMN organization.organization.id IS 'organizationID of the action API.';
COMMENT ON COLUMN organization.organization.reseller_id IS 'Whose it is.';
COMMENT ON COLUMN organization.organization.street IS 'Street address; empty = not stated.';
COMMENT ON COLUMN organization.organization.locality IS 'Town; empty = not stated.';
COMMENT ON COLUMN organization.organization.state_or_province IS 'Empty = not stated.';
COMMENT ON COLUMN organization.organization.postal_code IS 'Empty = not stated.';
COMMENT ON COLUMN organization.organization.applicant_email IS 'Mail address of the applicant; empty = not stated.';
COMMENT ON COLUMN organization.organization.applicant_phone IS 'Phone number of the applicant; empty = not stated.';
COMMENT ON COLUMN organization.organization.created_at IS 'Business time at which it was added.';

COMMENT ON COLUMN organization.prevalidation.organization_id IS 'The organization that it is about.';
COMMENT ON COLUMN organization.prevalidation.reseller_id IS 'Whose it is: that of the organization.';
COMMENT ON COLUMN organization.prevalidation.type IS 'OV, EV or OV+SMIME.';
COMMENT ON COLUMN organization.prevalidation.requested_at IS 'Business time of the order.';

COMMENT ON COLUMN organization.prevalidation_domain.number IS 'The pre-validation.';
COMMENT ON COLUMN organization.prevalidation_domain.name IS 'Domain name; what is below it is covered too.';

COMMENT ON COLUMN product.add_on.id IS 'Internal key.';
COMMENT ON COLUMN product.add_on.licence_id IS 'The licence that has it.';
COMMENT ON COLUMN product.add_on.product IS 'Product number.';
COMMENT ON COLUMN product.add_on.expires_at IS 'The first instant without it.';

COMMENT ON COLUMN product.inactive_partner.account_id IS 'The reseller.';
COMMENT ON COLUMN product.inactive_partner.since IS 'Business time at which an operator said so.';

COMMENT ON COLUMN product.licence.id IS 'Internal key.';
COMMENT ON COLUMN product.licence.reseller_id IS 'Whose it is.';
COMMENT ON COLUMN product.licence.domain_name IS 'Domain name that it protects.';
COMMENT ON COLUMN product.licence.product IS 'Product number.';
COMMENT ON COLUMN product.licence.email IS 'appRepEmailAddress of the order.';
COMMENT ON COLUMN product.licence.organization IS 'Address fields of the order by name.';
COMMENT ON COLUMN product.licence.status IS 'active, expired, cancelled or refunded, as last written.';
COMMENT ON COLUMN product.licence.created_at IS 'Business time of the order.';

COMMENT ON COLUMN product.order_line.order_number IS 'The purchase.';
COMMENT ON COLUMN product.order_line.product IS 'Product number.';
COMMENT ON COLUMN product.order_line.licence_id IS 'The licence it was bought for.';
COMMENT ON COLUMN product.order_line.kind IS 'order, renewal, upgrade or add_on.';
COMMENT ON COLUMN product.order_line.cost IS 'Its share of the cost of the purchase.';

COMMENT ON COLUMN product.price.id IS 'Internal key.';
COMMENT ON COLUMN product.price.account_id IS 'The reseller; NULL = the default list.';
COMMENT ON COLUMN product.price.product IS 'Product number.';
COMMENT ON COLUMN product.price.days IS 'Length of the licence; 0 = bought once.';
COMMENT ON COLUMN product.price.amount IS 'What it costs.';

COMMENT ON COLUMN reseller.account.id IS 'Internal key.';
COMMENT ON COLUMN reseller.account.login IS 'loginName of the action API.';
COMMENT ON COLUMN reseller.account.status IS 'active; suspended = logs in, and may do nothing.';
COMMENT ON COLUMN reseller.account.currency IS 'ISO 4217; all its amounts are in it.';
COMMENT ON COLUMN reseller.account.renewal_mode IS 'auto = pre-validations in use are renewed by the gateway; manual = the reseller orders.';
COMMENT ON COLUMN reseller.account.failed_logins IS 'Wrong passwords in a row; counted anew after a lock.';
COMMENT ON COLUMN reseller.account.locked_until IS 'No login until then, in business time; NULL = never locked.';
COMMENT ON COLUMN reseller.account.created_at IS 'Business time at which it was added.';

COMMENT ON COLUMN reseller.idempotency.account_id IS 'The reseller that sent the key.';
COMMENT ON COLUMN reseller.idempotency.key IS 'Idempotency-Key of the request.';
COMMENT ON COLUMN reseller.idempotency.stored_at IS 'Business time of the request; it counts for 24 hours.';

COMMENT ON COLUMN reseller.ledger_entry.id IS 'Order in which entries were booked.';
COMMENT ON COLUMN reseller.ledger_entry.account_id IS 'The reseller whose balance it moves.';
COMMENT ON COLUMN reseller.ledger_entry.kind IS 'deposit, charge or refund.';
COMMENT ON COLUMN reseller.ledger_entry.order_number IS 'The purchase it is for; NULL = a deposit.';
COMMENT ON COLUMN reseller.ledger_entry.booked_at IS 'Business time.';
COMMENT ON COLUMN reseller.ledger_entry.note IS 'What an operator noted with a deposit.';

COMMENT ON COLUMN reseller.price.id IS 'Internal key.';
COMMENT ON COLUMN reseller.price.account_id IS 'The reseller; NULL = the default list.';
COMMENT ON COLUMN reseller.price.server_id IS 'The server whose names it is for.';
COMMENT ON COLUMN reseller.price.name_type IS 'fqdn or wildcard.';
COMMENT ON COLUMN reseller.price.yearly IS 'What a name costs for 365 days.';

COMMENT ON COLUMN reseller.purchase.order_number IS 'orderNumber of the action API.';
COMMENT ON COLUMN reseller.purchase.account_id IS 'The reseller that bought.';
COMMENT ON COLUMN reseller.purchase.kind IS 'add_domain, extend_domains, buy_certificate or order_product.';
COMMENT ON COLUMN reseller.purchase.cost IS 'What was charged; 0 for free names.';
COMMENT ON COLUMN reseller.purchase.currency IS 'ISO 4217; that of the reseller.';
COMMENT ON COLUMN reseller.purchase.purchased_at IS 'Business time; refund periods run from here.';
COMMENT ON COLUMN reseller.purchase.refunded_at IS 'Business time of the refund; NULL = there was none.';

COMMENT ON COLUMN sandbox.clock.only_row IS 'Always true: the table has one row at most.';

COMMENT ON COLUMN ssl.api_token.id IS 'The part of the token that says which it is; not secret.';
COMMENT ON COLUMN ssl.api_token.reseller_id IS 'Who logs in with it.';
COMMENT ON COLUMN ssl.api_token.created_at IS 'Business time at which it was made.';

COMMENT ON COLUMN ssl.application.id IS 'Internal key.';
COMMENT ON COLUMN ssl.application.cert_id IS 'The certificate order.';
COMMENT ON COLUMN ssl.application.csr IS 'The certificate signing request, DER.';
COMMENT ON COLUMN ssl.application.method IS 'How control over the names is shown: http-01 or dns-01.';
COMMENT ON COLUMN ssl.application.submitted_at IS 'Business time at which it was handed in.';

COMMENT ON COLUMN ssl.certificate_order.cert_id IS 'Its number in the certificate-order API.';
COMMENT ON COLUMN ssl.certificate_order.reseller_id IS 'Who bought it.';
COMMENT ON COLUMN ssl.certificate_order.name IS 'What the customer calls it.';
COMMENT ON COLUMN ssl.certificate_order.brand IS 'What it was sold as; there are prices for it.';
COMMENT ON COLUMN ssl.certificate_order.type IS 'DV_SSL_CERT or OV_SSL_CERT.';
COMMENT ON COLUMN ssl.certificate_order.first_issued_at IS 'Business time of the first certificate: the paid period starts.';
COMMENT ON COLUMN ssl.certificate_order.created_at IS 'Business time of the purchase.';
COMMENT ON COLUMN ssl.certificate_order.updated_at IS 'Business time of the last change.';

COMMENT ON COLUMN ssl.coupon.code IS 'What the customer sends; whoever has it can use it.';
COMMENT ON COLUMN ssl.coupon.reseller_id IS 'Who can use it.';
COMMENT ON COLUMN ssl.coupon.amount IS 'What it pays at most.';
COMMENT ON COLUMN ssl.coupon.created_at IS 'Business time at which it was made.';

COMMENT ON COLUMN ssl.issued.serial IS 'Serial number of the certificate, hexadecimal.';
COMMENT ON COLUMN ssl.issued.cert_id IS 'The certificate order.';
COMMENT ON COLUMN ssl.issued.application_id IS 'The application it was issued for.';

COMMENT ON COLUMN ssl.price.id IS 'Internal key.';
COMMENT ON COLUMN ssl.price.account_id IS 'The reseller; NULL = the default list.';
COMMENT ON COLUMN ssl.price.type IS 'DV_SSL_CERT or OV_SSL_CERT.';
COMMENT ON COLUMN ssl.price.name_type IS 'fqdn or wildcard.';
COMMENT ON COLUMN ssl.price.yearly IS 'What a name costs for 12 months.';

COMMENT ON COLUMN ssl.proof.application_id IS 'The application.';
COMMENT ON COLUMN ssl.proof.position IS 'Place of the name in the order, from 0.';
COMMENT ON COLUMN ssl.proof.name IS 'Domain name, "*." included.';
COMMENT ON COLUMN ssl.proof.method IS 'How control is shown: http-01 or dns-01.';
COMMENT ON COLUMN ssl.proof.token IS 'Random value that the customer must show.';
COMMENT ON COLUMN ssl.proof.evidence IS 'What was seen when control was proven; NULL = not proven yet.';

COMMENT ON COLUMN ssl.unsubscription.id IS 'Its number, for gateway unsubscription approve|reject.';
COMMENT ON COLUMN ssl.unsubscription.cert_id IS 'The certificate order.';
COMMENT ON COLUMN ssl.unsubscription.requested_at IS 'Business time of the request.';
COMMENT ON COLUMN ssl.unsubscription.decided_at IS 'Business time of the decision; NULL = it waits.';
COMMENT ON COLUMN ssl.unsubscription.decided_by IS 'Who decided.';

COMMENT ON COLUMN subscription.domain.id IS 'Internal key.';
COMMENT ON COLUMN subscription.domain.subscription_id IS 'The subscription that lists it.';
COMMENT ON COLUMN subscription.domain.name IS 'Domain name in lower-case A-labels, "*." included.';
COMMENT ON COLUMN subscription.domain.name_type IS 'fqdn or wildcard.';
COMMENT ON COLUMN subscription.domain.added_at IS 'Business time at which it was added.';
COMMENT ON COLUMN subscription.domain.removed_at IS 'Business time at which it was removed; NULL = still listed.';

COMMENT ON COLUMN subscription.eab_credential.reseller_id IS 'Who pre-registered it.';
COMMENT ON COLUMN subscription.eab_credential.server_id IS 'The server it is for.';
COMMENT ON COLUMN subscription.eab_credential.status IS 'active; deactivated = for good.';
COMMENT ON COLUMN subscription.eab_credential.suspended IS 'Reversible; nothing is issued under it meanwhile.';
COMMENT ON COLUMN subscription.eab_credential.created_at IS 'Business time of the pre-registration.';
COMMENT ON COLUMN subscription.eab_credential.last_activity IS 'Business time of the last request of any of its accounts.';

COMMENT ON COLUMN subscription.purchase_line.order_number IS 'The purchase.';
COMMENT ON COLUMN subscription.purchase_line.domain_id IS 'The name.';
COMMENT ON COLUMN subscription.purchase_line.cost IS 'The name''s share of the cost.';

COMMENT ON COLUMN subscription.subscription.id IS 'Internal key.';
COMMENT ON COLUMN subscription.subscription.kid IS 'EAB key identifier.';
COMMENT ON COLUMN subscription.subscription.started_at IS 'Business time at which its first name was added.';
