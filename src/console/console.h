/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console: the employees' pages at `/`. A door, and a client of the API in this process: a page
 * reads what the API shows and a form becomes the request that the API takes, in the name of who
 * has signed in. So there is one set of checks and one set of messages, and nothing that a page can
 * do that a program cannot.
 */
#pragma once

#include "api/api.h"
#include "desk/desk.h"
#include "http/router.h"
#include "web/assets.h"

typedef struct Console Console;

/* Borrows all. Errors: INTERNAL (a page of the program cannot be read). Thread-safe once its routes
 * are added. */
Console *console_new(Desk *desk, Api *api, const WebAssets *assets, GError **error);

/* After the router's last request. NULL is allowed. */
void console_free(Console *console);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Console, console_free)

void console_add_routes(Console *console, HttpRouter *router);

/* Paths whose forms may have large files, NULL-terminated. */
extern const char *const console_large_paths[];

/* Who may see a page, for the check of all routes. */
typedef enum {
    PAGE_PUBLIC,     /* nobody need have signed in */
    PAGE_TECHNICIAN, /* every employee */
    PAGE_ADMIN,
} PageRole;

typedef struct {
    const char *method;
    const char *pattern;
    PageRole role;
} ConsoleRoute;

/* All routes, in the order of the table. */
size_t console_n_routes(void);
ConsoleRoute console_route(size_t index);
