/* SPDX-License-Identifier: Apache-2.0 */
/* `tidings routes`: every address that a desk serves and who may call it, for whoever puts a proxy
 * in front of it or checks what is allowed. Asks no desk: the tables are the program's own. */
#include "api/api.h"
#include "base/json.h"
#include "cmd/command.h"
#include "cmd/commands.h"
#include "cmd/print.h"
#include "console/console.h"
#include "portal/portal.h"

static void add(json_t *list, const char *door, const char *method, const char *pattern,
                const char *who)
{
    json_t *route = json_object();
    json_set_text(route, "door", door);
    json_set_text(route, "method", method);
    json_set_text(route, "pattern", pattern);
    json_set_text(route, "who", who);
    json_array_append_new(list, route);
}

static json_t *list_routes(void)
{
    static const char *const roles[] = {
        [PAGE_PUBLIC] = "anybody",
        [PAGE_TECHNICIAN] = "employee",
        [PAGE_ADMIN] = "admin",
    };
    static const char *const visitors[] = {
        [PORTAL_PUBLIC] = "anybody",
        [PORTAL_CUSTOMER] = "customer",
        [PORTAL_LINK] = "link",
        [PORTAL_EITHER] = "customer or link",
    };
    json_t *list = json_array();
    for (size_t i = 0; i < api_n_routes(); i++) {
        ApiRouteInfo route = api_route(i);
        add(list, "api", route.method, route.pattern,
            route.scope != NULL ? route.scope : "anybody");
    }
    for (size_t i = 0; i < console_n_routes(); i++) {
        ConsoleRoute route = console_route(i);
        add(list, "console", route.method, route.pattern, roles[route.role]);
    }
    for (size_t i = 0; i < portal_n_routes(); i++) {
        PortalRouteInfo route = portal_route(i);
        add(list, "portal", route.method, route.pattern, visitors[route.role]);
    }
    return list;
}

int command_routes(int argc, char **argv)
{
    static const Shown columns[] = {
        {"DOOR", "door", SHOWN_VALUE},
        {"METHOD", "method", SHOWN_VALUE},
        {"PATH", "pattern", SHOWN_VALUE},
        {"WHO", "who", SHOWN_VALUE},
        {0},
    };
    static const Usage usage = {
        .title = "routes",
        .summary = "Lists every address that a desk serves, and who may call it.",
        .more = "WHO is the scope that a token needs, or whose session a page needs;\n"
                "\"link\" is the signed link of a mail.",
        .common = COMMON_JSON,
    };
    g_auto(CommonOptions) options = {0};
    int exit_code;
    if (!command_parse(&options, &usage, NULL, &argc, &argv, &exit_code))
        return exit_code;
    json_auto_t *list = list_routes();
    if (options.json) {
        g_autofree char *text = json_text(list);
        command_print("%s\n", text);
    } else {
        print_table(list, columns);
    }
    return 0;
}
