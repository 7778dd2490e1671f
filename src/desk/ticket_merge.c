/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merging a duplicate. Nothing is copied or moved but the recipients: the duplicate keeps its
 * story, and whoever looks at the other ticket reads both. No alert tells of it: the customer has
 * one matter, and goes on hearing of it from the ticket that stays.
 */
#include "desk/ticket_merge.h"

#include "base/error.h"
#include "base/limits.h"
#include "desk/blame.h"
#include "desk/ticket-private.h"
#include "records/status.h"

typedef struct {
    Ticket *duplicate, *other;
} Merging;

static void merging_clear(Merging *merging)
{
    g_clear_pointer(&merging->duplicate, ticket_free);
    g_clear_pointer(&merging->other, ticket_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Merging, merging_clear)

static bool lock_other(DeskTx *tx, Merging *merging, int64_t into, GError **error)
{
    GError *failure = NULL;
    merging->other = ticket_lock(tx->db, into, &failure);
    return merging->other != NULL || desk_blame_field(error, failure, "/into");
}

/* In the order of their numbers, so that two who merge at once do not wait for each other. */
static bool lock_both(DeskTx *tx, Merging *merging, int64_t number, int64_t into, GError **error)
{
    if (into < number && !lock_other(tx, merging, into, error))
        return false;
    merging->duplicate = ticket_lock(tx->db, number, error);
    return merging->duplicate != NULL && (into < number || lock_other(tx, merging, into, error));
}

static bool refuse_merged(const Ticket *ticket, GError **error)
{
    if (ticket->merged_into == 0)
        return true;
    error_set_problem(error, TD_ERROR_CONFLICT, "merged", NULL,
                      "Ticket #%" G_GINT64_FORMAT " was merged into #%" G_GINT64_FORMAT
                      " already. Nothing was changed.",
                      ticket->number, ticket->merged_into);
    return false;
}

static bool may_merge(const Merging *merging, GError **error)
{
    if (!refuse_merged(merging->duplicate, error) || !refuse_merged(merging->other, error))
        return false;
    if (merging->duplicate->account == merging->other->account)
        return true;
    error_set_problem(error, TD_ERROR_CONFLICT, "other-account", NULL,
                      "Ticket #%" G_GINT64_FORMAT " belongs to account %" G_GINT64_FORMAT
                      " and ticket #%" G_GINT64_FORMAT " to account %" G_GINT64_FORMAT
                      ": only tickets of one customer can be merged. Nothing was changed.",
                      merging->duplicate->number, merging->duplicate->account,
                      merging->other->number, merging->other->account);
    return false;
}

/* ---- recipients ---- */

static GHashTable *keys_of(const GPtrArray *recipients)
{
    GHashTable *keys = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < recipients->len; i++)
        g_hash_table_add(keys, ((const Recipient *)recipients->pdata[i])->email_key);
    return keys;
}

static bool add_one(DeskTx *tx, const Ticket *other, const Recipient *recipient, json_t *added,
                    GError **error)
{
    const RecipientDraft draft = {recipient->email, recipient->email_key, recipient->name};
    g_autoptr(Recipient) made = ticket_add_recipient(tx, other, &draft, error);
    if (made != NULL)
        json_array_append_new(added, json_string(made->email));
    return made != NULL;
}

/* Who is muted on the duplicate or has left it does not want to hear of the matter. */
static bool add_recipients(DeskTx *tx, const Merging *merging, json_t *added, GError **error)
{
    g_autoptr(GPtrArray) present = recipient_list(tx->db, merging->other->number, error);
    g_autoptr(GPtrArray) coming =
        present != NULL ? recipient_list(tx->db, merging->duplicate->number, error) : NULL;
    if (coming == NULL)
        return false;
    g_autoptr(GHashTable) known = keys_of(present);
    for (guint i = 0; i < coming->len; i++) {
        const Recipient *recipient = coming->pdata[i];
        if (recipient->muted || recipient->left_at != 0 ||
            g_hash_table_contains(known, recipient->email_key))
            continue;
        if (present->len + json_array_size(added) == LIMIT_RECIPIENTS_PER_TICKET) {
            error_set_problem(error, TD_ERROR_INVALID, "too-many", "/into",
                              "Together the two have more than %d external recipients, which is"
                              " the most that a ticket can have. Nothing was changed.",
                              LIMIT_RECIPIENTS_PER_TICKET);
            return false;
        }
        if (!add_one(tx, merging->other, recipient, added, error))
            return false;
    }
    return true;
}

/* ---- both tickets ---- */

static bool write_event(DeskTx *tx, const Ticket *ticket, EventKind kind, const json_t *facts,
                        GError **error)
{
    g_autoptr(Event) event = ticket_write_event(tx, ticket, kind, true, facts, NULL, error);
    return event != NULL;
}

static bool end_duplicate(DeskTx *tx, const Merging *merging, GError **error)
{
    Ticket *ticket = merging->duplicate;
    int before = ticket->status;
    if (!status_is_closed(before))
        ticket->status = STATUS_CANCELED;
    ticket->updated_at = tx->now_us;
    ticket->merged_into = merging->other->number;
    json_auto_t *facts = json_pack("{s:{s:{s:n, s:I}}}", "changes", "merged_into", "before",
                                   "after", (json_int_t)merging->other->number);
    if (ticket->status != before)
        json_object_set_new(json_object_get(facts, "changes"), "status",
                            json_pack("{s:i, s:i}", "before", before, "after", ticket->status));
    return ticket_update(tx->db, ticket, error) &&
           ticket_set_merged(tx->db, ticket->number, ticket->merged_into, error) &&
           write_event(tx, ticket, EVENT_MERGED, facts, error);
}

static bool take_in(DeskTx *tx, const Merging *merging, GError **error)
{
    Ticket *ticket = merging->other;
    const Ticket *duplicate = merging->duplicate;
    json_auto_t *added = json_array();
    if (!add_recipients(tx, merging, added, error))
        return false;
    ticket->updated_at = tx->now_us;
    json_auto_t *facts =
        json_pack("{s:{s:I, s:s}, s:O}", "duplicate", "number", (json_int_t)duplicate->number,
                  "title", duplicate->title, "added", added);
    return ticket_update(tx->db, ticket, error) &&
           write_event(tx, ticket, EVENT_DUPLICATE_MERGED, facts, error);
}

Ticket *ticket_merge(DeskTx *tx, int64_t number, int64_t into, GError **error)
{
    if (number == into) {
        error_set_problem(error, TD_ERROR_CONFLICT, "merge-into-itself", "/into",
                          "A ticket cannot be merged into itself");
        return NULL;
    }
    g_auto(Merging) merging = {0};
    return lock_both(tx, &merging, number, into, error) && may_merge(&merging, error) &&
                   take_in(tx, &merging, error) && end_duplicate(tx, &merging, error)
               ? g_steal_pointer(&merging.duplicate)
               : NULL;
}
