/* SPDX-License-Identifier: Apache-2.0 */
/* The Alerts Server's past: how many mails left and how fast, as a table that a script draws from;
 * and what failed, by its cause. */
#include "console/alerts_server.h"
#include "console/pages.h"
#include "web/when.h"

#include <string.h>

static const struct {
    const char *span, *label, *step;
} spans[] = {
    {"hour", "The last hour", "minute"},
    {"day", "The last day", "quarter of an hour"},
    {"month", "The last month", "day"},
};

/* ---- throughput ---- */

/* "850 ms", "4.2 s", "3 min": as exact as the counting is. Free with g_free(). */
static char *time_words(int64_t ms)
{
    if (ms < 1000)
        return g_strdup_printf("%" G_GINT64_FORMAT " ms", ms);
    if (ms < 60 * 1000)
        return g_strdup_printf("%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT " s", ms / 1000,
                               ms % 1000 / 100);
    if (ms < 60 * 60 * 1000)
        return g_strdup_printf("%" G_GINT64_FORMAT " min", ms / (60 * 1000));
    return g_strdup_printf("%" G_GINT64_FORMAT " h", ms / (60 * 60 * 1000));
}

static void add_time_words(json_t *step, const char *name, const char *words_name)
{
    const json_t *ms = json_object_get(step, name);
    g_autofree char *words =
        json_is_integer(ms) ? time_words(json_integer_value(ms)) : g_strdup("");
    json_set_text(step, words_name, words);
}

static void dress_step(Page *page, json_t *step, bool days)
{
    const Settings *settings = page_settings(page, NULL);
    const char *zone = settings != NULL ? settings->desk.time_zone : "UTC";
    g_autofree char *full = web_when_full(json_get_text(step, "from"), zone);
    /* "23 November 2026, 18:32 CET": a month's steps are days. */
    char *comma = strchr(full, ',');
    if (days && comma != NULL)
        *comma = '\0';
    json_set_text(step, "when", full);
    g_autofree char *label = g_strdup(full);
    if (!days && comma != NULL)
        g_strlcpy(label, comma + 2, 6); /* the time alone */
    else
        g_strlcpy(label, full, strcspn(full, " ") + 5); /* "23 Nov" */
    json_set_text(step, "label", label);
    add_time_words(step, "p50_ms", "p50_words");
    add_time_words(step, "p95_ms", "p95_words");
}

static size_t find_span(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(spans); i++)
        if (strcmp(spans[i].span, name) == 0)
            return i;
    return 0;
}

static void add_spans(Page *page, size_t chosen)
{
    json_t *list = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(spans); i++) {
        json_t *one = json_object();
        json_set_text(one, "span", spans[i].span);
        json_set_text(one, "label", spans[i].label);
        json_set_bool(one, "current", i == chosen);
        json_array_append_new(list, one);
    }
    json_object_set_new(page->data, "spans", list);
}

bool alerts_history_add(Page *page, GError **error)
{
    size_t chosen = find_span(page_query(page, "span"));
    json_t *history = page_get(page, error, "/alerts-server/history?span=%s", spans[chosen].span);
    if (history == NULL)
        return false;
    int64_t accepted = 0, failed = 0;
    size_t i;
    json_t *step;
    json_array_foreach(json_object_get(history, "items"), i, step)
    {
        dress_step(page, step, strcmp(spans[chosen].span, "month") == 0);
        accepted += json_get_int(step, "accepted");
        failed += json_get_int(step, "failed");
    }
    json_set_int(history, "all_accepted", accepted);
    json_set_int(history, "all_failed", failed);
    json_set_text(history, "step", spans[chosen].step);
    json_object_set_new(page->data, "history", history);
    json_set_bool(page->data, "chart", true);
    add_spans(page, chosen);
    return true;
}

/* ---- failures ---- */

bool alerts_failures_add(Page *page, GError **error)
{
    json_t *failures = page_get(page, error, "/alerts/failures");
    if (failures == NULL)
        return false;
    static const char *const words[][2] = {{"rejected", "Refused"},
                                           {"expired", "Given up"},
                                           {"bounced", "Came back"},
                                           {"deferred", "Put off"}};
    size_t i;
    json_t *failure;
    json_array_foreach(json_object_get(failures, "items"), i, failure)
    {
        page_add_time(page, failure, "latest");
        json_set_bool(failure, "has_domains",
                      json_array_size(json_object_get(failure, "domains")) > 0);
        for (size_t k = 0; k < G_N_ELEMENTS(words); k++)
            if (strcmp(json_get_text(failure, "state"), words[k][0]) == 0)
                json_set_text(failure, "badge", words[k][1]);
    }
    json_set_bool(failures, "none", i == 0);
    json_object_set_new(page->data, "failures", failures);
    return true;
}

HttpResponse *alerts_failures_post(Page *page, GError **error)
{
    json_t *body = json_object();
    page_take_text(page, body, "state");
    page_take_text(page, body, "cause");
    json_auto_t *answer = page_send(page, "POST", body, error, "/alerts/retry");
    return answer != NULL
               ? page_redirect(page,
                               json_get_int(answer, "changed") > 0 ? "retried-all" : "retried-none",
                               "/alerts-server")
               : NULL;
}
