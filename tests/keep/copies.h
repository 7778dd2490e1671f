/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of keep/ share. */
#pragma once

#include "keep/fill.h"
#include "keep/save.h"
#include "keep/target.h"
#include "support/test_desk.h"

extern const char *keep_engine; /* of the source */

void keep_add_copies(void);
void keep_add_files(void);
void keep_add_targets(void);

/* g_test_add_func() under /keep/ENGINE/. */
void keep_add(const char *name, GTestFunc test);

/* A desk with a ticket that was opened and closed, and values that are hard to keep. */
TestDesk *keep_desk(void);

/* An empty database to copy into. */
TestDb *keep_target_db(const char *engine);

/* Saves into a file that has no name; must succeed. Close it. */
int keep_file(Db *db);

/* Reads it to the end; must succeed. keep_contents_clear() it. */
void keep_look(int fd, KeepContents *contents);

/* Fills the target from the file; must succeed. */
void keep_fill_well(Db *target, int fd);

/* One statement on any database; must succeed. */
void keep_run(Db *db, const char *sql);

/* The first column of the first row, as text; "" where there is none. Free with g_free(). */
char *keep_ask(Db *db, const char *sql);
