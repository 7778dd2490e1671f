/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/builtin.h"

#include "alerts/alert-templates.h"

#include <string.h>

/* English is their own; the others are sorted, as they are when they are loaded. */
static const char *const languages[] = {"en", "de", "es", "fr", "ja"};

static const struct {
    const char *name; /* as in `builtin_names` */
    const char *kind;
    const char *title;
    bool html;
} builtins[] = {
    {"new_ticket", "ticket", "Ticket – Alerts to Customers – New Ticket", true},
    {"ticket_closed", "ticket", "Ticket – Alerts to Customers – Ticket Closed", true},
    /* A person's words: they look like a person's mail. */
    {"reply", "reply", "Ticket – Correspondence – Answer", false},
    {"employee_copy", "reply", "Ticket – Correspondence – Copy for employees", false},
    {"auto_response", "auto_response", "Email Connector – Automatic response", false},
    {"sign_in", "sign_in", "Web Interface – Link to sign in", true},
    {"password_reset", "sign_in", "Console – Link for a new password", true},
};

const char *const builtin_names[] = {"new_ticket",    "ticket_closed", "reply",
                                     "employee_copy", "auto_response", "sign_in",
                                     "password_reset"};
const size_t builtin_names_n = G_N_ELEMENTS(builtin_names);
G_STATIC_ASSERT(G_N_ELEMENTS(builtin_names) == G_N_ELEMENTS(builtins));

static char *read_part(const char *name, const char *language, const char *part)
{
    g_autofree char *path =
        g_strdup_printf("/tidings/alerts/%s/%s.%s.mustache", language, name, part);
    g_autoptr(GBytes) bytes = g_resource_lookup_data(alert_templates_get_resource(), path,
                                                     G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    g_assert(bytes != NULL);
    gsize size;
    const char *text = g_bytes_get_data(bytes, &size);
    return g_strndup(text, size);
}

static TemplateText *read_text(const char *name, bool has_html, const char *language)
{
    g_autofree char *subject = read_part(name, language, "subject");
    g_autofree char *text = read_part(name, language, "text");
    g_autofree char *html = has_html ? read_part(name, language, "html") : NULL;
    return template_text_new(language, g_strchomp(subject), text, html);
}

TicketTemplate *builtin_template(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(builtins); i++) {
        if (strcmp(builtins[i].name, name) != 0)
            continue;
        TicketTemplate *record = ticket_template_new();
        record->name = g_strdup(builtins[i].title);
        record->kind = g_strdup(builtins[i].kind);
        record->builtin = g_strdup(name);
        for (size_t j = 0; j < G_N_ELEMENTS(languages); j++)
            g_ptr_array_add(record->texts, read_text(name, builtins[i].html, languages[j]));
        return record;
    }
    return NULL;
}
