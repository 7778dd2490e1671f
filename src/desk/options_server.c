/* SPDX-License-Identifier: Apache-2.0 */
/* The options page "alerts-server". */
#include "base/error.h"
#include "desk/options-private.h"
#include "outbox/outbox.h"

#include <string.h>

static bool check_active(const json_t *stored, GError **error)
{
    const char *transport = json_get_text(stored, "transport");
    if (!json_get_bool(stored, "active", false))
        return true;
    if (*json_get_text(stored, "from_address") == '\0') {
        error_set_problem(error, TD_ERROR_CONFLICT, "sender-missing", "/from_address",
                          "The Alerts Server cannot be activated without a sender address;"
                          " set from_address first");
        return false;
    }
    if (strcmp(transport, "smtp") == 0 && *json_get_text(stored, "host") == '\0') {
        error_set_problem(
            error, TD_ERROR_CONFLICT, "relay-missing", "/host",
            "The Alerts Server cannot be activated without a mail server to hand mail to;"
            " set host first");
        return false;
    }
    return true;
}

bool option_merge_alerts_server(DeskTx *tx, json_t *stored, json_t *patch, GError **error)
{
    static const char *const transports[] = {"smtp", "sendmail", "maildir", NULL};
    static const char *const when_uncertain[] = {"repeat", "ask", NULL};
    bool was_active = json_get_bool(stored, "active", false);
    g_auto(RelayChange) relays;
    relay_change_init(&relays, stored);
    JsonReader reader;
    json_reader_init(&reader, patch, "");
    option_merge_bool(&reader, "active", stored);
    option_merge_choice(&reader, "transport", transports, stored);
    relay_change_read(&relays, &reader, stored);
    option_merge_line(&reader, "from_name", LIMIT_NAME_CHARS, stored);
    option_merge_address(&reader, "from_address", stored);
    option_merge_address(&reader, "reply_to", stored);
    option_merge_int(&reader, "concurrency", 1, 64, stored);
    option_merge_choice(&reader, "uncertain", when_uncertain, stored);
    if (!json_reader_end(&reader, error) || !check_active(stored, error) ||
        !relay_change_store(&relays, tx, stored, error))
        return false;
    bool is_active = json_get_bool(stored, "active", false);
    tx->queued = true; /* the sender must look at its settings again */
    return !was_active || is_active ||
           outbox_hold_waiting(tx->db, "alerts_server_inactive", G_MAXINT, tx->now_us, NULL, error);
}
