/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A step that has been released never changes: the next change is the next step. `db_migrate()`
 * records each step's checksum and refuses a database whose steps differ from these.
 *
 * Conventions: times are BIGINT microseconds UTC, booleans 0 or 1, JSON is TEXT, *_key columns hold
 * the compared form of an address (address_parse()). Ticket and account numbers are their ids.
 */
#include "records/schema.h"

#include <glib.h>

static const char step_1[] =
    "CREATE TABLE desk ("
    "  singleton BIGINT PRIMARY KEY CHECK (singleton = 1),"
    "  desk_id TEXT NOT NULL,"
    "  created_at BIGINT NOT NULL);"

    "CREATE TABLE employee ("
    "  id @id@,"
    "  name TEXT NOT NULL,"
    "  login TEXT NOT NULL UNIQUE,"
    "  email TEXT NOT NULL, email_key TEXT NOT NULL,"
    "  email2 TEXT, email2_key TEXT,"
    "  role TEXT NOT NULL,"
    "  language TEXT,"
    "  active BIGINT NOT NULL,"
    "  password_hash TEXT,"
    "  created_at BIGINT NOT NULL);"
    "CREATE INDEX employee_by_email ON employee (email_key);"
    "CREATE INDEX employee_by_email2 ON employee (email2_key);"

    "CREATE TABLE account ("
    "  number @id@,"
    "  name TEXT NOT NULL,"
    "  email TEXT NOT NULL, email_key TEXT NOT NULL,"
    "  email2 TEXT, email2_key TEXT,"
    "  domains TEXT NOT NULL,"
    "  language TEXT,"
    "  time_zone TEXT,"
    "  manager BIGINT REFERENCES employee (id),"
    "  active BIGINT NOT NULL,"
    "  created_at BIGINT NOT NULL);"

    "CREATE TABLE contact ("
    "  id @id@,"
    "  account BIGINT NOT NULL REFERENCES account (number),"
    "  name TEXT NOT NULL,"
    "  email TEXT NOT NULL, email_key TEXT NOT NULL,"
    "  emails TEXT NOT NULL,"
    "  on_every_ticket BIGINT NOT NULL,"
    "  language TEXT,"
    "  active BIGINT NOT NULL,"
    "  created_at BIGINT NOT NULL);"
    "CREATE INDEX contact_by_account ON contact (account, id);"
    "CREATE TABLE contact_address ("
    "  contact BIGINT NOT NULL REFERENCES contact (id),"
    "  email_key TEXT NOT NULL,"
    "  PRIMARY KEY (contact, email_key));"
    "CREATE INDEX contact_address_by_email ON contact_address (email_key);"

    "CREATE TABLE ticket ("
    "  number @id@,"
    "  version BIGINT NOT NULL,"
    "  account BIGINT NOT NULL REFERENCES account (number),"
    "  contact BIGINT REFERENCES contact (id),"
    "  title TEXT NOT NULL,"
    "  description TEXT NOT NULL,"
    "  type TEXT,"
    "  priority TEXT NOT NULL,"
    "  status BIGINT NOT NULL,"
    "  manager BIGINT REFERENCES employee (id),"
    "  due_at BIGINT,"
    "  resolution TEXT NOT NULL,"
    "  opener_kind TEXT NOT NULL, opener_id BIGINT, opener_name TEXT NOT NULL, channel TEXT NOT "
    "NULL,"
    "  opened_at BIGINT NOT NULL,"
    "  closed_at BIGINT,"
    "  not_told_at BIGINT," /* since when it is known that its closing reached nobody */
    "  updated_at BIGINT NOT NULL);"
    "CREATE INDEX ticket_not_told ON ticket (number) WHERE not_told_at IS NOT NULL;"
    "CREATE INDEX ticket_by_account ON ticket (account, number);"
    "CREATE INDEX ticket_by_status ON ticket (status, number);"

    "CREATE TABLE recipient ("
    "  id @id@,"
    "  ticket BIGINT NOT NULL REFERENCES ticket (number),"
    "  email TEXT NOT NULL, email_key TEXT NOT NULL,"
    "  name TEXT,"
    "  contact BIGINT REFERENCES contact (id),"
    "  muted BIGINT NOT NULL,"
    "  left_at BIGINT,"
    "  added_at BIGINT NOT NULL,"
    "  UNIQUE (ticket, email_key));"

    "CREATE TABLE employee_recipient ("
    "  id @id@,"
    "  ticket BIGINT NOT NULL REFERENCES ticket (number),"
    "  employee BIGINT REFERENCES employee (id),"
    "  email TEXT);"
    "CREATE INDEX employee_recipient_by_ticket ON employee_recipient (ticket, id);"

    "CREATE TABLE event ("
    "  id @id@,"
    "  ticket BIGINT NOT NULL REFERENCES ticket (number),"
    "  version BIGINT NOT NULL,"
    "  kind TEXT NOT NULL,"
    "  actor_kind TEXT NOT NULL, actor_id BIGINT, actor_name TEXT NOT NULL, channel TEXT NOT NULL,"
    "  at BIGINT NOT NULL,"
    "  notify BIGINT NOT NULL,"
    "  facts TEXT NOT NULL,"
    "  UNIQUE (ticket, version));"
    "CREATE INDEX event_by_actor ON event (actor_kind, actor_id, at);"

    "CREATE TABLE alert ("
    "  id @id@,"
    "  ticket BIGINT NOT NULL REFERENCES ticket (number),"
    "  event BIGINT NOT NULL REFERENCES event (id),"
    "  kind TEXT NOT NULL,"
    "  recipient TEXT NOT NULL, recipient_key TEXT NOT NULL,"
    "  recipient_name TEXT,"
    "  contact BIGINT,"
    "  decision TEXT NOT NULL,"
    "  reason TEXT NOT NULL,"
    "  template BIGINT, template_version BIGINT, language TEXT,"
    "  decided_at BIGINT NOT NULL,"
    "  UNIQUE (event, recipient_key));"
    "CREATE INDEX alert_by_ticket ON alert (ticket, event);"

    "CREATE TABLE outbox ("
    "  id @id@,"
    "  kind TEXT NOT NULL,"
    "  ref BIGINT NOT NULL,"
    "  recipient TEXT NOT NULL,"
    "  lane BIGINT NOT NULL,"
    "  urgent BIGINT NOT NULL,"
    "  order_key TEXT NOT NULL, order_seq BIGINT NOT NULL,"
    "  state TEXT NOT NULL,"
    "  due_at BIGINT NOT NULL,"
    "  attempts BIGINT NOT NULL,"
    "  lease TEXT, lease_until BIGINT,"
    "  dated_at BIGINT,"
    "  sender TEXT,"
    "  uncertain BIGINT NOT NULL,"
    "  state_reason TEXT,"
    "  last_reply TEXT,"
    "  remote_id TEXT,"
    "  message_hash TEXT, composer BIGINT,"
    "  queued_at BIGINT NOT NULL,"
    "  accepted_at BIGINT,"
    "  updated_at BIGINT NOT NULL,"
    "  UNIQUE (kind, ref));"
    "CREATE INDEX outbox_waiting ON outbox (urgent DESC, due_at, id)"
    "  WHERE state IN ('queued', 'deferred', 'uncertain');"
    "CREATE INDEX outbox_in_order ON outbox (order_key, order_seq)"
    "  WHERE state IN ('held', 'queued', 'sending', 'deferred', 'uncertain');"
    "CREATE INDEX outbox_by_state ON outbox (state, id);"
    "CREATE INDEX outbox_sending ON outbox (lease_until) WHERE state = 'sending';"

    "CREATE TABLE outbox_attempt ("
    "  id @id@,"
    "  outbox BIGINT NOT NULL REFERENCES outbox (id),"
    "  at BIGINT NOT NULL,"
    "  outcome TEXT NOT NULL,"
    "  stage TEXT,"
    "  reply_code BIGINT NOT NULL,"
    "  enhanced_status TEXT,"
    "  reply TEXT);"
    "CREATE INDEX outbox_attempt_by_outbox ON outbox_attempt (outbox, id);"

    "CREATE TABLE relay ("
    "  name TEXT PRIMARY KEY,"
    "  state TEXT NOT NULL,"
    "  reason TEXT,"
    "  since BIGINT NOT NULL,"
    "  retry_at BIGINT);"

    "CREATE TABLE suppression ("
    "  email_key TEXT PRIMARY KEY,"
    "  email TEXT NOT NULL,"
    "  reason TEXT NOT NULL,"
    "  evidence TEXT NOT NULL,"
    "  since BIGINT NOT NULL);"

    "CREATE TABLE option_section ("
    "  section TEXT PRIMARY KEY,"
    "  value TEXT NOT NULL,"
    "  version BIGINT NOT NULL);"
    "CREATE TABLE option_change ("
    "  id @id@,"
    "  section TEXT NOT NULL,"
    "  at BIGINT NOT NULL,"
    "  actor_kind TEXT NOT NULL, actor_id BIGINT, actor_name TEXT NOT NULL, channel TEXT NOT NULL,"
    "  before TEXT NOT NULL,"
    "  after TEXT NOT NULL);"
    "CREATE INDEX option_change_by_section ON option_change (section, id);"
    "CREATE TABLE secret ("
    "  name TEXT PRIMARY KEY,"
    "  value TEXT NOT NULL);"

    "CREATE TABLE template ("
    "  id @id@,"
    "  name TEXT NOT NULL UNIQUE,"
    "  kind TEXT NOT NULL,"
    "  builtin TEXT UNIQUE,"
    "  version BIGINT NOT NULL);"
    "CREATE TABLE template_version ("
    "  template BIGINT NOT NULL REFERENCES template (id),"
    "  version BIGINT NOT NULL,"
    "  language TEXT NOT NULL,"
    "  subject TEXT NOT NULL,"
    "  body_text TEXT NOT NULL,"
    "  body_html TEXT,"
    "  author_kind TEXT NOT NULL, author_id BIGINT, author_name TEXT NOT NULL,"
    "  created_at BIGINT NOT NULL,"
    "  PRIMARY KEY (template, version));"

    "CREATE TABLE api_token ("
    "  id @id@,"
    "  name TEXT NOT NULL,"
    "  hash TEXT NOT NULL UNIQUE,"
    "  scopes TEXT NOT NULL,"
    "  created_by TEXT NOT NULL,"
    "  created_at BIGINT NOT NULL);"
    "CREATE TABLE idempotency ("
    "  token BIGINT NOT NULL,"
    "  key TEXT NOT NULL,"
    "  request_hash TEXT NOT NULL,"
    "  status BIGINT NOT NULL,"
    "  response TEXT NOT NULL,"
    "  created_at BIGINT NOT NULL,"
    "  PRIMARY KEY (token, key));"
    "CREATE INDEX idempotency_by_age ON idempotency (created_at);";

/* Admission to sending (outbox/ready.h), and leases by server instead of by message. */
static const char step_2[] =
    "DROP INDEX outbox_waiting;"
    "DROP INDEX outbox_sending;"
    "DROP INDEX outbox_by_state;"
    "ALTER TABLE outbox DROP COLUMN lease_until;"
    "ALTER TABLE outbox ADD COLUMN stamp BIGINT;" /* NULL: not ready to leave */
    "CREATE INDEX outbox_ready ON outbox (urgent DESC, stamp, id) WHERE stamp IS NOT NULL;"
    "CREATE INDEX outbox_lane ON outbox (lane, urgent, stamp) WHERE stamp IS NOT NULL;"
    "CREATE INDEX outbox_due ON outbox (due_at, id)"
    "  WHERE stamp IS NULL AND state IN ('queued', 'deferred', 'uncertain');"
    "CREATE INDEX outbox_sending ON outbox (id) WHERE state = 'sending';"
    "CREATE INDEX outbox_by_state ON outbox (state, id)"
    "  WHERE state NOT IN ('sending', 'accepted');"
    "CREATE TABLE sender ("
    "  token TEXT PRIMARY KEY," /* outbox.lease of what it claims */
    "  name TEXT NOT NULL,"
    "  started_at BIGINT NOT NULL,"
    "  lease_until BIGINT NOT NULL);";

/* The brake asks what an actor told last: an alert carries its event's actor (0: one without an
 * id), and what was sent and what the brake held have each an index of their own, so that neither
 * is read past for the other. Whoever is on every ticket of an account is found without its others.
 */
static const char step_3[] =
    "ALTER TABLE alert ADD COLUMN actor_kind TEXT;"
    "ALTER TABLE alert ADD COLUMN actor_id BIGINT;"
    "UPDATE alert SET"
    "  actor_kind = (SELECT e.actor_kind FROM event e WHERE e.id = alert.event),"
    "  actor_id = (SELECT COALESCE(e.actor_id, 0) FROM event e WHERE e.id = alert.event);"
    "CREATE INDEX alert_sent ON alert (actor_kind, actor_id, decided_at, recipient_key)"
    "  WHERE decision = 'send';"
    "CREATE INDEX alert_braked ON alert (actor_kind, actor_id, decided_at)"
    "  WHERE reason = 'brake';"
    "DROP INDEX event_by_actor;"
    "CREATE INDEX contact_on_every_ticket ON contact (account, id)"
    "  WHERE on_every_ticket = 1 AND active = 1;";

/* Texts of a template in other languages than its own; what became of a template; which versions
 * hold the words that the program brings. */
static const char step_4[] =
    "CREATE TABLE template_translation ("
    "  template BIGINT NOT NULL,"
    "  version BIGINT NOT NULL,"
    "  language TEXT NOT NULL,"
    "  subject TEXT NOT NULL,"
    "  body_text TEXT NOT NULL,"
    "  body_html TEXT,"
    "  PRIMARY KEY (template, version, language),"
    "  FOREIGN KEY (template, version) REFERENCES template_version (template, version));"
    "ALTER TABLE template ADD COLUMN deleted_at BIGINT;"
    "ALTER TABLE template_version ADD COLUMN restored_from BIGINT;"
    "ALTER TABLE template_version ADD COLUMN built_in BIGINT NOT NULL DEFAULT 0;"
    "UPDATE template_version SET built_in = 1 WHERE version = 1"
    "  AND template IN (SELECT id FROM template WHERE builtin IS NOT NULL);";

/* What a simulation must know of an event as it was: the versions of the options in force, and what
 * was true of each recipient (alert_facts_pack()). NULL: written before this step. Events that tell
 * somebody are found by their time. */
static const char step_5[] =
    "ALTER TABLE event ADD COLUMN server_options BIGINT;"
    "ALTER TABLE event ADD COLUMN alerts_options BIGINT;"
    "ALTER TABLE alert ADD COLUMN recipient_facts BIGINT;"
    "CREATE INDEX event_by_time ON event (at, id)"
    "  WHERE kind IN ('opened', 'closed', 'latest_alert_sent');"
    "ALTER TABLE option_change ADD COLUMN version BIGINT NOT NULL DEFAULT 0;"
    "UPDATE option_change SET version = (SELECT COUNT(*) FROM option_change AS earlier"
    "  WHERE earlier.section = option_change.section AND earlier.id <= option_change.id);"
    "CREATE UNIQUE INDEX option_change_by_version ON option_change (section, version);";

/* The same indexes with other words for their conditions: SQLite makes a table of its own of each
 * IN with more than two values, whenever it asks whether a row belongs into the index. */
static const char step_6[] =
    "DROP INDEX outbox_due;"
    "DROP INDEX outbox_in_order;"
    "DROP INDEX event_by_time;"
    "CREATE INDEX outbox_due ON outbox (due_at, id)"
    "  WHERE stamp IS NULL AND (state = 'queued' OR state = 'deferred' OR state = 'uncertain');"
    "CREATE INDEX outbox_in_order ON outbox (order_key, order_seq)"
    "  WHERE (state = 'held' OR state = 'queued' OR state = 'sending' OR state = 'deferred'"
    "    OR state = 'uncertain');"
    "CREATE INDEX event_by_time ON event (at, id)"
    "  WHERE (kind = 'opened' OR kind = 'closed' OR kind = 'latest_alert_sent');";

/* Signing keys, correspondence and its copies. BYTEA is what PostgreSQL calls it; SQLite keeps
 * bytes as they are under any name. */
static const char step_7[] =
    "CREATE TABLE signing_key ("
    "  id BIGINT PRIMARY KEY,"
    "  secret TEXT NOT NULL," /* 64 hexadecimal digits */
    "  created_at BIGINT NOT NULL,"
    "  retired_at BIGINT);"

    "CREATE TABLE ticket_message ("
    "  id @id@,"
    "  ticket BIGINT NOT NULL REFERENCES ticket (number),"
    "  event BIGINT NOT NULL UNIQUE REFERENCES event (id),"
    "  kind TEXT NOT NULL,"
    "  visibility TEXT NOT NULL,"
    "  author_kind TEXT NOT NULL, author_id BIGINT, author_name TEXT NOT NULL,"
    "  channel TEXT NOT NULL,"
    "  incoming BIGINT NOT NULL,"
    "  subject TEXT,"
    "  body_text TEXT NOT NULL,"
    "  quoted TEXT,"
    "  body_html TEXT,"
    "  from_address TEXT, from_key TEXT,"
    "  sender TEXT NOT NULL,"
    "  message_id TEXT, in_reply_to TEXT,"
    "  hops BIGINT NOT NULL,"
    "  at BIGINT NOT NULL);"
    "CREATE INDEX ticket_message_by_ticket ON ticket_message (ticket, id);"
    "CREATE INDEX ticket_message_by_message_id ON ticket_message (message_id)"
    "  WHERE message_id IS NOT NULL;"

    "CREATE TABLE attachment ("
    "  id @id@,"
    "  message BIGINT NOT NULL REFERENCES ticket_message (id),"
    "  name TEXT NOT NULL,"
    "  content_type TEXT NOT NULL,"
    "  content_id TEXT,"
    "  bytes BIGINT NOT NULL,"
    "  hash TEXT NOT NULL,"
    "  content BYTEA NOT NULL);"
    "CREATE INDEX attachment_by_message ON attachment (message, id);"

    "CREATE TABLE message_copy ("
    "  id @id@,"
    "  ticket BIGINT NOT NULL REFERENCES ticket (number),"
    "  message BIGINT NOT NULL REFERENCES ticket_message (id),"
    "  to_employee BIGINT NOT NULL,"
    "  recipient TEXT NOT NULL, recipient_key TEXT NOT NULL,"
    "  recipient_name TEXT,"
    "  decision TEXT NOT NULL,"
    "  reason TEXT NOT NULL,"
    "  template BIGINT, template_version BIGINT, language TEXT,"
    "  decided_at BIGINT NOT NULL,"
    "  UNIQUE (message, recipient_key));"
    "CREATE INDEX message_copy_by_ticket ON message_copy (ticket, id);";

/* Mails that came in, what makes one the same as another, and what followed from them. */
static const char step_8[] =
    "CREATE TABLE inbound_mail ("
    "  id @id@,"
    "  source TEXT NOT NULL,"
    "  message_id TEXT,"
    "  content_hash TEXT NOT NULL,"
    "  text_hash TEXT NOT NULL,"
    "  from_email TEXT NOT NULL, from_key TEXT NOT NULL, from_name TEXT,"
    "  subject TEXT NOT NULL,"
    "  bytes BIGINT NOT NULL,"
    "  received_at BIGINT NOT NULL,"
    "  state TEXT NOT NULL,"
    "  reason TEXT NOT NULL,"
    "  verified BIGINT NOT NULL,"
    "  ticket BIGINT REFERENCES ticket (number),"
    "  message BIGINT,"
    "  account BIGINT REFERENCES account (number),"
    "  outbox BIGINT REFERENCES outbox (id),"
    "  same_as BIGINT REFERENCES inbound_mail (id),"
    "  about_key TEXT,"
    "  steps TEXT NOT NULL);"
    "CREATE INDEX inbound_mail_by_state ON inbound_mail (state, id);"
    "CREATE INDEX inbound_mail_by_ticket ON inbound_mail (ticket, id) WHERE ticket IS NOT NULL;"
    "CREATE INDEX inbound_mail_by_about ON inbound_mail (about_key, received_at)"
    "  WHERE about_key IS NOT NULL;"
    "CREATE TABLE inbound_raw ("
    "  mail BIGINT PRIMARY KEY REFERENCES inbound_mail (id),"
    "  content BYTEA NOT NULL);"
    "CREATE TABLE inbound_key ("
    "  key TEXT PRIMARY KEY,"
    "  at BIGINT NOT NULL,"
    "  mail BIGINT REFERENCES inbound_mail (id));"
    "CREATE INDEX inbound_key_by_age ON inbound_key (at);"

    /* What an external system calls one of its incidents, and the ticket that stands for it. */
    "CREATE TABLE automated_key ("
    "  key TEXT PRIMARY KEY,"
    "  ticket BIGINT NOT NULL REFERENCES ticket (number),"
    "  at BIGINT NOT NULL);"

    "CREATE TABLE auto_response ("
    "  id @id@,"
    "  mail BIGINT NOT NULL REFERENCES inbound_mail (id),"
    "  ticket BIGINT NOT NULL REFERENCES ticket (number),"
    "  recipient TEXT NOT NULL, recipient_key TEXT NOT NULL,"
    "  decision TEXT NOT NULL,"
    "  reason TEXT NOT NULL,"
    "  at BIGINT NOT NULL);"
    "CREATE INDEX auto_response_by_time ON auto_response (at) WHERE decision = 'send';"
    "CREATE INDEX auto_response_by_address ON auto_response (recipient_key, at)"
    "  WHERE decision = 'send';"
    "CREATE INDEX auto_response_by_ticket ON auto_response (ticket, id);"

    /* A bounce that came while its message was still being sent: applied when that is settled. */
    "CREATE TABLE outbox_early_bounce ("
    "  outbox BIGINT PRIMARY KEY REFERENCES outbox (id),"
    "  reply TEXT NOT NULL,"
    "  at BIGINT NOT NULL);"

    /* Whose mail it is, and what a subject or a reply address names, is asked with every mail. */
    "CREATE INDEX account_by_email ON account (email_key);"
    "CREATE INDEX account_by_email2 ON account (email2_key);";

/* How far each mailbox was read (records/mailbox.h). */
static const char step_9[] = "CREATE TABLE mailbox ("
                             "  name TEXT PRIMARY KEY,"
                             "  uidvalidity BIGINT NOT NULL,"
                             "  filed_uid BIGINT NOT NULL,"
                             "  done_uid BIGINT NOT NULL,"
                             "  old_below BIGINT NOT NULL,"
                             "  since_us BIGINT NOT NULL,"
                             "  polled_at BIGINT NOT NULL,"
                             "  state TEXT NOT NULL,"
                             "  reason TEXT,"
                             "  since BIGINT NOT NULL,"
                             "  retry_at BIGINT NOT NULL,"
                             "  waiting BIGINT NOT NULL,"
                             "  filed BIGINT NOT NULL,"
                             "  holder TEXT,"
                             "  held_until BIGINT NOT NULL);";

/* People who have signed in, and attempts that failed (records/session.h). */
static const char step_10[] = "CREATE TABLE session ("
                              "  id @id@,"
                              "  hash TEXT NOT NULL UNIQUE,"
                              "  kind TEXT NOT NULL,"
                              "  person BIGINT NOT NULL,"
                              "  email TEXT,"
                              "  created_at BIGINT NOT NULL,"
                              "  seen_at BIGINT NOT NULL,"
                              "  expires_at BIGINT NOT NULL,"
                              "  peer TEXT NOT NULL,"
                              "  agent TEXT NOT NULL);"
                              "CREATE INDEX session_by_person ON session (kind, person);"
                              "CREATE INDEX session_by_end ON session (expires_at);"
                              "CREATE TABLE sign_in_failure ("
                              "  id @id@,"
                              "  name TEXT NOT NULL,"
                              "  peer TEXT NOT NULL,"
                              "  at BIGINT NOT NULL);"
                              "CREATE INDEX sign_in_failure_by_name ON sign_in_failure (name, at);"
                              "CREATE INDEX sign_in_failure_by_peer ON sign_in_failure (peer, at);"
                              "CREATE INDEX sign_in_failure_by_time ON sign_in_failure (at);";

/* Links that work once, with what their mails are made from until these have left; and which of the
 * account's tickets a contact sees. */
static const char step_11[] =
    "CREATE TABLE one_time_link ("
    "  id @id@,"
    "  purpose TEXT NOT NULL,"
    "  hash TEXT NOT NULL UNIQUE,"
    "  typed_key TEXT NOT NULL,"
    "  employee BIGINT REFERENCES employee (id)," /* all three NULL: nobody is known by that */
    "  account BIGINT REFERENCES account (number),"
    "  contact BIGINT REFERENCES contact (id),"
    "  email TEXT NOT NULL, email_key TEXT NOT NULL,"
    "  name TEXT,"
    "  template BIGINT NOT NULL, template_version BIGINT NOT NULL, language TEXT NOT NULL,"
    "  facts TEXT,"
    "  created_at BIGINT NOT NULL,"
    "  expires_at BIGINT NOT NULL,"
    "  used_at BIGINT);"
    "CREATE INDEX one_time_link_by_typed ON one_time_link (purpose, typed_key, created_at);"
    "CREATE INDEX one_time_link_by_time ON one_time_link (created_at);"
    "CREATE INDEX one_time_link_unsent ON one_time_link (expires_at) WHERE facts IS NOT NULL;"
    "ALTER TABLE contact ADD COLUMN sees TEXT;";

/* What an inbox asks for: who looks after which, and the few that are open. Duplicates that became
 * part of another ticket. */
static const char step_12[] =
    "CREATE INDEX ticket_by_manager ON ticket (manager, number) WHERE manager IS NOT NULL;"
    "CREATE INDEX ticket_open ON ticket (number, manager, account) WHERE status < 900;"
    "ALTER TABLE ticket ADD COLUMN merged_into BIGINT REFERENCES ticket (number);"
    "CREATE INDEX ticket_merged ON ticket (merged_into) WHERE merged_into IS NOT NULL;";

/* What other systems call an account; mails that waited for a person and were sent on. */
static const char step_13[] =
    "ALTER TABLE account ADD COLUMN reference TEXT;"
    "ALTER TABLE account ADD COLUMN reference_key TEXT;"
    "CREATE UNIQUE INDEX account_by_reference ON account (reference_key)"
    "  WHERE reference_key IS NOT NULL;"
    "CREATE TABLE mail_forward ("
    "  id @id@,"
    "  mail BIGINT NOT NULL UNIQUE REFERENCES inbound_mail (id),"
    "  recipient TEXT NOT NULL, recipient_key TEXT NOT NULL,"
    "  decision TEXT NOT NULL,"
    "  reason TEXT NOT NULL,"
    "  waits_for TEXT NOT NULL,"
    "  body_text TEXT NOT NULL,"
    "  hops BIGINT NOT NULL,"
    "  at BIGINT NOT NULL);"
    "CREATE INDEX mail_forward_by_time ON mail_forward (at) WHERE decision = 'send';";

/* What is held for long, and who was told of it. */
static const char step_14[] =
    "CREATE INDEX outbox_held ON outbox (updated_at) WHERE state = 'held';"
    "CREATE TABLE held_notice ("
    "  id @id@,"
    "  employee BIGINT NOT NULL REFERENCES employee (id),"
    "  email TEXT NOT NULL,"
    "  name TEXT NOT NULL,"
    "  facts TEXT NOT NULL,"
    "  at BIGINT NOT NULL,"
    "  ended_at BIGINT);"
    "CREATE UNIQUE INDEX held_notice_open ON held_notice (employee) WHERE ended_at IS NULL;";

/* Throughput, and imports. */
static const char step_15[] =
    /* Imports look for an account by its name. */
    "CREATE INDEX account_by_name ON account (name);"
    /* How many messages ended how, by the minute and by the hour (outbox/tally.h). */
    "CREATE TABLE outbox_tally ("
    "  width BIGINT NOT NULL,"
    "  from_at BIGINT NOT NULL,"
    "  bin BIGINT NOT NULL,"
    "  sender TEXT NOT NULL,"
    "  n BIGINT NOT NULL,"
    "  PRIMARY KEY (width, from_at, bin, sender));";

/* Who has changed what (records/audit.h). */
static const char step_16[] = "CREATE TABLE audit ("
                              "  id @id@,"
                              "  at BIGINT NOT NULL,"
                              "  actor_kind TEXT NOT NULL, actor_id BIGINT NOT NULL,"
                              "  actor_name TEXT NOT NULL, channel TEXT NOT NULL,"
                              "  action TEXT NOT NULL,"
                              "  target TEXT NOT NULL,"
                              "  request TEXT);";

/* The desk's mails to itself (alerts/canary.h). */
static const char step_17[] =
    "CREATE TABLE canary ("
    "  id @id@,"
    "  recipient TEXT NOT NULL,"
    "  comes_back BIGINT NOT NULL,"
    "  slot BIGINT NOT NULL UNIQUE,"
    "  at BIGINT NOT NULL,"
    "  received_at BIGINT);"
    /* Rows of the outbox are forgotten with them: nobody should search the whole inbox for each. */
    "CREATE INDEX inbound_mail_by_outbox ON inbound_mail (outbox) WHERE outbox IS NOT NULL;";

const DbMigration schema_steps[] = {
    {1, "records, decisions and the outbox", step_1},
    {2, "fair lanes, and leases by server", step_2},
    {3, "what an actor told last", step_3},
    {4, "templates in several languages", step_4},
    {5, "options of events, facts of recipients", step_5},
    {6, "conditions of indexes in words that cost less", step_6},
    {7, "signing keys and correspondence", step_7},
    {8, "mails that came in", step_8},
    {9, "how far mailboxes were read", step_9},
    {10, "people who have signed in", step_10},
    {11, "links that work once", step_11},
    {12, "lists of tickets, duplicates", step_12},
    {13, "references of accounts, mails sent on", step_13},
    {14, "who was told of what is held", step_14},
    {15, "throughput, imports", step_15},
    {16, "who has changed what", step_16},
    {17, "the desk's mails to itself", step_17},
};
const size_t schema_n_steps = G_N_ELEMENTS(schema_steps);
