/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One mail, one transaction: claim its keys, gather the facts, decide, do it, write the inbox's
 * row. Whatever fails rolls back all of it, and who brought the mail brings it again.
 *
 * A mail that the desk's own use cases refuse (too many recipients, ...) would come back for ever.
 * So after a refusal that trying again cannot heal it is filed once more without doing anything:
 * it waits for a person, with the refusal as its reason.
 */
#include "connector/connector.h"

#include "alerts/canary.h"
#include "base/error.h"
#include "base/limits.h"
#include "connector/act.h"
#include "connector/forward.h"
#include "records/canary.h"
#include "records/email_connector.h"
#include "records/identity.h"
#include "records/signing_key.h"

#include <string.h>

#define NAME_CHARS 255

typedef struct {
    const MailRead *read;
    const MailOrigin *origin;
    const char *refused; /* by the use cases, in a first run; NULL: this is it */
    Filed filed;
} Filing;

void filed_clear(Filed *filed)
{
    g_free(filed->reason);
}

static char *cut(const char *text)
{
    return g_utf8_substring(text, 0, MIN(NAME_CHARS, g_utf8_strlen(text, -1)));
}

/* What the row says of the mail itself. */
static InboxMail *describe(const Filing *filing, int64_t now_us)
{
    const InboundMail *mail = filing->read->mail;
    const InboundAddress *author = mail != NULL ? inbound_author(mail) : NULL;
    InboxMail *row = g_new0(InboxMail, 1);
    row->source = g_strdup(filing->origin->source);
    row->message_id = mail != NULL ? g_strdup(mail->message_id) : NULL;
    row->content_hash = g_strdup(filing->read->content_hash);
    row->text_hash = g_strdup(filing->read->text_hash);
    row->from = author != NULL ? g_strdup(author->email)
                : mail != NULL ? cut(mail->from_text)
                               : g_strdup("");
    row->from_key = g_strdup(author != NULL ? author->key : "");
    row->from_name = author != NULL && *author->name != '\0' ? cut(author->name) : NULL;
    row->subject = mail != NULL ? cut(mail->subject) : g_strdup("");
    row->bytes = (int64_t)g_bytes_get_size(filing->read->raw);
    row->received_at = now_us;
    row->steps = json_array();
    return row;
}

/* ---- the same mail ---- */

static bool found_before(DeskTx *tx, Filing *filing, int64_t former, GError **error)
{
    g_autoptr(InboxMail) mail = inbox_load(tx->db, former, error);
    if (mail == NULL)
        return false;
    filing->filed =
        (Filed){mail->id, mail->state, g_strdup(mail->reason), mail->ticket, true, false};
    return true;
}

typedef enum { SAME_NOT, SAME_MAIL, SAME_ID_OTHER_TEXT } Sameness;

/* Two ways of one mail differ in the fields of the way, not in what a person reads. */
static bool compare(DeskTx *tx, const Filing *filing, int64_t former, Sameness *same,
                    GError **error)
{
    g_autoptr(InboxMail) mail = inbox_load(tx->db, former, error);
    if (mail == NULL)
        return false;
    *same = strcmp(mail->text_hash, filing->read->text_hash) == 0 ? SAME_MAIL : SAME_ID_OTHER_TEXT;
    return true;
}

/* Claims the keys; *former is the mail that had one. */
static bool claim(DeskTx *tx, const Filing *filing, const char *content_key,
                  const char *message_key, Sameness *same, int64_t *former, GError **error)
{
    *same = SAME_NOT;
    if (!inbox_claim(tx->db, content_key, tx->now_us, former, error))
        return false;
    if (*former != 0) {
        *same = SAME_MAIL;
        return true;
    }
    if (message_key == NULL)
        return true;
    return inbox_claim(tx->db, message_key, tx->now_us, former, error) &&
           (*former == 0 || compare(tx, filing, *former, same, error));
}

/* ---- filing ---- */

static void settle_without_doing(const Filing *filing, Sameness same, InboxMail *row)
{
    if (same == SAME_ID_OTHER_TEXT) {
        row->state = INBOX_STOPPED;
        row->reason = g_strdup("same_id_other_text");
        inbox_add_step(row->steps, "same", "yes", row->reason,
                       "A mail with this Message-ID and sender came before, with another text.");
    } else if (filing->read->mail == NULL) {
        row->state = INBOX_QUARANTINED;
        row->reason = g_strdup("unreadable");
        inbox_add_step(row->steps, "read", "no", row->reason, filing->read->unreadable);
    } else {
        row->state = INBOX_UNMATCHED;
        row->reason = g_strdup("refused");
        inbox_add_step(row->steps, "file", "no", row->reason, filing->refused);
    }
}

static bool insert(DeskTx *tx, const Filing *filing, InboxMail *row, const char *content_key,
                   const char *message_key, GError **error)
{
    const char *keys[] = {content_key, row->same_as == 0 ? message_key : NULL, NULL};
    return inbox_insert(tx->db, row, filing->read->raw, keys, error);
}

static bool decide_and_do(DeskTx *tx, const Filing *filing, InboxMail *row, const char *content_key,
                          const char *message_key, GError **error)
{
    g_auto(MailKnown) known = {0};
    const Settings *settings = desk_settings(tx, error);
    if (settings == NULL || !mail_known_load(tx->db, settings, filing->read, &known, error))
        return false;
    row->verified = known.facts.auth.verdict == AUTH_RESULTS_PASS;
    MailCase one = {filing->read, &known, mail_classify(&known.facts, row->steps), row};
    return mail_act(tx, &one, error) && insert(tx, filing, row, content_key, message_key, error) &&
           mail_follow_up(tx, &one, error) && mail_send_on(tx, filing->read, row, error) &&
           inbox_update(tx->db, row, error);
}

static bool file_new(DeskTx *tx, Filing *filing, Sameness same, int64_t former,
                     const char *content_key, const char *message_key, GError **error)
{
    g_autoptr(InboxMail) row = describe(filing, tx->now_us);
    row->same_as = same == SAME_ID_OTHER_TEXT ? former : 0;
    bool do_it = same == SAME_NOT && filing->read->mail != NULL && filing->refused == NULL;
    if (do_it) {
        if (!decide_and_do(tx, filing, row, content_key, message_key, error))
            return false;
    } else {
        settle_without_doing(filing, same, row);
        if (!insert(tx, filing, row, content_key, message_key, error) ||
            !mail_send_on(tx, filing->read, row, error) || !inbox_update(tx->db, row, error))
            return false;
    }
    filing->filed = (Filed){row->id, row->state, g_strdup(row->reason), row->ticket, false, false};
    return true;
}

static bool check_enabled(DeskTx *tx, GError **error)
{
    const Settings *settings = desk_settings(tx, error);
    if (settings == NULL)
        return false;
    if (!settings->email_connector.enabled)
        error_set_problem(error, TD_ERROR_CONFLICT, "email-connector-off", NULL,
                          "The Email Connector is switched off, so this mail was not taken; it is"
                          " still with whoever has brought it. Switch it on under"
                          " options/email-connector and bring the mail again");
    return settings->email_connector.enabled;
}

/* The desk's own mail to itself is noted and nothing else: no row, no steps, nothing follows. A
 * forged one is a mail like any other. */
static bool take_canary(DeskTx *tx, Filing *filing, GError **error)
{
    const InboundMail *mail = filing->read->mail;
    g_autofree char *desk_id = NULL;
    int64_t id;
    if (mail == NULL || mail->message_id == NULL ||
        !g_str_has_prefix(mail->message_id, OUTBOX_KIND_CANARY "."))
        return true;
    g_autoptr(SigningKeys) keys = signing_keys_load(tx->db, error);
    if (keys == NULL || !identity_load(tx->db, &desk_id, error))
        return false;
    if (!canary_recognize(keys, desk_id, mail->message_id, mail->hop, &id))
        return true;
    filing->filed = (Filed){.state = INBOX_NOTED, .reason = g_strdup("canary"), .canary = true};
    return canary_received(tx->db, id, tx->now_us, error);
}

static bool file(DeskTx *tx, void *data, GError **error)
{
    Filing *filing = data;
    const MailRead *read = filing->read;
    const MailOrigin *origin = filing->origin;
    const InboundAddress *author = read->mail != NULL ? inbound_author(read->mail) : NULL;
    g_autofree char *content_key = inbox_content_key(read->content_hash);
    g_autofree char *message_key =
        read->mail != NULL
            ? inbox_message_key(read->mail->message_id, author != NULL ? author->key : "")
            : NULL;
    int64_t former;
    Sameness same;
    filed_clear(&filing->filed);
    filing->filed = (Filed){0};
    if (!check_enabled(tx, error) ||
        (origin->with != NULL && !origin->with(tx->db, origin->data, error)) ||
        !take_canary(tx, filing, error))
        return false;
    if (filing->filed.canary)
        return true;
    if (!claim(tx, filing, content_key, message_key, &same, &former, error))
        return false;
    return same == SAME_MAIL ? found_before(tx, filing, former, error)
                             : file_new(tx, filing, same, former, content_key, message_key, error);
}

/* Trying again would end the same way. */
static bool is_refusal(const GError *error)
{
    TdErrorCode code = error_code(error);
    bool off = g_strcmp0(error_problem(error), "email-connector-off") == 0;
    return !off && (code == TD_ERROR_INVALID || code == TD_ERROR_NOT_FOUND ||
                    code == TD_ERROR_CONFLICT || code == TD_ERROR_LIMIT);
}

bool connector_file(Desk *desk, GBytes *raw, const MailOrigin *origin, Filed *filed, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(MailRead) read =
        origin->unread != NULL ? mail_read_nothing(raw, origin->unread) : mail_read(raw, error);
    if (read == NULL)
        return false;
    Actor actor = {ACTOR_SYSTEM, 0, (char *)"Email Connector", CHANNEL_EMAIL};
    Filing filing = {.read = read, .origin = origin};
    bool ok = desk_write(desk, &actor, file, &filing, &failure);
    if (!ok && is_refusal(failure)) {
        g_autofree char *why = g_strdup(failure->message);
        g_clear_error(&failure);
        filing.refused = why;
        ok = desk_write(desk, &actor, file, &filing, &failure);
    }
    if (ok) {
        *filed = filing.filed;
        return true;
    }
    filed_clear(&filing.filed);
    g_propagate_error(error, g_steal_pointer(&failure));
    return false;
}
