/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/suppressions.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

Suppression *suppression_add_by_hand(DeskTx *tx, const char *email, const char *email_key,
                                     const char *note, GError **error)
{
    g_autoptr(Suppression) suppression = g_new0(Suppression, 1);
    suppression->email = g_strdup(email);
    suppression->email_key = g_strdup(email_key);
    suppression->reason = g_strdup(SUPPRESSION_BY_PERSON);
    suppression->evidence = suppression_evidence_of_person(tx->actor->name, note);
    suppression->since = tx->now_us;
    bool added;
    if (!suppression_add(tx->db, suppression, &added, error))
        return NULL;
    if (!added) {
        error_set_problem(error, TD_ERROR_CONFLICT, "already-suppressed", NULL,
                          "%s is on the suppression list already; its evidence was kept", email);
        return NULL;
    }
    return g_steal_pointer(&suppression);
}

bool suppression_remove_by_hand(DeskTx *tx, const char *email_key, GError **error)
{
    bool removed;
    if (!suppression_remove(tx->db, email_key, &removed, error))
        return false;
    if (!removed)
        error_set_problem(error, TD_ERROR_NOT_FOUND, "not-suppressed", NULL,
                          "%s is not on the suppression list", email_key);
    return removed;
}

/* "a mail server said: 550 ...", "Erika Muster put it there: ..." */
static char *why(const Suppression *suppression)
{
    json_auto_t *evidence = json_loads(suppression->evidence, 0, NULL);
    const char *by = json_get_text(evidence, "by");
    const char *words = json_get_text(evidence, *by != '\0' ? "note" : "reply");
    const char *colon = *words != '\0' ? ": " : "";
    return *by != '\0' ? g_strdup_printf("%s put it there%s%s", by, colon, words)
                       : g_strdup_printf("a mail server said that there is no such mailbox%s%s",
                                         colon, words);
}

bool suppression_refuse(DeskTx *tx, int64_t alert, const char *email_key, GError **error)
{
    g_autoptr(Suppression) suppression = suppression_load(tx->db, email_key, error);
    if (suppression == NULL)
        return false;
    g_autofree char *since = text_from_time(suppression->since / US_PER_SECOND * US_PER_SECOND);
    g_autofree char *words = why(suppression);
    error_set_problem(
        error, TD_ERROR_CONFLICT, "address-suppressed", NULL,
        "%s is on the suppression list since %s, because %s. Nothing was sent. If the"
        " address works again, take it off the list (`tidings suppression remove %s`)"
        " and retry; or send this one mail all the same (`tidings alerts retry %" G_GINT64_FORMAT
        " --force`, in the API {\"force\":true}): when it is"
        " accepted, the address leaves the list",
        suppression->email, since, words, suppression->email, alert);
    return false;
}

bool suppression_refuse_listed(DeskTx *tx, const char *email, const char *email_key, GError **error)
{
    bool listed;
    if (!suppression_has(tx->db, email_key, &listed, error))
        return false;
    if (listed)
        error_set_problem(error, TD_ERROR_CONFLICT, "address-suppressed", NULL,
                          "%s is on the suppression list, so it was not sent again. If the address"
                          " is good again, take it off the list (tidings suppression remove), then"
                          " retry",
                          email);
    return !listed;
}
