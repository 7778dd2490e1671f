/* SPDX-License-Identifier: Apache-2.0 */
/* A doctor for a desk that nobody serves. Another way in than app_open(), which would bring the
 * schema up to date, and could not open what is broken. */
#include "app/app.h"
#include "app/private.h"
#include "base/error.h"

#include <string.h>

DoctorSetup app_doctor_setup(const DeskFolder *folder)
{
    return (DoctorSetup){
        .clock = clock_system(),
        .folder = folder->path,
        .maildir = folder->maildir,
        .sqlite_file = folder->sqlite ? folder->database + strlen("sqlite:") : NULL,
        .config = folder->config,
    };
}

/* Opening a database that is not there would make one. */
static Db *open_database(const DeskFolder *folder, const char *file, GError **error)
{
    if (file == NULL || g_file_test(file, G_FILE_TEST_EXISTS))
        return db_open(folder->database, NULL, error);
    error_set(error, TD_ERROR_NOT_FOUND, "%s is not there", file);
    return NULL;
}

json_t *app_doctor(DeskFolder *folder, const char *only, GError **error)
{
    DoctorSetup setup = app_doctor_setup(folder);
    g_autoptr(GError) failure = NULL;
    g_autoptr(Db) db = open_database(folder, setup.sqlite_file, &failure);
    Desk *desk = db != NULL ? desk_new(db, clock_system(), random_system()) : NULL;
    setup.desk = desk;
    setup.db_problem = failure != NULL ? failure->message : NULL;
    json_t *answer = doctor_run(&setup, only, error);
    desk_free(desk);
    return answer;
}
