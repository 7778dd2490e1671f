/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

static const ErrorInfo infos[TD_ERROR_N_CODES] = {
    [TD_ERROR_INTERNAL] = {"internal", "Something went wrong inside Tidings", 500, 1, false},
    [TD_ERROR_MALFORMED] = {"malformed", "The request could not be read", 400, 3, false},
    [TD_ERROR_INVALID] = {"invalid", "The request was refused", 422, 3, false},
    [TD_ERROR_NOT_FOUND] = {"not-found", "There is no such thing", 404, 4, false},
    [TD_ERROR_CONFLICT] = {"conflict", "This does not fit the present state", 409, 5, false},
    [TD_ERROR_UNAUTHENTICATED] = {"unauthenticated", "Sign in first", 401, 6, false},
    [TD_ERROR_DENIED] = {"denied", "Not allowed", 403, 6, false},
    [TD_ERROR_LIMIT] = {"too-large", "Larger than allowed", 413, 3, false},
    [TD_ERROR_BUSY] = {"busy", "Too much at once", 503, 7, true},
    [TD_ERROR_UNAVAILABLE] = {"unavailable", "Something needed is not available", 503, 7, true},
    [TD_ERROR_TIMEOUT] = {"timeout", "It took too long", 504, 7, true},
    [TD_ERROR_UNCERTAIN] = {"uncertain", "It is not known whether this was done", 500, 8, true},
    [TD_ERROR_CORRUPT] = {"corrupt", "Stored data cannot be read", 500, 9, false},
};

typedef struct {
    const char *problem;
    char *field;
} TdErrorPrivate;

static void td_error_private_init(TdErrorPrivate *private_data)
{
    private_data->problem = NULL;
    private_data->field = NULL;
}

static void td_error_private_copy(const TdErrorPrivate *from, TdErrorPrivate *to)
{
    to->problem = from->problem;
    to->field = g_strdup(from->field);
}

static void td_error_private_clear(TdErrorPrivate *private_data)
{
    g_free(private_data->field);
}

G_DEFINE_EXTENDED_ERROR(TdError, td_error)

const ErrorInfo *error_info(TdErrorCode code)
{
    return &infos[(unsigned)code < TD_ERROR_N_CODES ? code : TD_ERROR_INTERNAL];
}

G_GNUC_PRINTF(5, 0)
static void set_va(GError **error, TdErrorCode code, const char *problem, const char *field,
                   const char *format, va_list args)
{
    if (error == NULL)
        return;
    GError *made = g_error_new_valist(TD_ERROR, (int)code, format, args);
    TdErrorPrivate *private_data = td_error_get_private(made);
    private_data->problem = problem;
    private_data->field = g_strdup(field);
    g_propagate_error(error, made);
}

void error_set(GError **error, TdErrorCode code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_va(error, code, NULL, NULL, format, args);
    va_end(args);
}

void error_set_problem(GError **error, TdErrorCode code, const char *problem, const char *field,
                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_va(error, code, problem, field, format, args);
    va_end(args);
}

TdErrorCode error_code(const GError *error)
{
    if (error == NULL || error->domain != TD_ERROR || (unsigned)error->code >= TD_ERROR_N_CODES)
        return TD_ERROR_INTERNAL;
    return (TdErrorCode)error->code;
}

const char *error_problem(const GError *error)
{
    if (error != NULL && error->domain == TD_ERROR) {
        const TdErrorPrivate *private_data = td_error_get_private(error);
        if (private_data->problem != NULL)
            return private_data->problem;
    }
    return error_info(error_code(error))->problem;
}

const char *error_field(const GError *error)
{
    if (error == NULL || error->domain != TD_ERROR)
        return NULL;
    const TdErrorPrivate *private_data = td_error_get_private(error);
    return private_data->field;
}

int error_http_status(const GError *error)
{
    return error_info(error_code(error))->http_status;
}

int error_exit_code(const GError *error)
{
    return error_info(error_code(error))->exit_code;
}

bool error_try_again(const GError *error)
{
    return error_info(error_code(error))->try_again;
}

bool error_is(const GError *error, TdErrorCode code)
{
    return error != NULL && error->domain == TD_ERROR && error->code == (int)code;
}
