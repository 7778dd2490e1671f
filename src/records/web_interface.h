/* SPDX-License-Identifier: Apache-2.0 */
/* The options page "web-interface" as the program uses it: the customers' pages. As with the others
 * of settings.h, what is stored is valid, so reading cannot fail on content. */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

#define OPTIONS_WEB_INTERFACE "web-interface"

typedef struct {
    bool enabled;
    char *public_url; /* "https://support.example.com": no path, no slash at its end; "": not set */
    bool require_sign_in; /* a link in an alert opens its ticket only for who has signed in */
    bool see_own; /* customers see their own tickets, not all of their account's; a contact's
                     own setting comes first (Contact.sees) */
} WebInterfaceSettings;

void web_interface_settings_clear(WebInterfaceSettings *settings);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(WebInterfaceSettings, web_interface_settings_clear)

void web_interface_settings_read(const json_t *stored, WebInterfaceSettings *settings);

/* As the API shows it. New reference. */
json_t *web_interface_settings_json(const WebInterfaceSettings *settings);

/* What `see` of the options and `sees` of a contact may be: "account", "own"; NULL-terminated. */
extern const char *const web_interface_see_names[];
#define SEES_ACCOUNT "account"
#define SEES_OWN     "own"

/* Whether links in mails lead anywhere. */
bool web_interface_has_links(const WebInterfaceSettings *settings);
