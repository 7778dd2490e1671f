/* SPDX-License-Identifier: Apache-2.0 */
#include "records/web_interface.h"

#include "base/json.h"

#include <string.h>

const char *const web_interface_see_names[] = {SEES_ACCOUNT, SEES_OWN, NULL};

void web_interface_settings_clear(WebInterfaceSettings *settings)
{
    g_free(settings->public_url);
}

void web_interface_settings_read(const json_t *stored, WebInterfaceSettings *settings)
{
    settings->enabled = json_get_bool(stored, "enabled", false);
    settings->public_url = g_strdup(json_get_text(stored, "public_url"));
    settings->require_sign_in = json_get_bool(stored, "require_sign_in", false);
    settings->see_own = strcmp(json_get_text(stored, "see"), SEES_OWN) == 0;
}

json_t *web_interface_settings_json(const WebInterfaceSettings *settings)
{
    json_t *value = json_object();
    json_set_bool(value, "enabled", settings->enabled);
    json_set_text(value, "public_url", settings->public_url);
    json_set_bool(value, "require_sign_in", settings->require_sign_in);
    json_set_text(value, "see", settings->see_own ? SEES_OWN : SEES_ACCOUNT);
    return value;
}

bool web_interface_has_links(const WebInterfaceSettings *settings)
{
    return settings->enabled && *settings->public_url != '\0';
}
