package vault_test

import (
	"testing"

	"candour/internal/store"
	"candour/internal/store/storetest"
)

// The one door: personal data is stored only as vault records. Every column of
// every table is named here, either as ciphertext or with the reason why it
// holds nothing personal. A new column fails the test until somebody writes
// that reason down, and reviewers read it.

// ciphertext are the columns that hold personal data, sealed under keys that
// are not in the database.
var ciphertext = map[string]string{
	"records.sealed":    "the part's value under the person's data key",
	"data_keys.wrapped": "a data key under the epoch key",
	"evidence.body":     "a body of codes, times and hashes: open for everyone, or sealed for the person or the operator",
}

// nonPersonal are the other columns. A pseudonym is random, means nothing
// outside this store, and goes when the person is erased.
var nonPersonal = map[string]string{
	"goose_db_version.id": "migrations", "goose_db_version.version_id": "migrations", "goose_db_version.is_applied": "migrations", "goose_db_version.tstamp": "migrations",

	"ring_state.id": "constant", "ring_state.ring": "random", "ring_state.epoch": "count", "ring_state.list_bound": "key id", "ring_state.list_root": "hash",

	"data_keys.key_id": "id", "data_keys.subject": "pseudonym", "data_keys.class": "policy id and its terms", "data_keys.matter": "id",
	"data_keys.purpose": "policy id", "data_keys.closed": "flag", "data_keys.ends_day": "day", "data_keys.epoch": "count",

	"subjects.subject": "pseudonym", "subjects.root": "pseudonym", "subjects.standing": "decisions by bit, of a pseudonym",
	"aliases.from_subject": "pseudonym", "aliases.to_subject": "pseudonym", "aliases.at_ms": "time",

	"tags.tag": "HMAC under a key outside the database", "tags.part": "id", "tags.subject": "pseudonym", "tags.owner_kind": "code", "tags.version": "count",

	"records.id": "id", "records.record": "id", "records.subject": "pseudonym", "records.place": "code",
	"records.label": "id", "records.key_id": "id", "records.expires_day": "day", "records.collected_ms": "time",

	"labels.label": "id", "labels.category": "policy id", "labels.version": "policy version", "labels.class": "policy id and its terms",
	"labels.surface": "policy id", "labels.purposes": "policy ids",
	"purpose_bits.purpose": "policy id", "purpose_bits.bit": "count",
	"expiry_runs.expires_day": "day", "expiry_runs.bucket": "range of ids",
	"retention_events.subject": "pseudonym", "retention_events.event": "policy id", "retention_events.matter": "id", "retention_events.at_ms": "time",
	"purges.subject": "pseudonym without a person", "purges.key_id": "id", "purges.erasure": "id",
	"erasures.id": "id", "erasures.stage": "code", "erasures.started_ms": "time", "erasures.done_ms": "time",
	"erasures.destroyed": "ids of keys that are gone", "erasures.kept": "policy ids", "erasures.receipt": "signed ids, times and hashes",
	"anonymous_counts.category": "policy id", "anonymous_counts.surface": "policy id", "anonymous_counts.month": "month", "anonymous_counts.amount": "count",

	"evidence.id": "id", "evidence.commitment": "salted hash",
	"evidence_pending.id": "id", "evidence_order.seq": "count", "evidence_order.id": "id",
	"evidence_about.entry": "id", "evidence_about.subject": "pseudonym", "evidence_about.key": "id",
	"evidence_searches.entry": "id",
	"evidence_checkpoint.one": "constant", "evidence_checkpoint.size": "count", "evidence_checkpoint.note": "signed hash", "evidence_checkpoint.closed": "flag",

	"policy_versions.version": "policy version", "policy_versions.from_ms": "time", "policy_versions.published_ms": "time",
	"policy_versions.hash": "hash", "policy_versions.policy": "the published policy", "policy_versions.notice": "the published notice",

	"consent_decisions.id": "random; only the browser that accepted holds it", "consent_decisions.at_ms": "time", "consent_decisions.policy": "policy version",
	"consent_decisions.wording": "hash", "consent_decisions.surface": "policy id", "consent_decisions.choices": "policy ids and answers",
	"consent_decisions.gpc": "flag", "consent_decisions.ended_ms": "time",
	"page_views.day": "day", "page_views.surface": "policy id", "page_views.route": "one of a closed set", "page_views.views": "count",

	"mail_queue.id": "id", "mail_queue.kind": "code", "mail_queue.purpose": "policy id", "mail_queue.subject": "pseudonym", "mail_queue.address": "record id",
	"mail_queue.ref": "id", "mail_queue.state": "code", "mail_queue.reason": "code", "mail_queue.attempts": "count", "mail_queue.next_ms": "time",
	"mail_queue.claim": "random", "mail_queue.queued_day": "day", "mail_queue.done_day": "day",
	"mail_suppressed.purpose": "policy id", "mail_suppressed.mark": "HMAC under a key outside the database", "mail_suppressed.since_day": "day",
	"newsletter.id": "id", "newsletter.subject": "pseudonym", "newsletter.address": "record id", "newsletter.state": "code", "newsletter.policy": "policy version",
	"newsletter.wording": "hash", "newsletter.mark": "HMAC under a key outside the database", "newsletter.surface": "policy id", "newsletter.asked_ms": "time",
	"newsletter_history.id": "id", "newsletter_history.newsletter": "id", "newsletter_history.code": "code", "newsletter_history.at_ms": "time",
	"newsletter_notices.mark": "HMAC under a key outside the database", "newsletter_notices.newsletter": "id", "newsletter_notices.at_ms": "time",
	"choices.id": "id", "choices.subject": "pseudonym", "choices.purpose": "policy id", "choices.code": "code", "choices.channels": "policy ids",
	"choices.at_ms": "time", "choices.policy": "policy version", "choices.wording": "hash", "choices.surface": "policy id", "choices.way": "code",

	"permission_answers.id": "id", "permission_answers.subject": "pseudonym", "permission_answers.permission": "policy id",
	"permission_answers.code": "code", "permission_answers.at_ms": "time", "permission_answers.policy": "policy version",
	"permission_answers.wording": "hash", "permission_answers.surface": "policy id",
	"notices_seen.subject": "pseudonym", "notices_seen.policy": "policy version", "notices_seen.at_ms": "time", "notices_seen.surface": "policy id", "notices_seen.code": "code",
	"wordings.hash": "hash", "wordings.words": "words of the policy, the same for everybody",
	"support_tickets.id": "id", "support_tickets.reference": "random", "support_tickets.subject": "pseudonym", "support_tickets.queue": "code",
	"support_tickets.about": "policy id of a form's option", "support_tickets.suggests": "code", "support_tickets.surface": "policy id",
	"history_withheld.entry": "id", "history_withheld.until_ms": "time",
	"rights_requests.id": "id", "rights_requests.reference": "random", "rights_requests.subject": "pseudonym", "rights_requests.right_id": "policy id",
	"rights_requests.way": "code", "rights_requests.state": "code", "rights_requests.received_ms": "time", "rights_requests.acknowledged_ms": "time", "rights_requests.answered_ms": "time",
	"rights_requests.outcome": "code", "rights_requests.ref": "id",
	"rights_asks.id": "id", "rights_asks.subject": "pseudonym", "rights_asks.address": "record id", "rights_asks.right_id": "policy id",
	"rights_asks.surface": "policy id", "rights_asks.policy": "policy version", "rights_asks.asked_ms": "time", "rights_asks.sent_ms": "time",
	"rights_notices.mark": "HMAC under a key outside the database", "rights_notices.ask": "id", "rights_notices.at_ms": "time",
	"support_tickets.policy": "policy version", "support_tickets.state": "code", "support_tickets.opened_ms": "time", "support_tickets.closed_ms": "time",

	"companies.id": "id", "companies.reference": "random", "companies.opened_ms": "time",
	"accounts.id": "id", "accounts.reference": "random", "accounts.subject": "pseudonym", "accounts.address": "record id", "accounts.role": "one of a closed set", "accounts.company": "id", "accounts.state": "code", "accounts.opened_ms": "time", "accounts.proven": "flag",
	"credentials.id": "id", "credentials.account": "id", "credentials.kind": "code", "credentials.record": "record id", "credentials.added_ms": "time", "credentials.used_ms": "time", "credentials.step": "time",
	"sessions.id": "id", "sessions.token": "hash of a random token", "sessions.account": "id", "sessions.surface": "policy id", "sessions.level": "code", "sessions.way": "code", "sessions.began_ms": "time", "sessions.seen_ms": "time", "sessions.ends_ms": "time", "sessions.proved_ms": "time", "sessions.tries": "count", "sessions.device": "record id",
	"account_links.id": "id", "account_links.kind": "code", "account_links.account": "id", "account_links.subject": "pseudonym", "account_links.address": "record id", "account_links.role": "one of a closed set", "account_links.company": "id", "account_links.pair": "id", "account_links.surface": "policy id", "account_links.policy": "policy version", "account_links.wording": "hash", "account_links.state": "code", "account_links.made_ms": "time", "account_links.ends_ms": "time", "account_links.counted": "flag",
	"account_mails.mark": "HMAC under a key outside the database", "account_mails.day": "day", "account_mails.amount": "count",

	"lines.id": "id", "lines.account": "id", "lines.subject": "pseudonym", "lines.mark": "HMAC under a key outside the database", "lines.number": "record id", "lines.opened_ms": "time",
	"devices.id": "id", "devices.line": "id", "devices.account": "id", "devices.subject": "pseudonym", "devices.mark": "HMAC under a key outside the database",
	"devices.name": "record id", "devices.secret": "record id", "devices.added_ms": "time",
	"call_charges.call": "id", "call_charges.account": "id", "call_charges.subject": "pseudonym", "call_charges.month": "month", "call_charges.prefix": "of the operator's tariff", "call_charges.class": "one of a closed set",
	"call_charges.minute": "price", "call_charges.connection": "price", "call_charges.held": "amount", "call_charges.cost": "amount", "call_charges.seconds": "count",
	"call_charges.begun_ms": "time", "call_charges.ended_ms": "time", "call_charges.expires_day": "day", "call_charges.known_ms": "time", "call_charges.record": "record id",
	"call_spending.account": "id", "call_spending.month": "month", "call_spending.spent": "amount", "call_spending.told": "count",
	"call_caps.account": "id", "call_caps.cap": "amount", "call_caps.chosen_ms": "time",
	"call_classes.account": "id", "call_classes.class": "one of a closed set", "call_classes.state": "code", "call_classes.decided_ms": "time",
	"call_blocks.id": "id", "call_blocks.account": "id", "call_blocks.subject": "pseudonym", "call_blocks.reference": "random", "call_blocks.pattern": "policy id", "call_blocks.policy": "policy version",
	"call_blocks.seen": "count", "call_blocks.usual": "amount", "call_blocks.made_ms": "time", "call_blocks.contested_ms": "time", "call_blocks.due_ms": "time",
	"call_blocks.said": "record id", "call_blocks.state": "code", "call_blocks.decided_ms": "time", "call_blocks.reason": "record id",
	"wake_addresses.id": "id", "wake_addresses.account": "id", "wake_addresses.subject": "pseudonym", "wake_addresses.session": "id",
	"wake_addresses.mark": "HMAC under a key outside the database", "wake_addresses.record": "record id", "wake_addresses.added_ms": "time",
	"contacts.id": "record id", "contacts.subject": "pseudonym",
	"messages.id": "id", "messages.author": "pseudonym", "messages.reader": "pseudonym", "messages.author_line": "id", "messages.reader_line": "id", "messages.kind": "code",
	"messages.record": "record id", "messages.attached": "record id", "messages.sent_ms": "time", "messages.read_ms": "time", "messages.until_ms": "time", "messages.expires_day": "day",
	"shared_places.id": "id", "shared_places.author": "pseudonym", "shared_places.reader": "pseudonym", "shared_places.at_ms": "time",
	"calls.id": "id", "calls.caller": "pseudonym", "calls.callee": "pseudonym", "calls.caller_line": "id, while the call is open", "calls.callee_line": "id, while the call is open",

	"voicemail_boxes.line": "id", "voicemail_boxes.subject": "pseudonym", "voicemail_boxes.settings": "record id", "voicemail_boxes.greeting": "record id",
	"voicemail_boxes.changed_ms": "time",
	"voicemail_messages.id":      "id", "voicemail_messages.line": "id", "voicemail_messages.subject": "pseudonym", "voicemail_messages.sound": "record id",
	"voicemail_messages.note": "record id", "voicemail_messages.length_ms": "length", "voicemail_messages.left_ms": "time", "voicemail_messages.heard_ms": "time",
	"voicemail_messages.expires_day": "day",
	"recordings.id":                  "id", "recordings.subject": "pseudonym", "recordings.other": "pseudonym", "recordings.far": "whose the other side is: 0 to 2",
	"recordings.call": "id", "recordings.begun_ms": "time", "recordings.ended_ms": "time", "recordings.length_ms": "length", "recordings.code": "code",
	"recordings.apart": "flag", "recordings.heard_ms": "time", "recordings.expires_day": "day",
	"recording_pieces.recording": "id", "recording_pieces.side": "code", "recording_pieces.number": "count", "recording_pieces.subject": "pseudonym", "recording_pieces.record": "record id",
	"calls.withheld": "flag", "calls.video": "flag", "calls.begun_ms": "time", "calls.answered_ms": "time", "calls.ended_ms": "time", "calls.code": "code", "calls.record": "record id", "calls.expires_day": "day",
	"calls_looked.subject": "pseudonym", "calls_looked.at_ms": "time",
	"calls.outside": "which side is no line: 0 to 3", "calls.origin": "id",
	"line_numbers.id": "id", "line_numbers.line": "id", "line_numbers.subject": "pseudonym", "line_numbers.mark": "HMAC under a key outside the database", "line_numbers.number": "record id", "line_numbers.given_ms": "time",
	"line_settings.line": "id", "line_settings.subject": "pseudonym", "line_settings.record": "record id", "line_settings.address": "record id", "line_settings.warned_ms": "time", "line_settings.helped_ms": "time",
	"line_forwards.id": "id", "line_forwards.line": "id", "line_forwards.subject": "pseudonym", "line_forwards.way": "code", "line_forwards.target_line": "id", "line_forwards.record": "record id",
	"line_forwards.after_s": "duration", "line_forwards.set_ms": "time", "line_forwards.stopped_ms": "time", "line_forwards.stopped": "code",
	"line_stops.id": "id", "line_stops.line": "id", "line_stops.subject": "pseudonym", "line_stops.from_line": "id", "line_stops.hidden": "flag", "line_stops.stopped_ms": "time",
	"line_blocks.id": "id", "line_blocks.line": "id", "line_blocks.subject": "pseudonym", "line_blocks.mark": "HMAC under a key outside the database", "line_blocks.record": "record id", "line_blocks.added_ms": "time",
	"call_reports.id": "id", "call_reports.call": "id", "call_reports.subject": "pseudonym", "call_reports.kind": "code", "call_reports.withheld": "flag", "call_reports.traced": "flag", "call_reports.record": "record id",
	"call_reports.called_ms": "time", "call_reports.reported_ms": "time", "call_reports.closed_ms": "time", "call_reports.expires_day": "day",
}

func TestEveryColumnIsDeclared(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		seen := map[string]bool{}
		for _, c := range columns(t, st) {
			seen[c] = true
			_, sealed := ciphertext[c]
			if _, plain := nonPersonal[c]; !sealed && !plain {
				t.Errorf("column %s is declared neither as vault ciphertext nor as non-personal: if it can hold anything about a person, keep that in the vault; if not, say here why", c)
			}
		}
		for c := range ciphertext {
			if !seen[c] {
				t.Errorf("column %s is declared and not there", c)
			}
		}
	})
}

// columns returns every column of every table as table.column.
func columns(t *testing.T, st *store.Store) (all []string) {
	t.Helper()
	query := "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
	if st.Engine() == store.PostgreSQL {
		query = `SELECT c.table_name, c.column_name FROM information_schema.columns c JOIN information_schema.tables t
			ON t.table_schema = c.table_schema AND t.table_name = c.table_name WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'`
	}
	rows, err := st.DB().Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatal(err)
		}
		all = append(all, table+"."+column)
	}
	if len(all) < 50 || rows.Err() != nil {
		t.Fatalf("only %d columns found, %v", len(all), rows.Err())
	}
	return all
}
