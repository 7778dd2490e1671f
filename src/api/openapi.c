/* SPDX-License-Identifier: Apache-2.0 */
/* Serves what tools/make-openapi makes of openapi.json and operations.json; it is embedded in the
 * program. */
#include "api/resources.h"

#include "api/api-document.h"

HttpResponse *openapi_document(ApiCall *call, GError **error)
{
    g_autoptr(GBytes) bytes =
        g_resource_lookup_data(api_document_get_resource(), "/tidings/api/openapi.json",
                               G_RESOURCE_LOOKUP_FLAGS_NONE, error);
    if (bytes == NULL)
        return NULL;
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    return http_response_new(200, "application/json", g_memdup2(data, size), size);
}
