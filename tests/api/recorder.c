/* SPDX-License-Identifier: Apache-2.0 */
#include "api/recorder.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SAME_MAX 100          /* of one method, path and status: more would say nothing new */
#define TEXT_MAX (256 * 1024) /* a longer body is left out */

static FILE *file;
static char *program;
static GHashTable *counts; /* "GET /api/v1/tickets/# 200" -> how many */

static bool is_on(void)
{
    static gsize once;
    if (g_once_init_enter(&once)) {
        const char *folder = g_getenv("TIDINGS_EXCHANGES");
        if (folder != NULL && *folder != '\0') {
            program = g_path_get_basename(g_get_prgname());
            g_autofree char *name = g_strdup_printf("%s-%d.jsonl", program, (int)getpid());
            g_autofree char *path = g_build_filename(folder, name, NULL);
            file = fopen(path, "ae");
            g_assert_nonnull(file);
            counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        }
        g_once_init_leave(&once, 1);
    }
    return file != NULL;
}

/* The path with its numbers made alike. */
static char *kind_of(const char *method, const char *target, int status)
{
    GString *kind = g_string_new(method);
    g_string_append_c(kind, ' ');
    for (const char *at = target; *at != '\0' && *at != '?'; at++) {
        if (!g_ascii_isdigit(*at))
            g_string_append_c(kind, *at);
        else if (!g_ascii_isdigit(at[1]))
            g_string_append_c(kind, '#');
    }
    g_string_append_printf(kind, " %d", status);
    return g_string_free(kind, FALSE);
}

static bool is_new(const char *method, const char *target, int status)
{
    char *kind = kind_of(method, target, status);
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(counts, kind)) + 1;
    g_hash_table_replace(counts, kind, GUINT_TO_POINTER(n));
    return n <= SAME_MAX;
}

static void set_text(json_t *line, const char *name, const char *text, size_t bytes)
{
    if (text != NULL && bytes <= TEXT_MAX && g_utf8_validate_len(text, bytes, NULL))
        json_object_set_new(line, name, json_stringn(text, bytes));
}

void recorder_keep(const char *method, const char *target, const char *request_type,
                   const char *body, size_t bytes, const HttpResponse *response)
{
    static GMutex lock;
    if (!is_on())
        return;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
    int status = http_response_status(response);
    if (!is_new(method, target, status))
        return;
    json_auto_t *line = json_object();
    const char *type = http_response_header(response, "Content-Type");
    size_t answer_bytes;
    const char *answer = http_response_body(response, &answer_bytes);
    json_set_text(line, "test", program);
    json_set_text(line, "method", method);
    set_text(line, "target", target, strlen(target));
    json_set_int(line, "status", status);
    json_set_text(line, "type", type != NULL ? type : "");
    json_set_text(line, "request_type", request_type != NULL ? request_type : "");
    if (status < 300)
        set_text(line, "request", body, bytes);
    if (type != NULL && strstr(type, "json") != NULL)
        set_text(line, "answer", answer, answer_bytes);
    g_autofree char *text = json_text(line);
    fprintf(file, "%s\n", text);
    fflush(file);
}
