/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Style sheets, scripts and pictures, embedded in the program. Each is served at a path that has a
 * hash of its content in it, so browsers may keep it for ever; compressed once, when it is loaded.
 * Thread-safe once loaded.
 */
#pragma once

#include "http/router.h"

#include <gio/gio.h>
#include <jansson.h>

typedef struct WebAssets WebAssets;

/* The files of this program, below "/tidings/assets/". Generated. */
GResource *web_assets_get_resource(void);

/* Loads every file below `prefix` of the resource. Errors: INTERNAL. */
WebAssets *web_assets_load(GResource *resource, const char *prefix, GError **error);
void web_assets_free(WebAssets *assets);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WebAssets, web_assets_free)

/* GET /assets/{hash}/{name} */
void web_assets_add_routes(WebAssets *assets, HttpRouter *router);

/* {"console_css": "/assets/1f0c.../console.css", ...}: a dot or dash in a name is "_". Borrowed. */
json_t *web_assets_paths(const WebAssets *assets);
