/* SPDX-License-Identifier: Apache-2.0 */
#include "console/test_mail.h"

#include "base/error.h"
#include "console/form.h"

#include <string.h>

bool test_mail_add_state(Page *page, GError **error)
{
    json_t *test = page_get(page, error, "/options/alerts-server/test");
    if (test == NULL)
        return false;
    page_add_time(page, test, "at");
    json_object_set_new(page->data, "test", test);
    const char *typed = page_field(page, "to");
    json_set_text(page->data, "to", *typed != '\0' ? typed : page->employee->email);
    return true;
}

static void dress(json_t *result)
{
    size_t i;
    json_t *step;
    json_array_foreach(json_object_get(result, "steps"), i, step)
    {
        bool last = i + 1 == json_array_size(json_object_get(result, "steps"));
        bool failed = last && !json_get_bool(result, "ok", false);
        json_set_bool(step, "failed", failed);
    }
}

int test_mail_send(Page *page, GError **error)
{
    json_t *body = json_object();
    page_take_text(page, body, "to");
    page_take_id(page, body, "relay");
    g_autoptr(GError) failure = NULL;
    json_t *result = page_send(page, "POST", body, &failure, "/options/alerts-server/test");
    if (result != NULL) {
        dress(result);
        json_object_set_new(page->data, "result", result);
        return 200;
    }
    if (form_refused(page, failure))
        return page_status(failure);
    g_propagate_error(error, g_steal_pointer(&failure));
    return 0;
}
