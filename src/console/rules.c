/* SPDX-License-Identifier: Apache-2.0 */
/* The list of rules: their order, and what they would do with a mail. */
#include "console/rules.h"

#include "base/error.h"
#include "base/text.h"
#include "console/inbox.h"
#include "console/pages.h"

#include <string.h>

#define OPTIONS "/options/email-connector"

/* ---- the list as it is stored ---- */

static char *version_of(const json_t *rules)
{
    g_autofree char *text = json_dumps(rules, JSON_COMPACT | JSON_SORT_KEYS);
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
}

json_t *rules_load(Page *page, GError **error)
{
    json_auto_t *options = page_get(page, error, OPTIONS);
    if (options == NULL)
        return NULL;
    json_t *rules = json_incref(json_object_get(options, "rules"));
    g_autofree char *version = version_of(rules);
    json_set_text(page->data, "version", version);
    return rules;
}

json_t *rules_load_again(Page *page, GError **error)
{
    json_t *rules = rules_load(page, error);
    if (rules == NULL ||
        strcmp(page_field(page, "version"), json_get_text(page->data, "version")) == 0)
        return rules;
    json_decref(rules);
    error_set_problem(error, TD_ERROR_CONFLICT, "rules-changed", NULL,
                      "The rules have been changed since this page was opened, so nothing was"
                      " saved. Look at them as they are now, and repeat what you did");
    return NULL;
}

bool rules_save(Page *page, json_t *rules, GError **error)
{
    json_t *body = json_object();
    json_object_set_new(body, "rules", rules);
    json_auto_t *saved = page_send(page, "PUT", body, error, OPTIONS);
    return saved != NULL;
}

bool rules_find(const json_t *rules, const char *text, int64_t *position)
{
    return text_to_int(text, 1, INT64_MAX, position) &&
           (uint64_t)*position <= json_array_size(rules);
}

/* ---- the page ---- */

static HttpResponse *show(Page *page, int status, GError **error)
{
    json_auto_t *rules = rules_load(page, error);
    if (rules == NULL)
        return NULL;
    size_t i;
    json_t *rule;
    size_t n = json_array_size(rules);
    json_array_foreach(rules, i, rule)
    {
        json_set_int(rule, "position", (int64_t)i + 1);
        json_set_bool(rule, "can_rise", i > 0);
        json_set_bool(rule, "can_sink", i + 1 < n);
        rule_describe(page, rule);
    }
    json_object_set(page->data, "rules", rules);
    json_set_bool(page->data, "none", n == 0);
    return page_view(page, status, "rules", "Rules for automated emails", error);
}

HttpResponse *rules_show(Page *page, GError **error)
{
    return show(page, 200, error);
}

/* ---- order ---- */

static bool move(json_t *rules, size_t at, const char *verb)
{
    size_t n = json_array_size(rules);
    bool up = strcmp(verb, "up") == 0;
    if (up ? at == 0 : at + 1 >= n)
        return true;
    json_auto_t *rule = json_incref(json_array_get(rules, at));
    json_array_remove(rules, at);
    json_array_insert(rules, up ? at - 1 : at + 1, rule);
    return true;
}

static bool change(json_t *rules, size_t at, const char *verb, GError **error)
{
    if (strcmp(verb, "up") == 0 || strcmp(verb, "down") == 0)
        return move(rules, at, verb);
    if (strcmp(verb, "delete") == 0) {
        json_array_remove(rules, at);
        return true;
    }
    error_set(error, TD_ERROR_INVALID, "\"%s\" cannot be done with a rule", verb);
    return false;
}

HttpResponse *rules_post(Page *page, GError **error)
{
    json_auto_t *rules = rules_load_again(page, error);
    if (rules == NULL)
        return NULL;
    int64_t position;
    if (!rules_find(rules, page_field(page, "position"), &position)) {
        error_set(error, TD_ERROR_NOT_FOUND, "There is no such rule");
        return NULL;
    }
    const char *verb = page_field(page, "verb");
    bool gone = strcmp(verb, "delete") == 0;
    return change(rules, (size_t)position - 1, verb, error) &&
                   rules_save(page, json_incref(rules), error)
               ? page_redirect(page, gone ? "rule-deleted" : "rule-moved", RULES_PAGE)
               : NULL;
}

/* ---- dry run ---- */

/* The file, or what was pasted. New reference. */
static GBytes *read_mail(const Page *page)
{
    if (http_form_n_files(page->form) > 0)
        return g_bytes_ref(http_form_file(page->form, 0)->content);
    const char *text = page_field(page, "mail");
    return g_bytes_new(text, strlen(text));
}

HttpResponse *rules_dry_run_post(Page *page, GError **error)
{
    g_autoptr(GBytes) mail = read_mail(page);
    GError *failure = NULL;
    json_t *trial = page_send_bytes(page, "message/rfc822", mail, &failure, OPTIONS "/dry-run");
    if (trial == NULL) {
        if (!page_refused(page, failure)) {
            g_propagate_error(error, failure);
            return NULL;
        }
        int status = page_status(failure);
        g_error_free(failure);
        return show(page, status, error);
    }
    rule_describe_trial(trial);
    inbox_dress_steps(json_object_get(trial, "steps"));
    json_object_set_new(page->data, "trial", trial);
    json_set_text(page->data, "pasted", page_field(page, "mail"));
    return show(page, 200, error);
}
