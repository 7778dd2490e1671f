/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/language.h"

#include <glib.h>
#include <string.h>

static const char *find_exact(const char *const *available, const char *tag, size_t bytes)
{
    for (; *available != NULL; available++)
        if (strlen(*available) == bytes && g_ascii_strncasecmp(*available, tag, bytes) == 0)
            return *available;
    return NULL;
}

static const char *find_relative(const char *const *available, const char *tag)
{
    size_t bytes = strcspn(tag, "-");
    for (; *available != NULL; available++)
        if (strcspn(*available, "-") == bytes && g_ascii_strncasecmp(*available, tag, bytes) == 0)
            return *available;
    return NULL;
}

static const char *find(const char *const *available, const char *tag)
{
    size_t bytes = strlen(tag);
    while (bytes > 0) {
        const char *found = find_exact(available, tag, bytes);
        if (found != NULL)
            return found;
        const char *dash = g_strrstr_len(tag, (gssize)bytes, "-");
        bytes = dash != NULL ? (size_t)(dash - tag) : 0;
    }
    return find_relative(available, tag);
}

const char *language_choose(const char *const *available, const char *const *wanted, int n_wanted)
{
    for (int i = 0; i < n_wanted; i++) {
        const char *found =
            wanted[i] != NULL && *wanted[i] != '\0' ? find(available, wanted[i]) : NULL;
        if (found != NULL)
            return found;
    }
    const char *english = find(available, "en");
    return english != NULL ? english : available[0];
}
