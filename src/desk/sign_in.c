/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/sign_in.h"

#include "base/error.h"
#include "base/monitor.h"
#include "base/secret.h"
#include "desk/one_time_link.h"
#include "records/audit.h"

#include <string.h>

#define NAME_BYTES_MAX  64
#define PEER_BYTES_MAX  64
#define AGENT_BYTES_MAX 200
#define TOUCH_US        (5 * 60 * (int64_t)1000000)
#define FORGET_MAX      100
#define FORGET_AFTER_US (24 * 60 * 60 * (int64_t)1000000)
#define CHECKS_MAX      4 /* passwords checked at the same time: each takes 64 MiB */

/* What a row may hold of what anybody can send. Free with g_free(). */
static char *cut(const char *text, size_t bytes_max)
{
    g_autofree char *start = g_strndup(text != NULL ? text : "", bytes_max);
    char *valid = g_utf8_make_valid(start, -1);
    for (char *c = valid; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    return valid;
}

/* ---- checking a password ---- */

static struct {
    Monitor lock;
    int running;
    char *nobody; /* the hash for a login that does not exist */
} checks;

static void *checks_init(void *data)
{
    monitor_init(&checks.lock);
    checks.nobody = secret_hash_password("nobody has this password", NULL);
    return NULL;
}

static bool check_password(const Employee *employee, const char *password)
{
    static GOnce once = G_ONCE_INIT;
    g_once(&once, checks_init, NULL);
    monitor_lock(&checks.lock);
    while (checks.running == CHECKS_MAX)
        monitor_wait(&checks.lock);
    checks.running++;
    monitor_unlock(&checks.lock);
    bool known = employee != NULL && employee->active && employee->password_hash != NULL;
    const char *stored = known ? employee->password_hash : checks.nobody;
    bool fits = stored != NULL && secret_check_password(stored, password);
    monitor_lock(&checks.lock);
    checks.running--;
    monitor_signal(&checks.lock);
    monitor_unlock(&checks.lock);
    return known && fits;
}

/* ---- signing in ---- */

typedef struct {
    const char *name, *peer, *agent;
    int64_t now_us;
    Employee *employee; /* NULL: there is none */
    bool right;
    char *secret;
} Attempt;

static void attempt_clear(Attempt *attempt)
{
    g_clear_pointer(&attempt->employee, employee_free);
    g_clear_pointer(&attempt->secret, secret_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Attempt, attempt_clear)

static bool check_throttle(DbTx *tx, const Attempt *attempt, GError **error)
{
    SignInFailures failures;
    if (!sign_in_failures_count(tx, attempt->name, attempt->peer,
                                attempt->now_us - SIGN_IN_WINDOW_US, &failures, error))
        return false;
    if (failures.of_both < SIGN_IN_FAILURES_OF_BOTH &&
        failures.of_name < SIGN_IN_FAILURES_OF_NAME && failures.of_peer < SIGN_IN_FAILURES_OF_PEER)
        return true;
    error_set_problem(error, TD_ERROR_DENIED, "too-many-attempts", NULL,
                      "There were too many failed attempts to sign in. Wait a quarter of an hour,"
                      " or let an admin set a new password");
    return false;
}

static bool look_up(DbTx *tx, void *data, GError **error)
{
    Attempt *attempt = data;
    g_clear_pointer(&attempt->employee, employee_free);
    if (!check_throttle(tx, attempt, error))
        return false;
    g_autoptr(GError) failure = NULL;
    attempt->employee = employee_load_by_login(tx, attempt->name, &failure);
    if (attempt->employee != NULL || error_is(failure, TD_ERROR_NOT_FOUND))
        return true;
    g_propagate_error(error, g_steal_pointer(&failure));
    return false;
}

static bool record(DeskTx *tx, void *data, GError **error)
{
    Attempt *attempt = data;
    g_clear_pointer(&attempt->secret, secret_free);
    if (!attempt->right)
        return sign_in_failure_insert(tx->db, attempt->name, attempt->peer, tx->now_us, error) &&
               sign_in_failures_forget(tx->db, tx->now_us - FORGET_AFTER_US, FORGET_MAX, error);
    attempt->secret = session_open(tx, SESSION_EMPLOYEE, attempt->employee->id, NULL, attempt->peer,
                                   attempt->agent, SESSION_LIFE_US, error);
    return attempt->secret != NULL;
}

char *sign_in(Desk *desk, const SignIn *request, GError **error)
{
    g_autofree char *typed = g_ascii_strdown(request->login, -1);
    g_autofree char *name = cut(g_strstrip(typed), NAME_BYTES_MAX);
    g_autofree char *peer = cut(request->peer, PEER_BYTES_MAX);
    g_auto(Attempt) attempt = {
        .name = name, .peer = peer, .agent = request->agent, .now_us = desk_now_us(desk)};
    if (!db_read(desk_db(desk), look_up, &attempt, error))
        return NULL;
    attempt.right = check_password(attempt.employee, request->password);
    Actor nobody = {ACTOR_SYSTEM, 0, (char *)"sign-in", CHANNEL_CONSOLE};
    if (!desk_write(desk, &nobody, record, &attempt, error))
        return NULL;
    if (!attempt.right)
        error_set_problem(error, TD_ERROR_UNAUTHENTICATED, "wrong-password", NULL,
                          "The login or the password is not right");
    return g_steal_pointer(&attempt.secret);
}

/* ---- sessions ---- */

char *session_open(DeskTx *tx, const char *kind, int64_t person, const char *email,
                   const char *peer, const char *agent, int64_t life_us, GError **error)
{
    char *secret = secret_new_token(tx->random);
    g_autoptr(Session) session = g_new0(Session, 1);
    session->hash = secret_hash(secret, strlen(secret));
    session->kind = g_strdup(kind);
    session->person = person;
    session->email = g_strdup(email);
    session->created_at = session->seen_at = tx->now_us;
    session->expires_at = tx->now_us + life_us;
    session->peer = cut(peer, PEER_BYTES_MAX);
    session->agent = cut(agent, AGENT_BYTES_MAX);
    if (session_insert(tx->db, session, error) &&
        session_forget(tx->db, tx->now_us, FORGET_MAX, error))
        return secret;
    secret_free(secret);
    return NULL;
}

typedef struct {
    const char *hash;
    int64_t now_us;
    Session *session;
    Employee *employee;
} Finding;

static bool find(DbTx *tx, void *data, GError **error)
{
    Finding *finding = data;
    g_clear_pointer(&finding->session, session_free);
    g_clear_pointer(&finding->employee, employee_free);
    finding->session =
        session_find(tx, finding->hash, finding->now_us, finding->now_us - SESSION_IDLE_US, error);
    if (finding->session == NULL)
        return false;
    bool ours = strcmp(finding->session->kind, SESSION_EMPLOYEE) == 0;
    if (ours)
        finding->employee = employee_load(tx, finding->session->person, error);
    if (ours && (finding->employee == NULL || finding->employee->active))
        return finding->employee != NULL;
    error_set(error, TD_ERROR_UNAUTHENTICATED, "This session has ended; sign in again");
    return false;
}

static bool touch(DeskTx *tx, void *data, GError **error)
{
    const Session *session = data;
    return session_touch(tx->db, session->id, tx->now_us, error);
}

bool session_of_employee(Desk *desk, const char *secret, Session **session, Employee **employee,
                         GError **error)
{
    g_autofree char *hash = secret_hash(secret, strlen(secret));
    Finding finding = {.hash = hash, .now_us = desk_now_us(desk)};
    if (!db_read(desk_db(desk), find, &finding, error)) {
        session_free(finding.session);
        employee_free(finding.employee);
        return false;
    }
    /* A failure here is not the request's. */
    Actor nobody = {ACTOR_SYSTEM, 0, (char *)"session", CHANNEL_CONSOLE};
    if (finding.session->seen_at < finding.now_us - TOUCH_US)
        desk_write(desk, &nobody, touch, finding.session, NULL);
    *session = finding.session;
    *employee = finding.employee;
    return true;
}

bool password_change(DeskTx *tx, int64_t id, const char *hash, int64_t session, GError **error)
{
    g_autoptr(Employee) employee = employee_lock(tx->db, id, error);
    if (employee == NULL)
        return false;
    g_free(employee->password_hash);
    employee->password_hash = g_strdup(hash);
    return employee_update(tx->db, employee, error) &&
           session_end_all(tx->db, SESSION_EMPLOYEE, id, session, error) &&
           audit_insert(tx->db, tx->actor, tx->now_us, "POST", "/me/password", NULL, error);
}

static bool check_active(const Employee *employee, GError **error)
{
    if (!employee->active)
        error_set_problem(error, TD_ERROR_DENIED, "link-not-good", NULL,
                          "This link does not work: whom it belongs to cannot sign in any more");
    return employee->active;
}

bool password_reset(DeskTx *tx, const char *link_secret, const char *hash, GError **error)
{
    g_autoptr(OneTimeLink) link = one_time_link_use(tx, LINK_PASSWORD_RESET, link_secret, error);
    g_autoptr(Employee) employee =
        link != NULL ? employee_lock(tx->db, link->employee, error) : NULL;
    if (employee == NULL || !check_active(employee, error))
        return false;
    g_free(employee->password_hash);
    employee->password_hash = g_strdup(hash);
    Actor self = {ACTOR_EMPLOYEE, employee->id, employee->name, CHANNEL_CONSOLE};
    return employee_update(tx->db, employee, error) &&
           session_end_all(tx->db, SESSION_EMPLOYEE, employee->id, 0, error) &&
           audit_insert(tx->db, &self, tx->now_us, "POST", "/password", NULL, error) &&
           sign_in_failures_forgive(tx->db, employee->login, error);
}
