/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list "mailboxes" of the page "email-connector". It is replaced whole, and secrets are never
 * shown: a mailbox keeps its own as long as host, port and user name stay the same
 * (records/mailbox_settings.h). The history shows when a secret was changed, never what it is.
 */
#include "base/error.h"
#include "base/secret.h"
#include "desk/options-private.h"
#include "mail/oauth.h"
#include "records/mailbox.h"
#include "records/mailbox_settings.h"
#include "records/option.h"

#include <string.h>

#define FOLDER_CHARS     255
#define POLL_SECONDS_MAX 86400

static const char *const securities[] = {"tls", "starttls", "none", NULL};
static const char *const auths[] = {"password", "xoauth2", NULL};
static const char *const afters[] = {"flag", "move", NULL};

static void say_missing(JsonReader *reader, const char *name, const char *why)
{
    g_autofree char *path = json_reader_path(reader, name);
    GError *failure = NULL;
    error_set_problem(&failure, TD_ERROR_INVALID, "missing-field", path, "%s: %s", path, why);
    json_reader_fail(reader, failure);
}

static void check(JsonReader *reader, const json_t *mailbox)
{
    g_autoptr(MailboxSettings) settings = mailbox_settings_read(mailbox);
    GError *failure = NULL;
    g_autofree char *path = json_reader_path(reader, "token_url");
    bool token = strcmp(settings->auth, "xoauth2") == 0;
    if (settings->host[0] == '\0')
        say_missing(reader, "host", "a mailbox needs a host");
    else if (settings->username[0] == '\0')
        say_missing(reader, "username", "a mailbox needs a user name");
    else if (token && settings->token_url[0] == '\0')
        say_missing(reader, "token_url", "auth xoauth2 needs token_url and client_id");
    else if (token && settings->client_id[0] == '\0')
        say_missing(reader, "client_id", "auth xoauth2 needs token_url and client_id");
    else if (settings->move && settings->move_to[0] == '\0')
        say_missing(reader, "move_to", "with after \"move\", the folder must be named");
    else if (settings->move && strcmp(settings->move_to, settings->folder) == 0)
        say_missing(reader, "move_to",
                    "mails cannot be moved into the folder that they are read from");
    else if (settings->token_url[0] != '\0' &&
             !oauth_check_url(settings->token_url, path, &failure))
        json_reader_fail(reader, failure);
}

/* The mark of when it was changed; as it was before where this change gives no secret. */
static void put_mark(json_t *mailbox, const json_t *before, size_t secret, int64_t changed_us)
{
    g_autofree char *mark = g_strconcat(mailbox_secrets[secret].field, "_changed", NULL);
    json_t *old = json_object_get(before, mark);
    if (changed_us != 0)
        json_set_time(mailbox, mark, changed_us);
    else if (old != NULL)
        json_object_set(mailbox, mark, old);
}

static bool is_same_login(const MailboxSettings *a, const MailboxSettings *b)
{
    return g_ascii_strcasecmp(a->host, b->host) == 0 && a->port == b->port &&
           strcmp(a->username, b->username) == 0;
}

/* The stored mailbox with the same host, port and user name; NULL: none. Borrowed. */
static const json_t *find_before(const json_t *before, const MailboxSettings *settings)
{
    size_t i;
    json_t *old;
    json_array_foreach((json_t *)before, i, old)
    {
        g_autoptr(MailboxSettings) former = mailbox_settings_read(old);
        if (is_same_login(former, settings))
            return old;
    }
    return NULL;
}

static void read_secrets(DeskTx *tx, JsonReader *reader, const json_t *before, json_t *mailbox)
{
    g_autoptr(MailboxSettings) settings = mailbox_settings_read(mailbox);
    const json_t *former = find_before(before, settings);
    for (size_t k = 0; k < MAILBOX_N_SECRETS; k++) {
        char *value = NULL;
        GError *failure = NULL;
        g_autofree char *name = mailbox_secret_name(settings, k);
        bool given = json_read_secret(reader, mailbox_secrets[k].field,
                                      mailbox_secrets[k].max_chars, &value);
        bool well = !given || (value != NULL ? secret_store(tx->db, name, value, &failure)
                                             : secret_delete(tx->db, name, &failure));
        put_mark(mailbox, former, k, given ? tx->now_us : 0);
        secret_free(value);
        if (!well)
            json_reader_fail(reader, failure);
    }
}

/* New reference; NULL where `outer` has failed. */
static json_t *read_mailbox(DeskTx *tx, JsonReader *outer, size_t i, json_t *patch,
                            const json_t *before)
{
    g_autofree char *path = json_reader_path_at(outer, "mailboxes", i);
    json_auto_t *mailbox = json_object();
    JsonReader reader;
    json_reader_init(&reader, patch, path);
    option_merge_line(&reader, "host", 253, mailbox);
    option_merge_int(&reader, "port", 1, 65535, mailbox);
    option_merge_choice(&reader, "security", securities, mailbox);
    option_merge_line(&reader, "username", LIMIT_NAME_CHARS, mailbox);
    option_merge_choice(&reader, "auth", auths, mailbox);
    option_merge_line(&reader, "token_url", 1024, mailbox);
    option_merge_line(&reader, "client_id", LIMIT_NAME_CHARS, mailbox);
    option_merge_line(&reader, "scope", 1024, mailbox);
    option_merge_line(&reader, "ca_file", 1024, mailbox);
    option_merge_line(&reader, "folder", FOLDER_CHARS, mailbox);
    option_merge_choice(&reader, "after", afters, mailbox);
    option_merge_line(&reader, "move_to", FOLDER_CHARS, mailbox);
    option_merge_int(&reader, "poll_seconds", 1, POLL_SECONDS_MAX, mailbox);
    check(&reader, mailbox);
    read_secrets(tx, &reader, before, mailbox);
    GError *failure = NULL;
    if (json_reader_end(&reader, &failure))
        return json_incref(mailbox);
    json_reader_fail(outer, failure);
    return NULL;
}

static bool is_twin(const json_t *list, const json_t *mailbox)
{
    g_autoptr(MailboxSettings) settings = mailbox_settings_read(mailbox);
    size_t i;
    json_t *other;
    json_array_foreach((json_t *)list, i, other)
    {
        g_autoptr(MailboxSettings) twin = mailbox_settings_read(other);
        if (is_same_login(twin, settings) && strcmp(twin->folder, settings->folder) == 0)
            return true;
    }
    return false;
}

/* Whoever is not in the list any more leaves no secret behind. */
static bool forget_secrets(DeskTx *tx, const json_t *before, const json_t *after, GError **error)
{
    size_t i;
    json_t *old;
    json_array_foreach((json_t *)before, i, old)
    {
        g_autoptr(MailboxSettings) former = mailbox_settings_read(old);
        bool stays = find_before(after, former) != NULL;
        for (size_t k = 0; !stays && k < MAILBOX_N_SECRETS; k++) {
            g_autofree char *name = mailbox_secret_name(former, k);
            if (!secret_delete(tx->db, name, error))
                return false;
        }
    }
    return true;
}

void option_read_mailboxes(DeskTx *tx, JsonReader *reader, json_t *stored)
{
    json_t *patches;
    if (!json_read_array(reader, "mailboxes", LIMIT_MAILBOXES, &patches))
        return;
    const json_t *before = json_object_get(stored, "mailboxes");
    json_auto_t *list = json_array();
    size_t i;
    json_t *patch;
    GError *failure = NULL;
    json_array_foreach(patches, i, patch)
    {
        json_auto_t *mailbox = read_mailbox(tx, reader, i, patch, before);
        if (mailbox == NULL)
            return;
        if (is_twin(list, mailbox)) {
            g_autofree char *path = json_reader_path_at(reader, "mailboxes", i);
            error_set_problem(&failure, TD_ERROR_INVALID, "invalid", path,
                              "%s: this folder of this mailbox stands in the list already", path);
            json_reader_fail(reader, failure);
            return;
        }
        json_array_append(list, mailbox);
    }
    if (!forget_secrets(tx, before, list, &failure)) {
        json_reader_fail(reader, failure);
        return;
    }
    json_object_set(stored, "mailboxes", list);
}
