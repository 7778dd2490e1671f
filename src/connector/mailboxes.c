/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/mailboxes.h"

#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/secret.h"
#include "connector/connector.h"
#include "records/email_connector.h"
#include "records/mailbox.h"
#include "records/mailbox_settings.h"
#include "records/option.h"

#include <string.h>

/* ---- refresh tokens ---- */

typedef struct {
    Db *db;
    char *name; /* of the secret */
    char *mailbox;
} Keeper;

typedef struct {
    const Keeper *keeper;
    const char *former;
    char *value;
} Keeping;

static void keeper_free(void *data)
{
    Keeper *keeper = data;
    g_free(keeper->name);
    g_free(keeper->mailbox);
    g_free(keeper);
}

static bool find_token(DbTx *tx, void *data, GError **error)
{
    Keeping *keeping = data;
    secret_free(g_steal_pointer(&keeping->value));
    return secret_load(tx, keeping->keeper->name, &keeping->value, error);
}

static bool load_token(void *data, char **refresh_token, GError **error)
{
    const Keeper *keeper = data;
    Keeping keeping = {.keeper = keeper};
    bool well = db_read(keeper->db, find_token, &keeping, error);
    if (well)
        *refresh_token = g_steal_pointer(&keeping.value);
    secret_free(keeping.value);
    return well;
}

static bool replace_token(DbTx *tx, void *data, GError **error)
{
    const Keeping *keeping = data;
    return secret_replace(tx, keeping->keeper->name, keeping->former, keeping->value, error);
}

static bool store_token(void *data, const char *former, const char *refresh_token, GError **error)
{
    const Keeper *keeper = data;
    g_autoptr(GError) failure = NULL;
    Keeping keeping = {keeper, former, (char *)refresh_token};
    if (db_write(keeper->db, replace_token, &keeping, &failure))
        return true;
    log_warning("The new refresh token of the mailbox %s cannot be stored: %s. It is kept in memory"
                " and stored as soon as it can be; if the server ends before, the mailbox may need"
                " a new one in the options",
                keeper->mailbox, failure->message);
    g_propagate_error(error, g_steal_pointer(&failure));
    return false;
}

static OAuthSource *make_source(const MailboxDoor *door, const MailboxSettings *settings,
                                const char *mailbox, const char *client_secret)
{
    Keeper *keeper = g_new0(Keeper, 1);
    keeper->db = desk_db(door->desk);
    keeper->name = mailbox_secret_name(settings, MAILBOX_REFRESH_TOKEN);
    keeper->mailbox = g_strdup(mailbox);
    OAuthSetup setup = {
        .token_url = settings->token_url,
        .client_id = settings->client_id,
        .client_secret = client_secret,
        .scope = settings->scope,
        .ca_file = settings->ca_file,
        .clock = door->clock,
        .keeper = {.load = load_token,
                   .store = store_token,
                   .data = keeper,
                   .free_data = keeper_free},
    };
    return oauth_source_new(&setup);
}

/* ---- the mailboxes ---- */

typedef struct {
    const MailboxDoor *door;
    GPtrArray *mailboxes;
} Listing;

static PollerMailbox *make_mailbox(const MailboxDoor *door, const json_t *stored,
                                   const MailboxSettings *settings, char **secrets)
{
    PollerMailbox *mailbox = g_new0(PollerMailbox, 1);
    bool token = strcmp(settings->auth, "xoauth2") == 0;
    const char *password = secrets[MAILBOX_PASSWORD];
    mailbox->name =
        mailbox_name(settings->username, settings->host, settings->port, settings->folder);
    mailbox->host = g_strdup(settings->host);
    mailbox->port = settings->port;
    mailbox->security = g_strdup(settings->security);
    mailbox->username = g_strdup(settings->username);
    mailbox->password = g_strdup(password != NULL && !token ? password : "");
    mailbox->ca_file = g_strdup(settings->ca_file);
    mailbox->folder = g_strdup(settings->folder);
    mailbox->after = settings->move ? MAILBOX_MOVE : MAILBOX_FLAG;
    mailbox->move_to = g_strdup(settings->move_to);
    mailbox->poll_seconds = settings->poll_seconds;
    if (token)
        mailbox->oauth = make_source(door, settings, mailbox->name, secrets[MAILBOX_CLIENT_SECRET]);
    /* the marks of when a secret was changed are in it */
    char *all = json_dumps(stored, JSON_COMPACT | JSON_SORT_KEYS);
    mailbox->fingerprint = secret_hash(all, strlen(all));
    free(all);
    return mailbox;
}

static bool add_mailbox(DbTx *tx, const MailboxDoor *door, const json_t *stored, GPtrArray *list,
                        GError **error)
{
    g_autoptr(MailboxSettings) settings = mailbox_settings_read(stored);
    char *secrets[MAILBOX_N_SECRETS] = {0};
    bool ok = true;
    for (size_t k = 0; ok && k < MAILBOX_N_SECRETS; k++) {
        g_autofree char *name = mailbox_secret_name(settings, k);
        ok = secret_load(tx, name, &secrets[k], error);
    }
    if (ok)
        g_ptr_array_add(list, make_mailbox(door, stored, settings, secrets));
    for (size_t k = 0; k < MAILBOX_N_SECRETS; k++)
        secret_free(secrets[k]);
    return ok;
}

static bool list_mailboxes(DbTx *tx, void *data, GError **error)
{
    Listing *listing = data;
    int64_t version;
    json_auto_t *section = option_load(tx, OPTIONS_EMAIL_CONNECTOR, &version, error);
    if (section == NULL)
        return false;
    g_ptr_array_set_size(listing->mailboxes, 0);
    if (!json_get_bool(section, "enabled", false))
        return true;
    size_t i;
    json_t *stored;
    json_array_foreach(json_object_get(section, "mailboxes"), i,
                       stored) if (!add_mailbox(tx, listing->door, stored, listing->mailboxes,
                                                error)) return false;
    return true;
}

GPtrArray *mailbox_door_list(void *data, GError **error)
{
    const MailboxDoor *door = data;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)poller_mailbox_free);
    Listing listing = {door, list};
    return db_read(desk_db(door->desk), list_mailboxes, &listing, error) ? g_steal_pointer(&list)
                                                                         : NULL;
}

/* ---- filing ---- */

typedef struct {
    const InboxOrigin *origin;
    bool before; /* it was filed already */
} Moving;

/* Goes into the filing's transaction. An error takes it back as a whole: the mail was filed before.
 */
static bool move_on(DbTx *tx, void *data, GError **error)
{
    Moving *moving = data;
    const InboxOrigin *origin = moving->origin;
    bool first = false;
    bool well =
        mailbox_position_file(tx, origin->mailbox, origin->uidvalidity, origin->uid, &first, error);
    moving->before = well && !first;
    if (moving->before)
        error_set(error, TD_ERROR_BUSY, "This mail was filed already");
    return well && first;
}

bool mailbox_door_file(GBytes *raw, const InboxOrigin *origin, void *data, GError **error)
{
    const MailboxDoor *door = data;
    g_autoptr(GError) failure = NULL;
    g_auto(Filed) filed = {0};
    g_autofree char *large =
        origin->headers_only
            ? g_strdup_printf("The mail has %" G_GINT64_FORMAT " bytes; at most %d are taken. Only"
                              " its headers are kept here; it is whole in the mailbox %s",
                              origin->bytes, LIMIT_INBOUND_MAIL_BYTES, origin->mailbox)
            : NULL;
    Moving moving = {.origin = origin};
    MailOrigin from = {
        .source = origin->mailbox,
        .with = move_on,
        .data = &moving,
        .unread = origin->refused != NULL ? origin->refused : large,
    };
    if (connector_file(door->desk, raw, &from, &filed, &failure) || moving.before) {
        if (filed.canary && origin->delete != NULL)
            *origin->delete = true;
        return true;
    }
    if (strcmp(error_problem(failure), "email-connector-off") == 0)
        error_set(error, TD_ERROR_BUSY, "%s", failure->message); /* the poller ends in a moment */
    else
        g_propagate_error(error, g_steal_pointer(&failure));
    return false;
}

/* ---- how they stand ---- */

static bool add_status(DbTx *tx, const json_t *stored, json_t *list, GError **error)
{
    g_autoptr(MailboxSettings) settings = mailbox_settings_read(stored);
    g_autofree char *name =
        mailbox_name(settings->username, settings->host, settings->port, settings->folder);
    g_autoptr(MailboxState) state = mailbox_state_load(tx, name, error);
    if (state == NULL)
        return false;
    json_t *value = json_object();
    json_set_text(value, "mailbox", name);
    json_set_text(value, "host", settings->host);
    json_set_int(value, "port", settings->port);
    json_set_text(value, "username", settings->username);
    json_set_text(value, "folder", settings->folder);
    json_set_text(value, "state", state->state);
    json_set_text(value, "reason", state->reason);
    json_set_time(value, "since", state->since);
    json_set_time(value, "polled_at", state->polled_at);
    json_set_time(value, "retry_at", state->retry_at);
    json_set_int(value, "waiting", state->waiting);
    json_set_int(value, "filed", state->filed);
    json_array_append_new(list, value);
    return true;
}

json_t *mailboxes_status(DbTx *tx, GError **error)
{
    int64_t version;
    json_auto_t *section = option_load(tx, OPTIONS_EMAIL_CONNECTOR, &version, error);
    if (section == NULL)
        return NULL;
    json_auto_t *list = json_array();
    size_t i;
    json_t *stored;
    json_array_foreach(json_object_get(section, "mailboxes"), i,
                       stored) if (!add_status(tx, stored, list, error)) return NULL;
    return json_incref(list);
}
