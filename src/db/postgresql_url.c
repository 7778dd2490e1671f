/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A postgresql:// URL becomes libpq's list of keywords and values once, at the start. What the URL
 * does not say gets defaults that notice a dead peer within about half a minute. libpq's own
 * message about a bad URL may quote a piece of the password, so it is never passed on.
 */
#include "db/postgresql-private.h"

#include "base/error.h"
#include "base/secret.h"

#include <string.h>

typedef struct {
    const char *keyword, *value;
} Setting;

static const Setting fallbacks[] = {
    {"fallback_application_name", "tidings"},
    {"keepalives_idle", "15"},
    {"keepalives_interval", "5"},
    {"keepalives_count", "3"},
    {"tcp_user_timeout", "30000"},
};

static const char *given_value(const PQconninfoOption *options, const char *keyword)
{
    for (const PQconninfoOption *o = options; o->keyword != NULL; o++) {
        if (strcmp(o->keyword, keyword) == 0)
            return o->val;
    }
    return NULL;
}

bool postgresql_url_parse(PgDb *db, const char *url, GError **error)
{
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(url, &message);
    if (options == NULL) {
        PQfreemem(message);
        error_set_problem(error, TD_ERROR_INVALID, "bad-database-url", NULL,
                          "The PostgreSQL URL cannot be read; its form is "
                          "postgresql://user:password@host:port/database, with special characters "
                          "written as %%XX");
        return false;
    }
    g_autoptr(GPtrArray) keywords = g_ptr_array_new();
    g_autoptr(GPtrArray) values = g_ptr_array_new();
    for (const PQconninfoOption *o = options; o->keyword != NULL; o++) {
        if (o->val == NULL || strcmp(o->keyword, "client_encoding") == 0)
            continue;
        g_ptr_array_add(keywords, g_strdup(o->keyword));
        g_ptr_array_add(values, g_strdup(o->val));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(fallbacks); i++) {
        if (given_value(options, fallbacks[i].keyword) != NULL)
            continue;
        g_ptr_array_add(keywords, g_strdup(fallbacks[i].keyword));
        g_ptr_array_add(values, g_strdup(fallbacks[i].value));
    }
    PQconninfoFree(options);
    g_ptr_array_add(keywords, g_strdup("client_encoding"));
    g_ptr_array_add(values, g_strdup("UTF8"));
    g_ptr_array_add(keywords, NULL);
    g_ptr_array_add(values, NULL);
    db->keywords = (char **)g_ptr_array_free(g_steal_pointer(&keywords), FALSE);
    db->values = (char **)g_ptr_array_free(g_steal_pointer(&values), FALSE);
    return true;
}

void postgresql_url_clear(PgDb *db)
{
    for (char **value = db->values; value != NULL && *value != NULL; value++)
        secret_free(*value);
    g_free(db->values);
    g_strfreev(db->keywords);
}
