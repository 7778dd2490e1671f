/* SPDX-License-Identifier: Apache-2.0 */
#include "web/views.h"

#include "base/error.h"
#include "template/template.h"

#include <string.h>

#define SUFFIX ".mustache"

struct WebViews {
    GHashTable *views; /* name -> Template */
};

void web_views_free(WebViews *views)
{
    if (views == NULL)
        return;
    g_hash_table_unref(views->views);
    g_free(views);
}

/* {{{x}}} and {{&x}} would go around the escaping. */
static bool check_tag(char kind, const char *name, int line, int column, void *data, GError **error)
{
    if (kind != '&')
        return true;
    template_error_set(error, "template-html", line, column, "{{{%s}}} is not escaped", name);
    return false;
}

static bool load_one(WebViews *views, GResource *resource, const char *prefix, const char *file,
                     GError **error)
{
    g_autofree char *path = g_strconcat(prefix, file, NULL);
    g_autoptr(GError) failure = NULL;
    g_autoptr(GBytes) bytes =
        g_resource_lookup_data(resource, path, G_RESOURCE_LOOKUP_FLAGS_NONE, &failure);
    g_autoptr(Template) view = NULL;
    if (bytes != NULL) {
        size_t size;
        const char *text = g_bytes_get_data(bytes, &size);
        view = template_parse(text, size, &failure);
    }
    if (view == NULL || !template_check(view, check_tag, NULL, &failure)) {
        error_set(error, TD_ERROR_INTERNAL, "The page %s cannot be used: %s", path,
                  failure->message);
        return false;
    }
    g_hash_table_insert(views->views, g_strndup(file, strlen(file) - strlen(SUFFIX)),
                        g_steal_pointer(&view));
    return true;
}

WebViews *web_views_load(GResource *resource, const char *prefix, GError **error)
{
    g_autoptr(WebViews) views = g_new0(WebViews, 1);
    views->views =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)template_free);
    g_auto(GStrv) files =
        g_resource_enumerate_children(resource, prefix, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    for (char **file = files; file != NULL && *file != NULL; file++)
        if (g_str_has_suffix(*file, SUFFIX) && !load_one(views, resource, prefix, *file, error))
            return NULL;
    return g_steal_pointer(&views);
}

typedef struct {
    const WebViews *views;
    const Template *page;
} Partials;

static const Template *find_partial(const char *name, void *data)
{
    const Partials *partials = data;
    if (partials->page != NULL && strcmp(name, "page") == 0)
        return partials->page;
    return g_hash_table_lookup(partials->views->views, name);
}

char *web_views_render(const WebViews *views, const char *layout, const char *view,
                       const json_t *data, GError **error)
{
    const Template *page = g_hash_table_lookup(views->views, view);
    const Template *outer = layout != NULL ? g_hash_table_lookup(views->views, layout) : page;
    if (page == NULL || outer == NULL) {
        error_set(error, TD_ERROR_INTERNAL, "There is no page \"%s\" in \"%s\"", view,
                  layout != NULL ? layout : "");
        return NULL;
    }
    Partials partials = {views, layout != NULL ? page : NULL};
    char *html = NULL;
    return template_render(outer, data, template_escape_html, find_partial, &partials,
                           WEB_PAGE_BYTES_MAX, &html, error)
               ? html
               : NULL;
}

HttpResponse *web_page_response(int status, char *html)
{
    static const char policy[] =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self';"
        " frame-ancestors 'none'; base-uri 'none'";
    HttpResponse *response =
        http_response_new(status, "text/html; charset=utf-8", html, strlen(html));
    http_response_set_header(response, "Content-Security-Policy", policy);
    http_response_set_header(response, "X-Frame-Options", "DENY");
    http_response_set_header(response, "Referrer-Policy", "same-origin");
    http_response_set_header(response, "Cross-Origin-Opener-Policy", "same-origin");
    return response;
}

HttpResponse *web_redirect(const char *target)
{
    HttpResponse *response = http_response_new(303, NULL, NULL, 0);
    http_response_set_header(response, "Location", target);
    return response;
}
