/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds the parts of a desk and takes them down in mirrored order: for `tidings serve`, and for a
 * command that does its work itself because nobody serves.
 */
#pragma once

#include "app/folder.h"
#include "desk/create.h"
#include "http/http.h"

#include <jansson.h>
#include <stdbool.h>

typedef struct App App;

/* Opens the database, brings its schema up to date, and builds desk and API. Borrows `folder`.
 * Errors: those of the database; NOT_FOUND (problem "no-desk": the database has no desk in it). */
App *app_open(DeskFolder *folder, GError **error);
void app_close(App *app);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(App, app_close)

/* Runs one API request in this process, as the desk's own user. Never NULL. */
HttpResponse *app_call(App *app, HttpRequest *request);

typedef struct {
    const char *listen; /* NULL: none on TCP */
    bool web;           /* serve the API on TCP and on the desk's socket */
    bool alerts;        /* run the Alerts Server */
    bool connector;     /* read the mailboxes of the Email Connector */
} AppRoles;

/* Starts what the roles ask for. Errors: those of the parts; what was started is stopped again. */
bool app_start(App *app, const AppRoles *roles, GError **error);

/* NULL without TCP. Borrowed. */
const char *app_url(const App *app);

/* Starts the Alerts Server anew, with what the options say now. */
bool app_reload(App *app, GError **error);

/* Stops accepting, finishes what is under way; at most about four seconds. */
void app_stop(App *app);

/* A look at all that the desk depends on, by this process alone (doctor/doctor.h): for when nobody
 * serves. Nothing is changed, the schema included. Errors: those of doctor_run(). */
json_t *app_doctor(DeskFolder *folder, const char *only, GError **error);

/* Brings the schema up to date and makes a new desk in the folder's database. *secret is the first
 * token's text, shown once; secret_free() it. Errors: CONFLICT (problem "desk-exists"), those of
 * the database. */
bool app_create(DeskFolder *folder, const DeskPlan *plan, char **secret, GError **error);
