/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the database answers, fits this program, and is whole. */
#include "base/error.h"
#include "doctor/private.h"
#include "records/schema.h"

#include <string.h>
#include <sys/stat.h>

/* quick_check reads the whole file: so much takes some seconds. */
#define QUICK_CHECK_BYTES (INT64_C(1) << 30)
#define POSTGRESQL_OLDEST 130000

typedef struct {
    int64_t version; /* of the schema */
    int64_t server;  /* of PostgreSQL, as a number */
    char encoding[64];
    char found[200]; /* by quick_check */
} Seen;

static bool look(DbTx *tx, void *data, GError **error)
{
    Seen *seen = data;
    bool found;
    return db_query_int(tx, &found, &seen->version, error,
                        "SELECT coalesce(max(version), 0) FROM schema_migration", "");
}

static bool look_at_server(DbTx *tx, void *data, GError **error)
{
    Seen *seen = data;
    DbRows *rows = db_query(tx, error,
                            "SELECT CAST(current_setting('server_version_num') AS BIGINT),"
                            " current_setting('server_encoding')",
                            "");
    if (rows == NULL)
        return false;
    if (db_rows_next(rows)) {
        seen->server = db_rows_int(rows, 0);
        g_strlcpy(seen->encoding, db_rows_text(rows, 1), sizeof(seen->encoding));
    }
    return db_rows_end(rows, error);
}

static bool quick_check(DbTx *tx, void *data, GError **error)
{
    Seen *seen = data;
    DbRows *rows = db_query(tx, error, "PRAGMA quick_check(1)", "");
    if (rows == NULL)
        return false;
    if (db_rows_next(rows))
        g_strlcpy(seen->found, db_rows_text(rows, 0), sizeof(seen->found));
    return db_rows_end(rows, error);
}

static void check_schema(const Seen *seen, Findings *findings)
{
    int64_t ours = (int64_t)schema_n_steps;
    if (seen->version == ours)
        finding_add(findings, DOCTOR_OK, "schema", NULL, "version %" G_GINT64_FORMAT, ours);
    else if (seen->version < ours)
        finding_add(findings, DOCTOR_WARN, "schema", "Make a backup, then start `tidings serve`",
                    "version %" G_GINT64_FORMAT "; this program brings it to %" G_GINT64_FORMAT
                    " when it is started",
                    seen->version, ours);
    else
        finding_add(findings, DOCTOR_FAIL, "schema", "Use the newer program",
                    "version %" G_GINT64_FORMAT ", made by a newer program; this one knows"
                    " %" G_GINT64_FORMAT,
                    seen->version, ours);
}

static void check_sqlite(const Doctor *doctor, Findings *findings)
{
    g_autoptr(GError) failure = NULL;
    struct stat info;
    Seen seen = {0};
    if (stat(doctor->setup->sqlite_file, &info) == 0 && info.st_size > QUICK_CHECK_BYTES &&
        !doctor->thorough) {
        finding_add(findings, DOCTOR_SKIP, "integrity", NULL,
                    "not looked at: the file has %.1f GB; `tidings doctor --only database` does",
                    (double)info.st_size / 1e9);
        return;
    }
    if (!db_read(doctor_db(doctor), quick_check, &seen, &failure))
        g_strlcpy(seen.found, failure->message, sizeof(seen.found));
    if (strcmp(seen.found, "ok") == 0)
        finding_add(findings, DOCTOR_OK, "integrity", NULL, "SQLite finds nothing wrong");
    else
        finding_add(findings, DOCTOR_FAIL, "integrity",
                    "Stop the server, keep a copy of the file, restore a backup; then look at the"
                    " disk (smartctl, the system's log)",
                    "SQLite finds damage: %s", seen.found);
}

static void check_postgresql(const Doctor *doctor, Findings *findings)
{
    g_autoptr(GError) failure = NULL;
    Seen seen = {0};
    if (!db_read_within(doctor_db(doctor), DOCTOR_STEP_MS, look_at_server, &seen, &failure)) {
        finding_add(findings, DOCTOR_FAIL, "server", "Look at the server's log", "%s",
                    failure->message);
        return;
    }
    int major = (int)(seen.server / 10000);
    if (seen.server < POSTGRESQL_OLDEST)
        finding_add(findings, DOCTOR_WARN, "server", "Update PostgreSQL to a supported release",
                    "PostgreSQL %d is no longer looked after", major);
    else if (strcmp(seen.encoding, "UTF8") != 0)
        finding_add(findings, DOCTOR_FAIL, "server",
                    "Make a database with `createdb -E UTF8 -T template0` and move the desk there",
                    "PostgreSQL %d keeps its texts in %s, not in UTF8", major, seen.encoding);
    else
        finding_add(findings, DOCTOR_OK, "server", NULL, "PostgreSQL %d, UTF8", major);
}

void doctor_check_database(const Doctor *doctor, Findings *findings)
{
    bool sqlite = doctor->setup->sqlite_file != NULL;
    g_autoptr(GError) failure = NULL;
    Seen seen = {0};
    if (doctor->away || !db_read_within(doctor_db(doctor), DOCTOR_STEP_MS, look, &seen, &failure)) {
        finding_add(findings, DOCTOR_FAIL, "reachable",
                    sqlite ? "Look whether the file is there and may be read and written, and"
                             " whether the disk is full"
                           : "Look whether PostgreSQL runs and takes connections from here (psql"
                             " with the address in tidings.conf), and at its log",
                    "%s", doctor->away ? doctor->problem : failure->message);
        return;
    }
    if (doctor->settings == NULL)
        finding_add(findings, DOCTOR_FAIL, "reachable",
                    "Start `tidings serve`, whose log says more, or restore a backup",
                    "it answers, and the options cannot be read: %s", doctor->problem);
    else
        finding_add(findings, DOCTOR_OK, "reachable", NULL, "%s answers",
                    sqlite ? "SQLite" : "PostgreSQL");
    check_schema(&seen, findings);
    if (sqlite)
        check_sqlite(doctor, findings);
    else
        check_postgresql(doctor, findings);
}
