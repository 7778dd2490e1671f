/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/connector/mail_desk.h"

#include "desk/people.h"
#include "mail/address.h"
#include "mail/signed_address.h"
#include "records/settings.h"
#include "records/signing_key.h"

#include <string.h>

#define SUPPORT "support@desk.example"

static bool add_technician(DeskTx *tx, void *data, GError **error)
{
    Employee employee = {.name = (char *)"Theo Tech",
                         .login = (char *)"theo",
                         .email = (char *)"theo@desk.example",
                         .email_key = (char *)"theo@desk.example",
                         .role = (char *)"technician",
                         .active = true};
    return employee_create(tx, &employee, error);
}

TestDesk *mail_desk_new(const char *engine)
{
    g_autoptr(GError) error = NULL;
    TestDesk *desk = test_desk_new(engine, true);
    test_desk_options(desk, OPTIONS_EMAIL_CONNECTOR,
                      "{\"enabled\":true,\"address\":\"" SUPPORT "\","
                      "\"authserv_id\":\"mx.desk.example\","
                      "\"auto_response\":{\"enabled\":true}}");
    desk_write(desk->desk, &desk->employee, add_technician, NULL, &error);
    g_assert_no_error(error);
    return desk;
}

Filed mail_desk_file_bytes(TestDesk *desk, GBytes *raw)
{
    g_autoptr(GError) error = NULL;
    MailOrigin origin = {.source = "ingest"};
    Filed filed = {0};
    connector_file(desk->desk, raw, &origin, &filed, &error);
    g_assert_no_error(error);
    return filed;
}

Filed mail_desk_file(TestDesk *desk, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_autoptr(GBytes) raw = g_bytes_new_take(text, strlen(text));
    return mail_desk_file_bytes(desk, raw);
}

int64_t assert_filed(Filed filed, const char *state, const char *reason)
{
    g_assert_cmpstr(inbox_state_name(filed.state), ==, state);
    g_assert_cmpstr(filed.reason, ==, reason);
    filed_clear(&filed);
    return filed.ticket;
}

void assert_rows(TestDesk *desk, const char *sql, int columns, const char *want)
{
    g_autofree char *rows = test_desk_rows(desk, sql, columns);
    g_assert_cmpstr(rows, ==, want);
}

static bool load_keys(DbTx *tx, void *data, GError **error)
{
    SigningKeys **keys = data;
    g_clear_pointer(keys, signing_keys_unref);
    *keys = signing_keys_load(tx, error);
    return *keys != NULL;
}

static SigningKeys *keys_of(TestDesk *desk)
{
    g_autoptr(GError) error = NULL;
    SigningKeys *keys = NULL;
    db_read(test_db_handle(desk->db), load_keys, &keys, &error);
    g_assert_no_error(error);
    return keys;
}

char *reply_address(TestDesk *desk, int64_t ticket, const char *recipient_key)
{
    g_autoptr(SigningKeys) keys = keys_of(desk);
    return signed_address_reply(signing_keys_current(keys), SUPPORT, "+", ticket, recipient_key);
}

char *bounce_address(TestDesk *desk, int64_t outbox)
{
    g_autoptr(SigningKeys) keys = keys_of(desk);
    return signed_address_bounce(signing_keys_current(keys), SUPPORT, "+", outbox);
}
