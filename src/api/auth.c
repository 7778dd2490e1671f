/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who calls: a program with a token, the desk's own user at the desk's own socket, or another door
 * of this process in somebody's name (api_call_as()).
 *
 * The socket has mode 0600, so whoever reaches it can read and write the desk's files anyway. It
 * acts as an employee, by name or as the first admin, through the channel "cli". A token counts
 * wherever it is sent, the socket included, and then the caller is that token and nobody else.
 */
#include "api/call.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/text.h"
#include "desk/people.h"
#include "records/employee.h"
#include "records/token.h"

#include <string.h>

#define LOGIN_HEADER "Tidings-Employee"

/* What identifies the caller, and what was found. */
typedef struct {
    char *token_hash; /* NULL: the desk's own socket */
    char *login;      /* NULL: the first admin */
    Token *token;
    Employee *employee;
} Caller;

static void caller_clear(Caller *caller)
{
    g_free(caller->token_hash);
    g_free(caller->login);
    g_clear_pointer(&caller->token, token_free);
    g_clear_pointer(&caller->employee, employee_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Caller, caller_clear)

static bool read_token(const char *header, Caller *caller, GError **error)
{
    static const char scheme[] = "Bearer ";
    if (g_ascii_strncasecmp(header, scheme, strlen(scheme)) != 0) {
        error_set(error, TD_ERROR_UNAUTHENTICATED,
                  "The header Authorization must say \"Bearer\" and a token that `tidings token"
                  " create` has made");
        return false;
    }
    const char *token = header + strlen(scheme);
    token += strspn(token, " ");
    caller->token_hash = secret_hash(token, strlen(token));
    return true;
}

static bool read_login(const char *header, Caller *caller, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autofree char *login = NULL;
    if (!text_one_line(header, strlen(header), LIMIT_NAME_CHARS, NULL, &login, &failure)) {
        error_set(error, TD_ERROR_UNAUTHENTICATED, "The header %s is no login: %s", LOGIN_HEADER,
                  failure->message);
        return false;
    }
    caller->login = g_utf8_strdown(login, -1);
    return true;
}

static bool read_caller(const HttpRequest *request, Caller *caller, GError **error)
{
    const char *authorization = http_request_header(request, "Authorization");
    const char *login = http_request_header(request, LOGIN_HEADER);
    bool local = http_request_is_local(request);
    if (login != NULL && (!local || authorization != NULL)) {
        error_set_problem(error, TD_ERROR_DENIED, "employee-header", NULL,
                          "The header %s is for the desk's own socket, without a token; leave it"
                          " out: a token acts for itself",
                          LOGIN_HEADER);
        return false;
    }
    if (authorization != NULL)
        return read_token(authorization, caller, error);
    if (local)
        return login == NULL || read_login(login, caller, error);
    error_set(error, TD_ERROR_UNAUTHENTICATED,
              "This needs a token: send the header Authorization: Bearer with one that `tidings"
              " token create` has made");
    return false;
}

static bool find_caller(DbTx *tx, void *data, GError **error)
{
    Caller *caller = data;
    g_clear_pointer(&caller->token, token_free);
    g_clear_pointer(&caller->employee, employee_free);
    if (caller->token_hash != NULL) {
        caller->token = token_find(tx, caller->token_hash, error);
        return caller->token != NULL;
    }
    caller->employee = caller->login != NULL ? employee_load_by_login(tx, caller->login, error)
                                             : employee_load_first_admin(tx, error);
    return caller->employee != NULL;
}

static bool act_as_token(ApiCall *call, const Token *token)
{
    if (!call->token_unsure)
        token_cache_keep(call->api->tokens, token);
    call->token = token->id;
    call->scopes = g_strdup(token->scopes);
    call->actor = (Actor){ACTOR_API, token->id, g_strdup(token->name), CHANNEL_API};
    return true;
}

static bool act_as_employee(ApiCall *call, const Employee *employee, GError **error)
{
    if (!employee->active) {
        error_set_problem(error, TD_ERROR_DENIED, "employee-inactive", NULL,
                          "%s is no longer active, so nothing can be done in this name",
                          employee->login);
        return false;
    }
    call->scopes = g_strjoinv(" ", (char **)token_scopes);
    call->actor = (Actor){ACTOR_EMPLOYEE, employee->id, g_strdup(employee->name), CHANNEL_CLI};
    return true;
}

bool api_authenticate(ApiCall *call, GError **error)
{
    const ApiCaller *inside = http_request_caller(call->request);
    if (inside != NULL) {
        call->scopes = g_strdup(inside->scopes);
        actor_copy(&inside->actor, &call->actor);
        return true;
    }
    g_auto(Caller) caller = {0};
    if (!read_caller(call->request, &caller, error))
        return false;
    if (caller.token_hash != NULL && call->token_in_work)
        caller.token = token_cache_find(call->api->tokens, caller.token_hash);
    call->token_unsure = caller.token != NULL;
    if (call->token_unsure)
        return act_as_token(call, caller.token);
    g_autoptr(GError) failure = NULL;
    if (db_read(desk_db(call->api->desk), find_caller, &caller, &failure))
        return caller.token != NULL ? act_as_token(call, caller.token)
                                    : act_as_employee(call, caller.employee, error);
    if (error_is(failure, TD_ERROR_NOT_FOUND))
        error_set(error, TD_ERROR_UNAUTHENTICATED, "%s, so nobody is there to act for",
                  failure->message);
    else
        g_propagate_error(error, g_steal_pointer(&failure));
    return false;
}

static bool check_token(DbTx *tx, void *data, GError **error)
{
    const ApiCall *call = data;
    return token_check(tx, call->token, error);
}

bool api_check_token(ApiCall *call, DbTx *tx, GError **error)
{
    if (!call->token_unsure)
        return true;
    g_autoptr(GError) failure = NULL;
    if (tx != NULL ? check_token(tx, call, &failure)
                   : db_read(desk_db(call->api->desk), check_token, call, &failure))
        return true;
    if (error_is(failure, TD_ERROR_UNAUTHENTICATED))
        token_cache_clear(call->api->tokens);
    g_propagate_error(error, g_steal_pointer(&failure));
    return false;
}

bool api_require_scope(const ApiCall *call, const char *scope, GError **error)
{
    if (token_allows(call->scopes, scope))
        return true;
    error_set_problem(error, TD_ERROR_DENIED, "missing-scope", NULL,
                      "The token \"%s\" does not have the scope \"%s\" that this needs; it has: %s",
                      call->actor.name, scope, call->scopes);
    return false;
}

bool api_is_near(const HttpRequest *request)
{
    if (http_request_is_local(request))
        return true;
    /* A proxy on this machine speaks for others. */
    if (http_request_header(request, "Forwarded") != NULL ||
        http_request_header(request, "X-Forwarded-For") != NULL)
        return false;
    const char *peer = http_request_peer(request);
    return g_str_has_prefix(peer, "127.") || g_str_has_prefix(peer, "::ffff:127.") ||
           strcmp(peer, "::1") == 0;
}
