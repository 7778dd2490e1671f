/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/blame.h"

#include "base/error.h"

bool desk_blame_field(GError **error, GError *failure, const char *field)
{
    if (error_is(failure, TD_ERROR_NOT_FOUND)) {
        error_set_problem(error, TD_ERROR_INVALID, error_problem(failure), field, "%s",
                          failure->message);
        g_error_free(failure);
    } else {
        g_propagate_error(error, failure);
    }
    return false;
}
