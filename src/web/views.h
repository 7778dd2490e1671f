/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages from Mustache files that are embedded in the program: parsed once, rendered with every
 * value escaped for HTML. A view may not write a value unescaped, nor outside of quotes in a tag;
 * that is looked at when it is loaded. Thread-safe once loaded.
 */
#pragma once

#include "http/response.h"

#include <gio/gio.h>
#include <jansson.h>

/* Of one page. */
#define WEB_PAGE_BYTES_MAX (4 * 1024 * 1024)

typedef struct WebViews WebViews;

/* Loads every NAME.mustache below `prefix` ("/tidings/console/") of the resource; a view is known
 * by NAME. Errors: INTERNAL (a file that cannot be read or parsed: the program is broken). */
WebViews *web_views_load(GResource *resource, const char *prefix, GError **error);
void web_views_free(WebViews *views);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WebViews, web_views_free)

/* The HTML of `view` inside of `layout`, where {{>page}} stands for it (NULL: the view alone, a
 * piece of a page). Other partials are views by their names. Errors: INTERNAL (no such view), and
 * those of template_render(). */
char *web_views_render(const WebViews *views, const char *layout, const char *view,
                       const json_t *data, GError **error);

/* An HTML answer with the headers that every page of ours has: a Content-Security-Policy without
 * inline scripts and styles, no frames, no referrer. Takes `html`. */
HttpResponse *web_page_response(int status, char *html);

/* 303: what a form leads to. `target` is a path of ours. */
HttpResponse *web_redirect(const char *target);
