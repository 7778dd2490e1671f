/* SPDX-License-Identifier: Apache-2.0 */
#include "records/status.h"

#include "base/text.h"

#include <glib.h>

const StatusCode status_codes[STATUS_N] = {
    STATUS_NEW,        STATUS_PENDING, STATUS_SCHEDULED, STATUS_IN_HOUSE, STATUS_ON_SITE,
    STATUS_LABORATORY, STATUS_HOLD,    STATUS_OTHER,     STATUS_CANCELED, STATUS_COMPLETED,
};

const char *status_name(int code)
{
    switch (code) {
    case STATUS_NEW:
        return "New";
    case STATUS_PENDING:
        return "Pending";
    case STATUS_SCHEDULED:
        return "Scheduled";
    case STATUS_IN_HOUSE:
        return "In-House Service";
    case STATUS_ON_SITE:
        return "On-Site Service";
    case STATUS_LABORATORY:
        return "Laboratory Service";
    case STATUS_HOLD:
        return "Hold";
    case STATUS_OTHER:
        return "Other";
    case STATUS_CANCELED:
        return "Canceled";
    case STATUS_COMPLETED:
        return "Completed";
    default:
        return NULL;
    }
}

const char *status_label(int code, const json_t *labels)
{
    char key[16];
    g_snprintf(key, sizeof key, "%d", code);
    const char *label = json_string_value(json_object_get(labels, key));
    return label != NULL && *label != '\0' ? label : status_name(code);
}

static bool same_text(const char *a, const char *b)
{
    g_autofree char *folded_a = g_utf8_casefold(a, -1);
    g_autofree char *folded_b = g_utf8_casefold(b, -1);
    return g_strcmp0(folded_a, folded_b) == 0;
}

bool status_read(const json_t *value, const json_t *labels, int *code)
{
    int64_t number = 0;
    if (json_is_integer(value))
        number = json_integer_value(value);
    else if (json_is_string(value))
        text_to_int(json_string_value(value), 1, 9999, &number);
    else
        return false;
    for (int i = 0; i < STATUS_N; i++) {
        int candidate = status_codes[i];
        if (number == candidate ||
            (number == 0 && json_is_string(value) &&
             (same_text(json_string_value(value), status_name(candidate)) ||
              same_text(json_string_value(value), status_label(candidate, labels))))) {
            *code = candidate;
            return true;
        }
    }
    return false;
}
