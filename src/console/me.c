/* SPDX-License-Identifier: Apache-2.0 */
/* One's own password, and where one is signed in. */
#include "base/error.h"
#include "base/secret.h"
#include "console/pages.h"
#include "console/password.h"

#include <string.h>

typedef struct {
    int64_t employee;
    int64_t now_us;
    GPtrArray *sessions;
} Sessions;

static bool load_sessions(DbTx *tx, void *data, GError **error)
{
    Sessions *sessions = data;
    g_clear_pointer(&sessions->sessions, g_ptr_array_unref);
    sessions->sessions = session_list(tx, SESSION_EMPLOYEE, sessions->employee, sessions->now_us,
                                      sessions->now_us - SESSION_IDLE_US, error);
    return sessions->sessions != NULL;
}

static void add_session(Page *page, json_t *list, const Session *session)
{
    json_t *value = json_object();
    json_set_bool(value, "mine", session->id == page->session->id);
    json_set_text(value, "peer", session->peer);
    json_set_text(value, "agent", session->agent);
    json_set_time(value, "created", session->created_at);
    json_set_time(value, "seen", session->seen_at);
    page_add_time(page, value, "created");
    page_add_time(page, value, "seen");
    json_array_append_new(list, value);
}

static HttpResponse *show(Page *page, int status, GError **error)
{
    Sessions sessions = {.employee = page->employee->id,
                         .now_us = desk_now_us(page->console->desk)};
    bool loaded = db_read(desk_db(page->console->desk), load_sessions, &sessions, error);
    g_autoptr(GPtrArray) list = sessions.sessions;
    if (!loaded)
        return NULL;
    json_t *shown = json_array();
    for (guint i = 0; i < list->len; i++)
        add_session(page, shown, list->pdata[i]);
    json_object_set_new(page->data, "sessions", shown);
    json_set_text(page->data, "email", page->employee->email);
    json_set_text(page->data, "role", page->employee->role);
    return page_view(page, status, "me", page->employee->name, error);
}

HttpResponse *me_show(Page *page, GError **error)
{
    return show(page, 200, error);
}

typedef struct {
    int64_t employee, session;
    char *hash;
} NewPassword;

static bool change_password(DeskTx *tx, void *data, GError **error)
{
    const NewPassword *password = data;
    return password_change(tx, password->employee, password->hash, password->session, error);
}

/* The new one's hash; NULL with an error. */
static char *check_passwords(const Page *page, GError **error)
{
    const char *old = page_field(page, "old_password");
    if (page->employee->password_hash == NULL ||
        !secret_check_password(page->employee->password_hash, old)) {
        error_set_problem(error, TD_ERROR_INVALID, "wrong-password", "/old_password",
                          "The present password is not right; nothing was changed");
        return NULL;
    }
    return password_hash(page_field(page, "new_password"), "/new_password", error);
}

HttpResponse *me_password(Page *page, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autofree char *hash = check_passwords(page, &failure);
    if (hash == NULL) {
        if (page_refused(page, failure))
            return show(page, page_status(failure), error);
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    NewPassword password = {page->employee->id, page->session->id, hash};
    return desk_write(page->console->desk, &page->caller.actor, change_password, &password, error)
               ? page_redirect(page, "password", "/me")
               : NULL;
}

static bool end_others(DeskTx *tx, void *data, GError **error)
{
    const Session *session = data;
    return session_end_all(tx->db, SESSION_EMPLOYEE, session->person, session->id, error);
}

HttpResponse *me_end_sessions(Page *page, GError **error)
{
    return desk_write(page->console->desk, &page->caller.actor, end_others, page->session, error)
               ? page_redirect(page, "sessions", "/me")
               : NULL;
}
