/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/restored.h"

#include "alerts/mail_kind.h"
#include "base/json.h"
#include "desk/options.h"
#include "outbox/restored.h"
#include "records/audit.h"
#include "records/one_time_link.h"
#include "records/session.h"

static bool put_options(DeskTx *tx, const char *section, json_t *patch, GError **error)
{
    json_auto_t *now = options_put(tx, section, patch, error);
    json_decref(patch);
    return now != NULL;
}

/* Options are changed first: deactivating holds what waits, and the rest is held then. */
static bool make_quiet(DeskTx *tx, DeskQuiet *result, GError **error)
{
    return put_options(tx, OPTIONS_ALERTS_SERVER,
                       json_pack("{s:b, s:s}", "active", 0, "uncertain", "ask"), error) &&
           put_options(tx, OPTIONS_EMAIL_CONNECTOR, json_pack("{s:b}", "enabled", 0), error) &&
           outbox_quiet(tx->db, "alerts_server_inactive", OUTBOX_KIND_SIGN_IN, tx->now_us,
                        &result->held, &result->uncertain, error) &&
           session_end_everybody(tx->db, error) && one_time_link_end_all(tx->db, tx->now_us, error);
}

bool desk_restored(DeskTx *tx, const char *action, const char *checksum, bool quiet,
                   DeskQuiet *result, GError **error)
{
    *result = (DeskQuiet){0};
    g_autofree char *target = g_strdup_printf("/backup/%s", checksum);
    const char *request = quiet ? "{\"as_it_was\":false}" : "{\"as_it_was\":true}";
    return audit_insert(tx->db, tx->actor, tx->now_us, action, target, request, error) &&
           (!quiet || make_quiet(tx, result, error));
}
