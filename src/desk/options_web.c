/* SPDX-License-Identifier: Apache-2.0 */
/* The options page "web-interface". */
#include "base/error.h"
#include "base/limits.h"
#include "desk/options-private.h"
#include "records/web_interface.h"

#include <string.h>

/* Scheme, host and port alone: the pages know their own paths, and whoever reads a link in a mail
 * must see whose it is. */
static char *read_url(const char *text)
{
    g_autoptr(GUri) uri = g_uri_parse(text, G_URI_FLAGS_NONE, NULL);
    const char *scheme = uri != NULL ? g_uri_get_scheme(uri) : "";
    const char *host = uri != NULL ? g_uri_get_host(uri) : NULL;
    if ((strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0) || host == NULL ||
        *host == '\0' || g_uri_get_userinfo(uri) != NULL || g_uri_get_query(uri) != NULL ||
        g_uri_get_fragment(uri) != NULL ||
        (*g_uri_get_path(uri) != '\0' && strcmp(g_uri_get_path(uri), "/") != 0))
        return NULL;
    g_autofree char *url =
        g_uri_join(G_URI_FLAGS_NONE, scheme, NULL, host, g_uri_get_port(uri), "", NULL, NULL);
    /* It stands in mails and in a header field: nothing but what a URL is made of. */
    for (const char *c = url; *c != '\0'; c++)
        if (!g_ascii_isalnum(*c) && strchr(":/.-[]_", *c) == NULL)
            return NULL;
    return g_steal_pointer(&url);
}

static void merge_public_url(JsonReader *reader, json_t *stored)
{
    g_autofree char *text = NULL;
    if (!json_read_optional_line(reader, "public_url", LIMIT_NAME_CHARS, &text))
        return;
    g_autofree char *url = text != NULL && *text != '\0' ? read_url(text) : g_strdup("");
    if (url != NULL) {
        json_set_text(stored, "public_url", url);
        return;
    }
    g_autofree char *path = json_reader_path(reader, "public_url");
    GError *failure = NULL;
    error_set_problem(&failure, TD_ERROR_INVALID, "bad-url", path,
                      "%s: \"%s\" is not where the customers' pages can be; write it as"
                      " https://support.example.com, with a port where it needs one, without a"
                      " path",
                      path, text);
    json_reader_fail(reader, failure);
}

bool option_merge_web_interface(DeskTx *tx, json_t *stored, json_t *patch, GError **error)
{
    JsonReader reader;
    json_reader_init(&reader, patch, "");
    option_merge_bool(&reader, "enabled", stored);
    merge_public_url(&reader, stored);
    option_merge_bool(&reader, "require_sign_in", stored);
    option_merge_choice(&reader, "see", web_interface_see_names, stored);
    return json_reader_end(&reader, error);
}

json_t *option_show_web_interface(const json_t *stored)
{
    g_auto(WebInterfaceSettings) settings = {0};
    web_interface_settings_read(stored, &settings);
    return web_interface_settings_json(&settings);
}
