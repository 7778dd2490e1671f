/* SPDX-License-Identifier: Apache-2.0 */
#include "web/assets.h"

#include "base/error.h"
#include "base/secret.h"

#include <string.h>

#define HASH_DIGITS 16

typedef struct {
    const char *type;
    char *hash;
    GBytes *plain;
    GBytes *packed; /* gzip; NULL: it gained nothing */
} Asset;

struct WebAssets {
    GHashTable *assets; /* name -> Asset */
    json_t *paths;
};

static const struct {
    const char *suffix, *type;
} types[] = {
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".txt", "text/plain; charset=utf-8"},
};

static void asset_free(void *item)
{
    Asset *asset = item;
    g_free(asset->hash);
    g_bytes_unref(asset->plain);
    g_clear_pointer(&asset->packed, g_bytes_unref);
    g_free(asset);
}

void web_assets_free(WebAssets *assets)
{
    if (assets == NULL)
        return;
    g_hash_table_unref(assets->assets);
    json_decref(assets->paths);
    g_free(assets);
}

static const char *type_of(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (g_str_has_suffix(name, types[i].suffix))
            return types[i].type;
    return NULL;
}

static GBytes *pack(GBytes *plain)
{
    g_autoptr(GZlibCompressor) compressor = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9);
    g_autoptr(GInputStream) in = g_memory_input_stream_new_from_bytes(plain);
    g_autoptr(GInputStream) packing = g_converter_input_stream_new(in, G_CONVERTER(compressor));
    g_autoptr(GOutputStream) out = g_memory_output_stream_new_resizable();
    if (g_output_stream_splice(out, packing, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, NULL, NULL) < 0)
        return NULL;
    g_autoptr(GBytes) packed = g_memory_output_stream_steal_as_bytes(G_MEMORY_OUTPUT_STREAM(out));
    return g_bytes_get_size(packed) < g_bytes_get_size(plain) ? g_steal_pointer(&packed) : NULL;
}

static void add(WebAssets *assets, const char *name, const char *type, GBytes *bytes)
{
    Asset *asset = g_new0(Asset, 1);
    g_autofree char *hash = secret_hash(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    asset->type = type;
    asset->hash = g_strndup(hash, HASH_DIGITS);
    asset->plain = g_bytes_ref(bytes);
    asset->packed = pack(bytes);
    g_hash_table_insert(assets->assets, g_strdup(name), asset);
    g_autofree char *key = g_strdelimit(g_strdup(name), ".-", '_');
    g_autofree char *path = g_strdup_printf("/assets/%s/%s", asset->hash, name);
    json_object_set_new(assets->paths, key, json_string(path));
}

WebAssets *web_assets_load(GResource *resource, const char *prefix, GError **error)
{
    g_autoptr(WebAssets) assets = g_new0(WebAssets, 1);
    assets->assets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, asset_free);
    assets->paths = json_object();
    g_auto(GStrv) files =
        g_resource_enumerate_children(resource, prefix, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    for (char **file = files; file != NULL && *file != NULL; file++) {
        g_autofree char *path = g_strconcat(prefix, *file, NULL);
        g_autoptr(GBytes) bytes =
            g_resource_lookup_data(resource, path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
        const char *type = type_of(*file);
        if (bytes == NULL || type == NULL) {
            error_set(error, TD_ERROR_INTERNAL, "The file %s cannot be served", path);
            return NULL;
        }
        add(assets, *file, type, bytes);
    }
    return g_steal_pointer(&assets);
}

json_t *web_assets_paths(const WebAssets *assets)
{
    return assets->paths;
}

/* Browsers write "gzip, deflate, br"; whoever forbids it with q=0 is served all the same by what
 * they can read: the plain file. */
static bool takes_gzip(const HttpRequest *request)
{
    const char *accepted = http_request_header(request, "Accept-Encoding");
    return accepted != NULL && strstr(accepted, "gzip") != NULL &&
           strstr(accepted, "gzip;q=0") == NULL;
}

static HttpResponse *serve(const HttpRequest *request, void *data)
{
    const WebAssets *assets = data;
    const Asset *asset = g_hash_table_lookup(assets->assets, http_request_param(request, "name"));
    if (asset == NULL || strcmp(asset->hash, http_request_param(request, "hash")) != 0)
        return http_response_problem_new(404, "no-such-page", "There is no such page",
                                         "Nothing is served at this address.", NULL);
    GBytes *content = asset->packed != NULL && takes_gzip(request) ? asset->packed : asset->plain;
    size_t bytes;
    const void *start = g_bytes_get_data(content, &bytes);
    HttpResponse *response = http_response_new(200, asset->type, g_memdup2(start, bytes), bytes);
    http_response_set_header(response, "Cache-Control", "public, max-age=31536000, immutable");
    http_response_set_header(response, "Vary", "Accept-Encoding");
    if (content == asset->packed)
        http_response_set_header(response, "Content-Encoding", "gzip");
    return response;
}

void web_assets_add_routes(WebAssets *assets, HttpRouter *router)
{
    http_router_add(router, "GET", "/assets/{hash}/{name}", serve, assets);
}
