/* SPDX-License-Identifier: Apache-2.0 */
/* GET /doctor: a look at all that mail depends on. It asks other machines, so few run at once. */
#include "api/call.h"
#include "api/resources.h"
#include "base/error.h"

#define RUNNING_MAX 2

static HttpResponse *run(ApiCall *call, GError **error)
{
    const Api *api = call->api;
    if (api->doctor == NULL) {
        error_set(error, TD_ERROR_UNAVAILABLE, "The desk cannot be looked at from here");
        return NULL;
    }
    json_t *answer = api->doctor(http_request_query(call->request, "only"), &api->stopping,
                                 api->doctor_data, error);
    return answer != NULL ? http_response_json(200, answer) : NULL;
}

HttpResponse *doctor_get(ApiCall *call, GError **error)
{
    HttpResponse *response = NULL;
    if (g_atomic_int_add(&call->api->doctors, 1) < RUNNING_MAX)
        response = run(call, error);
    else
        error_set(error, TD_ERROR_BUSY,
                  "%d looks at the desk are running already; try again when they are done",
                  RUNNING_MAX);
    g_atomic_int_add(&call->api->doctors, -1);
    return response;
}
