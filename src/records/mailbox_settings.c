/* SPDX-License-Identifier: Apache-2.0 */
#include "records/mailbox_settings.h"

#include "base/json.h"
#include "base/secret.h"
#include "records/email_connector.h"

#include <string.h>

const struct MailboxSecret mailbox_secrets[MAILBOX_N_SECRETS] = {
    {"password", 1024}, {"client_secret", 1024}, {"refresh_token", 4096}};

void mailbox_settings_free(MailboxSettings *settings)
{
    if (settings == NULL)
        return;
    g_free(settings->host);
    g_free(settings->security);
    g_free(settings->username);
    g_free(settings->auth);
    g_free(settings->token_url);
    g_free(settings->client_id);
    g_free(settings->scope);
    g_free(settings->ca_file);
    g_free(settings->folder);
    g_free(settings->move_to);
    g_free(settings);
}

static char *text_or(const json_t *stored, const char *name, const char *standard)
{
    const char *text = json_get_text(stored, name);
    return g_strdup(*text != '\0' ? text : standard);
}

static int int_or(const json_t *stored, const char *name, int standard)
{
    int64_t value = json_get_int(stored, name);
    return value != 0 ? (int)value : standard;
}

MailboxSettings *mailbox_settings_read(const json_t *stored)
{
    MailboxSettings *settings = g_new0(MailboxSettings, 1);
    settings->host = text_or(stored, "host", "");
    settings->security = text_or(stored, "security", "tls");
    settings->port = int_or(stored, "port", strcmp(settings->security, "tls") == 0 ? 993 : 143);
    settings->username = text_or(stored, "username", "");
    settings->auth = text_or(stored, "auth", "password");
    settings->token_url = text_or(stored, "token_url", "");
    settings->client_id = text_or(stored, "client_id", "");
    settings->scope = text_or(stored, "scope", "");
    settings->ca_file = text_or(stored, "ca_file", "");
    settings->folder = text_or(stored, "folder", "INBOX");
    settings->move = strcmp(json_get_text(stored, "after"), "move") == 0;
    settings->move_to = text_or(stored, "move_to", "");
    settings->poll_seconds = int_or(stored, "poll_seconds", 10);
    return settings;
}

json_t *mailbox_settings_json(const MailboxSettings *settings)
{
    json_t *value = json_object();
    json_set_text(value, "host", settings->host);
    json_set_int(value, "port", settings->port);
    json_set_text(value, "security", settings->security);
    json_set_text(value, "username", settings->username);
    json_set_text(value, "auth", settings->auth);
    json_set_text(value, "token_url", settings->token_url);
    json_set_text(value, "client_id", settings->client_id);
    json_set_text(value, "scope", settings->scope);
    json_set_text(value, "ca_file", settings->ca_file);
    json_set_text(value, "folder", settings->folder);
    json_set_text(value, "after", settings->move ? "move" : "flag");
    json_set_text(value, "move_to", settings->move_to);
    json_set_int(value, "poll_seconds", settings->poll_seconds);
    return value;
}

char *mailbox_secret_name(const MailboxSettings *settings, size_t secret)
{
    g_autofree char *host = g_ascii_strdown(settings->host, -1);
    g_autofree char *where =
        g_strdup_printf("%s\n%d\n%s", host, settings->port, settings->username);
    g_autofree char *hash = secret_hash(where, strlen(where));
    return g_strdup_printf(OPTIONS_EMAIL_CONNECTOR ".%.32s.%s", hash,
                           mailbox_secrets[secret].field);
}
