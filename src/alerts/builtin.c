/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/builtin.h"

#include "alerts/alert-templates.h"

static char *read_part(const char *kind, const char *part)
{
    g_autofree char *path = g_strdup_printf("/tidings/alerts/%s.%s.mustache", kind, part);
    g_autoptr(GBytes) bytes = g_resource_lookup_data(alert_templates_get_resource(), path,
                                                     G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    g_assert(bytes != NULL);
    gsize size;
    const char *text = g_bytes_get_data(bytes, &size);
    return g_strndup(text, size);
}

TicketTemplate *builtin_template(AlertKind kind)
{
    const char *key = alert_kind_name(kind);
    TicketTemplate *record = g_new0(TicketTemplate, 1);
    record->name =
        g_strdup(kind == ALERT_NEW_TICKET ? "Ticket – Alerts to Customers – New Ticket"
                                          : "Ticket – Alerts to Customers – Ticket Closed");
    record->kind = g_strdup("ticket");
    record->builtin = g_strdup(key);
    record->language = g_strdup("en");
    record->subject = read_part(key, "subject");
    g_strchomp(record->subject);
    record->text = read_part(key, "text");
    record->html = read_part(key, "html");
    return record;
}
