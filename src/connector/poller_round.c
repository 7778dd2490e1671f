/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One look at a mailbox.
 *
 *   SELECT            the folder, and whether it is still the same one (UIDVALIDITY)
 *   UID SEARCH        what stands behind the position's `done_uid`
 *   up to filed_uid   was filed, but not flagged or moved: a crash came in between, or the server
 *                     refused it. That is done now
 *   behind it         is fetched and filed, one mail at a time in the order of the UIDs; then all
 *                     of them are flagged or moved
 *
 * The position moves on with the transaction that files a mail, so a round may break anywhere. What
 * is gone meanwhile, and what is older than the mailbox's beginning, is passed over. A mail that
 * the server will not give out, or that cannot be filed, does not stop the others for ever: after
 * some tries what can be had of it is filed with the reason.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "connector/poller-private.h"

#include <string.h>

#define BEGIN_US     US_PER_DAY /* how old a mail may be in a mailbox that is new to us */
#define AGAIN_US     US_PER_DAY /* before the last look, with a new UIDVALIDITY */
#define REFUSALS_MAX 5

/* ---- the position ---- */

typedef struct {
    const char *mailbox;
    MailboxPosition position;
    int64_t uid;
} Access;

static bool load(DbTx *tx, void *data, GError **error)
{
    Access *access = data;
    return mailbox_position_load(tx, access->mailbox, &access->position, error);
}

static bool begin(DbTx *tx, void *data, GError **error)
{
    const Access *access = data;
    return mailbox_position_begin(tx, access->mailbox, &access->position, error);
}

static bool pass(DbTx *tx, void *data, GError **error)
{
    const Access *access = data;
    return mailbox_position_pass(tx, access->mailbox, access->position.uidvalidity, access->uid,
                                 error);
}

static bool done(DbTx *tx, void *data, GError **error)
{
    const Access *access = data;
    return mailbox_position_done(tx, access->mailbox, access->position.uidvalidity, access->uid,
                                 error);
}

/* ---- a round's state ---- */

typedef struct {
    Box *box;
    Access access;
    GArray *handled; /* of uint32_t: filed, to be flagged or moved */
    GArray *useless; /* of uint32_t: to be deleted */
    uint32_t
        passed;    /* the last UID that is to be passed over and is not written down yet; 0: none */
    uint32_t last; /* the last UID that is dealt with; 0: none */
} Work;

static bool is_past(const Work *work, const ImapMail *mail)
{
    const MailboxPosition *position = &work->access.position;
    return mail->uid < position->old_below && mail->arrived_us != 0 &&
           mail->arrived_us < position->since_us;
}

static bool write_passed(Work *work, GError **error)
{
    if (work->passed == 0)
        return true;
    work->access.uid = work->passed;
    work->passed = 0;
    return db_write(work->box->setup->db, pass, &work->access, error);
}

/* ---- selecting ---- */

/* Where the server tells no UIDNEXT, the last mail does. */
static bool find_next(Box *box, const ImapFolder *folder, int64_t *next, GError **error)
{
    *next = folder->uidnext;
    if (folder->uidnext != 0)
        return true;
    g_autoptr(GArray) uids = imap_search(box->session, 1, 0, 0, box->cancel, error);
    if (uids == NULL)
        return false;
    *next = uids->len > 0 ? g_array_index(uids, uint32_t, uids->len - 1) + INT64_C(1) : 1;
    return true;
}

static bool select_folder(Work *work, ImapFolder *folder, GError **error)
{
    Box *box = work->box;
    const PollerSetup *setup = box->setup;
    if (!imap_select(box->session, box->options->folder, folder, box->cancel, error) ||
        !db_read(setup->db, load, &work->access, error))
        return false;
    MailboxPosition *position = &work->access.position;
    if (position->uidvalidity == folder->uidvalidity)
        return true;
    int64_t next;
    if (!find_next(box, folder, &next, error))
        return false;
    int64_t since_us = position->uidvalidity != 0 && position->polled_at != 0
                           ? position->polled_at - AGAIN_US
                           : clock_wall_us(setup->clock) - BEGIN_US;
    *position = (MailboxPosition){
        .uidvalidity = folder->uidvalidity, .old_below = next, .since_us = since_us};
    return db_write(setup->db, begin, &work->access, error);
}

/* ---- flagging and moving ---- */

static bool act(Work *work, GError **error)
{
    Box *box = work->box;
    const PollerMailbox *options = box->options;
    const uint32_t *uids = (const uint32_t *)work->handled->data;
    bool well = options->after == MAILBOX_MOVE
                    ? imap_move(box->session, uids, work->handled->len, options->move_to,
                                box->cancel, error)
                    : imap_flag(box->session, uids, work->handled->len, box->cancel, error);
    if (!well || !imap_delete(box->session, (const uint32_t *)work->useless->data,
                              work->useless->len, box->cancel, error))
        return false;
    g_array_set_size(work->handled, 0);
    g_array_set_size(work->useless, 0);
    if (work->last == 0)
        return true;
    work->access.uid = work->last;
    return db_write(box->setup->db, done, &work->access, error);
}

/* A refusal is no reason not to file: it is noted, and tried again with the next round. */
static bool act_or_note(Work *work, Round *round, GError **error)
{
    g_autoptr(GError) failure = NULL;
    if (act(work, &failure))
        return true;
    if (!error_is(failure, TD_ERROR_INVALID)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return false;
    }
    g_free(round->note);
    round->note = g_strdup_printf(
        "Mails are filed, but stay where they are as if they were not. %s", failure->message);
    return true;
}

/* ---- filing ---- */

/* Once more, where it can never be filed as it is. */
static bool hand_over(Work *work, GBytes *raw, InboxOrigin *origin, GError **error)
{
    const PollerSetup *setup = work->box->setup;
    g_autoptr(GError) failure = NULL;
    if (setup->file(raw, origin, setup->file_data, &failure))
        return true;
    if (error_try_again(failure) || origin->refused != NULL) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return false;
    }
    origin->refused = failure->message;
    return setup->file(raw, origin, setup->file_data, error);
}

/* After some refusals in a row nothing of it is to be had. */
static bool give_up(Box *box, uint32_t uid, const GError *failure)
{
    if (!error_is(failure, TD_ERROR_INVALID))
        return false;
    box->refusals = box->stubborn == uid ? box->refusals + 1 : 1;
    box->stubborn = uid;
    return box->refusals >= REFUSALS_MAX;
}

/* The bytes of a mail, or as much of them as is taken. LIMIT breaks the session: then the mail is
 * known as too large, and the next round takes its headers. */
static bool fetch(Box *box, const ImapMail *mail, InboxOrigin *origin, GBytes **raw, char **why,
                  GError **error)
{
    g_autoptr(GError) failure = NULL;
    bool known_large = box->stubborn == mail->uid && box->refusals < 0;
    origin->headers_only = known_large || mail->bytes > LIMIT_INBOUND_MAIL_BYTES;
    bool well = origin->headers_only
                    ? imap_fetch_headers(box->session, mail->uid, raw, box->cancel, &failure)
                    : imap_fetch(box->session, mail->uid, LIMIT_INBOUND_MAIL_BYTES, raw,
                                 box->cancel, &failure);
    if (well)
        return true;
    if (!origin->headers_only && error_is(failure, TD_ERROR_LIMIT)) {
        box->stubborn = mail->uid;
        box->refusals = -1;
    } else if (give_up(box, mail->uid, failure)) {
        *raw = g_bytes_new_static("", 0);
        *why = g_strdup_printf("UID %u: %s", mail->uid, failure->message);
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&failure));
    return false;
}

static bool file_mail(Work *work, const ImapMail *mail, bool *delete, GError **error)
{
    Box *box = work->box;
    g_autoptr(GBytes) raw = NULL;
    g_autofree char *why = NULL;
    InboxOrigin origin = {
        .mailbox = box->options->name,
        .uidvalidity = work->access.position.uidvalidity,
        .uid = mail->uid,
        .arrived_us = mail->arrived_us,
        .bytes = mail->bytes,
        .delete = delete,
    };
    if (!fetch(box, mail, &origin, &raw, &why, error))
        return false;
    origin.refused = why;
    if (!hand_over(work, raw, &origin, error))
        return false;
    box->stubborn = 0;
    box->refusals = 0;
    work->passed = 0; /* the position is behind them now */
    return true;
}

/* The listed mail with this UID; NULL: it is gone. */
static const ImapMail *find(const GArray *list, uint32_t uid)
{
    for (guint i = 0; i < list->len; i++)
        if (g_array_index(list, ImapMail, i).uid == uid)
            return &g_array_index(list, ImapMail, i);
    return NULL;
}

/* The UIDs from `at` on, at most `n`: what was filed before is only remembered for flagging. */
static bool go_through(Work *work, const GArray *uids, guint at, guint n, bool filed,
                       GError **error)
{
    Box *box = work->box;
    const uint32_t *first = (const uint32_t *)uids->data + at;
    g_autoptr(GArray) list = imap_list(box->session, first, n, box->cancel, error);
    if (list == NULL)
        return false;
    for (guint i = 0; i < n; i++) {
        const ImapMail *mail = find(list, first[i]);
        bool pass_over = mail == NULL || is_past(work, mail);
        if (g_cancellable_set_error_if_cancelled(box->cancel, NULL))
            return write_passed(work, error);
        if (pass_over && !filed)
            work->passed = first[i];
        bool delete = false;
        if (!pass_over && !filed && !file_mail(work, mail, &delete, error)) {
            write_passed(work, NULL);
            return false;
        }
        if (!pass_over)
            g_array_append_val(delete ? work->useless : work->handled, first[i]);
        work->last = first[i];
    }
    return write_passed(work, error);
}

static guint count_filed(const Work *work, const GArray *uids)
{
    guint n = 0;
    while (n < uids->len && g_array_index(uids, uint32_t, n) <= work->access.position.filed_uid)
        n++;
    return n;
}

/* What was filed is flagged or moved also where a later one has failed. */
static bool file_new(Work *work, const GArray *uids, guint at, bool may_act, Round *round,
                     GError **error)
{
    guint n = MIN(uids->len - at, POLLER_BATCH);
    g_autoptr(GError) failure = NULL;
    bool well = n == 0 || go_through(work, uids, at, n, false, &failure);
    bool usable = !imap_is_broken(work->box->session);
    round->more = well && uids->len - at > n;
    round->waiting = (int64_t)uids->len - at - (well ? n : 0);
    if (may_act && usable && work->last != 0 &&
        !act_or_note(work, round, failure == NULL ? &failure : NULL))
        well = false;
    if (failure != NULL)
        g_propagate_error(error, g_steal_pointer(&failure));
    return well;
}

static bool work_through(Work *work, const GArray *uids, Round *round, GError **error)
{
    guint filed = count_filed(work, uids);
    guint at = 0;
    while (at < filed && round->note == NULL) {
        guint n = MIN(filed - at, IMAP_SET_UIDS);
        if (!go_through(work, uids, at, n, true, error) || !act_or_note(work, round, error))
            return false;
        at += n;
    }
    bool may_act = round->note == NULL;
    work->last = 0;
    g_array_set_size(work->handled, 0);
    g_array_set_size(work->useless, 0);
    return file_new(work, uids, filed, may_act, round, error);
}

bool box_round(Box *box, Round *round, GError **error)
{
    g_autoptr(GArray) handled = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    g_autoptr(GArray) useless = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    Work work = {.box = box,
                 .access = {.mailbox = box->options->name},
                 .handled = handled,
                 .useless = useless};
    ImapFolder folder;
    if (!select_folder(&work, &folder, error))
        return false;
    const MailboxPosition *position = &work.access.position;
    if (folder.uidnext != 0 && position->done_uid + 1 >= folder.uidnext)
        return true;
    if (position->done_uid >= UINT32_MAX)
        return true;
    g_autoptr(GArray) uids = imap_search(box->session, (uint32_t)position->done_uid + 1,
                                         (uint32_t)MIN(position->old_below, UINT32_MAX),
                                         position->since_us, box->cancel, error);
    return uids != NULL && work_through(&work, uids, round, error);
}
