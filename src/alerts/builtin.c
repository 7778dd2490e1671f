/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/builtin.h"

#include "alerts/alert-templates.h"

/* English is their own; the others are sorted, as they are when they are loaded. */
static const char *const languages[] = {"en", "de", "es", "fr", "ja"};

static char *read_part(const char *kind, const char *language, const char *part)
{
    g_autofree char *path =
        g_strdup_printf("/tidings/alerts/%s/%s.%s.mustache", language, kind, part);
    g_autoptr(GBytes) bytes = g_resource_lookup_data(alert_templates_get_resource(), path,
                                                     G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    g_assert(bytes != NULL);
    gsize size;
    const char *text = g_bytes_get_data(bytes, &size);
    return g_strndup(text, size);
}

static TemplateText *read_text(const char *kind, const char *language)
{
    g_autofree char *subject = read_part(kind, language, "subject");
    g_autofree char *text = read_part(kind, language, "text");
    g_autofree char *html = read_part(kind, language, "html");
    return template_text_new(language, g_strchomp(subject), text, html);
}

TicketTemplate *builtin_template(AlertKind kind)
{
    const char *key = alert_kind_name(kind);
    TicketTemplate *record = ticket_template_new();
    record->name =
        g_strdup(kind == ALERT_NEW_TICKET ? "Ticket – Alerts to Customers – New Ticket"
                                          : "Ticket – Alerts to Customers – Ticket Closed");
    record->kind = g_strdup("ticket");
    record->builtin = g_strdup(key);
    for (size_t i = 0; i < G_N_ELEMENTS(languages); i++)
        g_ptr_array_add(record->texts, read_text(key, languages[i]));
    return record;
}
