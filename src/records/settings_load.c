/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options are asked for with every ticket and change once a month. So what was made of their
 * texts the last time is kept, together with those texts, and used again where the database holds
 * the very same ones. There is nothing to invalidate: whoever changed them, in this process or
 * another, and whether or not it was committed, the texts in the caller's own transaction decide.
 */
#include "base/error.h"
#include "records/settings.h"

#include <pthread.h>
#include <string.h>

/* What the sections' texts stand for. */
typedef struct {
    Settings settings; /* first: callers know only this */
    GString *texts;
    gint users;
} Shared;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Shared *last;

void settings_free(Settings *settings)
{
    Shared *shared = (Shared *)settings;
    if (shared == NULL || !g_atomic_int_dec_and_test(&shared->users))
        return;
    desk_settings_clear(&settings->desk);
    alerts_server_settings_clear(&settings->alerts_server);
    alerts_to_customers_settings_clear(&settings->alerts);
    ticket_settings_clear(&settings->tickets);
    email_connector_settings_clear(&settings->email_connector);
    web_interface_settings_clear(&settings->web_interface);
    g_string_free(shared->texts, TRUE);
    g_free(shared);
}

/* What was made last; at first nothing, of a text that no rows give. */
static Settings *take_last(void)
{
    pthread_mutex_lock(&lock);
    if (last == NULL) {
        last = g_new0(Shared, 1);
        last->users = 1;
        last->texts = g_string_new("nothing yet");
    }
    Shared *shared = last;
    g_atomic_int_inc(&shared->users);
    pthread_mutex_unlock(&lock);
    return &shared->settings;
}

static void keep_last(Settings *settings)
{
    Shared *shared = (Shared *)settings;
    g_atomic_int_inc(&shared->users);
    pthread_mutex_lock(&lock);
    Shared *former = last;
    last = shared;
    pthread_mutex_unlock(&lock);
    settings_free((Settings *)former);
}

/* Texts, each followed by a NUL, which no text has in it: compared with those that are known for as
 * long as they are the same, copied from then on. */
typedef struct {
    const GString *known;
    size_t same;
    GString *others; /* NULL: all that came so far is known */
} Texts;

static void texts_differ(Texts *texts)
{
    if (texts->others == NULL)
        texts->others = g_string_new_len(texts->known->str, (gssize)texts->same);
}

static void texts_add(Texts *texts, const char *text)
{
    size_t bytes = strlen(text) + 1;
    if (texts->others == NULL && bytes <= texts->known->len - texts->same &&
        memcmp(texts->known->str + texts->same, text, bytes) == 0) {
        texts->same += bytes;
        return;
    }
    texts_differ(texts);
    g_string_append_len(texts->others, text, (gssize)bytes);
}

/* The sections, their versions and values, in whatever order: in another one they are only read
 * once more. */
static bool texts_load(DbTx *tx, Texts *texts, GError **error)
{
    DbRows *rows =
        db_query(tx, error, "SELECT section, CAST(version AS TEXT), value FROM option_section", "");
    if (rows == NULL)
        return false;
    while (db_rows_next(rows))
        for (int column = 0; column < 3; column++)
            texts_add(texts, db_rows_text(rows, column));
    if (texts->same < texts->known->len)
        texts_differ(texts);
    return db_rows_end(rows, error);
}

static const char *after(const char *text)
{
    return text + strlen(text) + 1;
}

/* A section that nobody has set is an empty object. *number is its version. New reference; NULL
 * with an error. */
static json_t *parse_section(const GString *texts, const char *section, int64_t *number,
                             GError **error)
{
    *number = 0;
    const char *end = texts->str + texts->len;
    const char *value = NULL;
    for (const char *name = texts->str; name < end && value == NULL;) {
        const char *version = after(name);
        const char *text = after(version);
        if (strcmp(name, section) == 0) {
            value = text;
            *number = g_ascii_strtoll(version, NULL, 10);
        }
        name = after(text);
    }
    json_t *parsed = value != NULL ? json_loads(value, 0, NULL) : json_object();
    if (parsed == NULL)
        error_set(error, TD_ERROR_CORRUPT, "The stored options \"%s\" are not readable", section);
    return parsed;
}

/* Takes `texts`. */
static Settings *make(GString *texts, GError **error)
{
    g_autoptr(GString) owned = texts;
    int64_t other;
    OptionVersions versions;
    json_auto_t *desk = parse_section(texts, OPTIONS_DESK, &other, error);
    json_auto_t *server =
        desk != NULL ? parse_section(texts, OPTIONS_ALERTS_SERVER, &versions.alerts_server, error)
                     : NULL;
    json_auto_t *alerts = server != NULL ? parse_section(texts, OPTIONS_ALERTS_TO_CUSTOMERS,
                                                         &versions.alerts_to_customers, error)
                                         : NULL;
    json_auto_t *tickets =
        alerts != NULL ? parse_section(texts, OPTIONS_TICKETS, &other, error) : NULL;
    json_auto_t *connector =
        tickets != NULL ? parse_section(texts, OPTIONS_EMAIL_CONNECTOR, &other, error) : NULL;
    json_auto_t *web =
        connector != NULL ? parse_section(texts, OPTIONS_WEB_INTERFACE, &other, error) : NULL;
    if (web == NULL)
        return NULL;
    Shared *shared = g_new0(Shared, 1);
    shared->users = 1;
    shared->texts = g_steal_pointer(&owned);
    Settings *settings = &shared->settings;
    desk_settings_read(desk, &settings->desk);
    alerts_server_settings_read(server, &settings->alerts_server);
    alerts_to_customers_settings_read(alerts, &settings->alerts);
    ticket_settings_read(tickets, &settings->tickets);
    email_connector_settings_read(connector, &settings->email_connector);
    web_interface_settings_read(web, &settings->web_interface);
    settings->versions = versions;
    return settings;
}

Settings *settings_load(DbTx *tx, GError **error)
{
    g_autoptr(Settings) known = take_last();
    Texts texts = {.known = ((Shared *)known)->texts};
    bool loaded = texts_load(tx, &texts, error);
    if (loaded && texts.others == NULL)
        return g_steal_pointer(&known);
    g_autoptr(GString) others = texts.others;
    Settings *settings = loaded ? make(g_steal_pointer(&others), error) : NULL;
    if (settings != NULL)
        keep_last(settings);
    return settings;
}

bool options_find_versions(DbTx *tx, int64_t at_us, OptionVersions *versions, GError **error)
{
    return (versions->alerts_server >= 0 ||
            option_version_at(tx, OPTIONS_ALERTS_SERVER, at_us, &versions->alerts_server, error)) &&
           (versions->alerts_to_customers >= 0 ||
            option_version_at(tx, OPTIONS_ALERTS_TO_CUSTOMERS, at_us,
                              &versions->alerts_to_customers, error));
}
