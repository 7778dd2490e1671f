/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of routes, one an area of the console. */
#include "console/pages.h"

#define OPTIONS  "/options"
#define TICKET   "/tickets/{number}"
#define TEMPLATE "/templates/{id}"

static const PageRoute people[] = {
    {"GET", "/", PAGE_TECHNICIAN, root_show},
    {"GET", "/sign-in", PAGE_PUBLIC, sign_in_show},
    {"POST", "/sign-in", PAGE_PUBLIC, sign_in_post},
    {"POST", "/sign-out", PAGE_TECHNICIAN, sign_out_post},
    {"GET", "/me", PAGE_TECHNICIAN, me_show},
    {"POST", "/me/password", PAGE_TECHNICIAN, me_password},
    {"POST", "/me/end-sessions", PAGE_TECHNICIAN, me_end_sessions},
    {NULL, NULL, PAGE_ADMIN, NULL},
};

static const PageRoute tickets[] = {
    {"GET", "/tickets", PAGE_TECHNICIAN, tickets_show},
    {"POST", "/tickets/bulk/check", PAGE_TECHNICIAN, tickets_bulk_check},
    {"POST", "/tickets/bulk", PAGE_TECHNICIAN, tickets_bulk_post},
    {"GET", "/tickets/new", PAGE_TECHNICIAN, ticket_new_show},
    {"POST", "/tickets/new", PAGE_TECHNICIAN, ticket_new_post},
    {"POST", "/tickets/new/preview", PAGE_TECHNICIAN, ticket_new_preview},
    {"GET", TICKET, PAGE_TECHNICIAN, ticket_show},
    {"POST", TICKET "/preview", PAGE_TECHNICIAN, ticket_change_preview},
    {"GET", TICKET "/story", PAGE_TECHNICIAN, ticket_story},
    {"POST", TICKET "/change", PAGE_TECHNICIAN, ticket_change_post},
    {"POST", TICKET "/status", PAGE_TECHNICIAN, ticket_status_post},
    {"POST", TICKET "/merge", PAGE_TECHNICIAN, ticket_merge_post},
    {"POST", "/tickets/answer", PAGE_TECHNICIAN, ticket_answer_post},
    {"GET", TICKET "/attachments/{id}", PAGE_TECHNICIAN, ticket_attachment},
    {"POST", TICKET "/recipients", PAGE_TECHNICIAN, recipient_add_post},
    {"POST", TICKET "/recipients/{id}", PAGE_TECHNICIAN, recipient_change_post},
    {"GET", TICKET "/copies/{id}/mail", PAGE_TECHNICIAN, copy_mail},
    {"POST", TICKET "/copies/{id}", PAGE_TECHNICIAN, copy_act_post},
    {"GET", "/alerts/{id}", PAGE_TECHNICIAN, alert_show},
    {"GET", "/alerts/{id}/mail", PAGE_TECHNICIAN, alert_mail},
    {"POST", "/alerts/{id}", PAGE_TECHNICIAN, alert_act_post},
    {NULL, NULL, PAGE_ADMIN, NULL},
};

static const PageRoute alerts[] = {
    {"GET", "/alerts-server", PAGE_TECHNICIAN, alerts_server_show},
    {"GET", "/alerts-server/state", PAGE_TECHNICIAN, alerts_server_state},
    {"POST", "/alerts-server/resume", PAGE_TECHNICIAN, alerts_server_resume_post},
    {"POST", "/alerts-server/held", PAGE_TECHNICIAN, alerts_server_held_post},
    {"POST", "/alerts-server/failures", PAGE_TECHNICIAN, alerts_failures_post},
    {"GET", "/alerts", PAGE_TECHNICIAN, alerts_show},
    {"GET", "/suppressions", PAGE_TECHNICIAN, suppressions_show},
    {"POST", "/suppressions", PAGE_TECHNICIAN, suppression_add_post},
    {"POST", "/suppressions/remove", PAGE_TECHNICIAN, suppression_remove_post},
    {NULL, NULL, PAGE_ADMIN, NULL},
};

static const PageRoute templates[] = {
    {"GET", "/templates", PAGE_ADMIN, templates_show},
    {"GET", "/templates/new", PAGE_ADMIN, template_new_show},
    {"POST", "/templates/new", PAGE_ADMIN, template_new_post},
    {"GET", TEMPLATE, PAGE_ADMIN, template_show},
    {"POST", TEMPLATE, PAGE_ADMIN, template_save_post},
    {"POST", TEMPLATE "/languages", PAGE_ADMIN, template_untranslate_post},
    {"POST", TEMPLATE "/copy", PAGE_ADMIN, template_copy_post},
    {"POST", TEMPLATE "/delete", PAGE_ADMIN, template_delete_post},
    {"POST", TEMPLATE "/restore", PAGE_ADMIN, template_restore_post},
    {"GET", TEMPLATE "/versions", PAGE_ADMIN, template_versions_show},
    {"POST", TEMPLATE "/preview", PAGE_ADMIN, template_preview_post},
    {"POST", TEMPLATE "/look", PAGE_ADMIN, template_look_post},
    {"GET", TEMPLATE "/html", PAGE_ADMIN, template_html_show},
    {"POST", TEMPLATE "/html", PAGE_ADMIN, template_html_post},
    {"POST", TEMPLATE "/test", PAGE_ADMIN, template_test_post},
    {NULL, NULL, PAGE_ADMIN, NULL},
};

static const PageRoute accounts[] = {
    {"GET", "/accounts", PAGE_TECHNICIAN, accounts_show},
    {"GET", "/accounts/new", PAGE_TECHNICIAN, account_new_show},
    {"POST", "/accounts/new", PAGE_TECHNICIAN, account_new_post},
    {"GET", "/accounts/import", PAGE_TECHNICIAN, import_show},
    {"POST", "/accounts/import", PAGE_TECHNICIAN, import_post},
    {"GET", "/accounts/{number}", PAGE_TECHNICIAN, account_show},
    {"POST", "/accounts/{number}", PAGE_TECHNICIAN, account_post},
    {"GET", "/accounts/{number}/contacts/new", PAGE_TECHNICIAN, contact_new_show},
    {"POST", "/accounts/{number}/contacts/new", PAGE_TECHNICIAN, contact_new_post},
    {"GET", "/contacts/{id}", PAGE_TECHNICIAN, contact_show},
    {"POST", "/contacts/{id}", PAGE_TECHNICIAN, contact_post},
    {"POST", "/contacts/{id}/export", PAGE_ADMIN, person_export_post},
    {"GET", "/contacts/{id}/erase", PAGE_ADMIN, person_erase_show},
    {"POST", "/contacts/{id}/erase", PAGE_ADMIN, person_erase_post},
    {NULL, NULL, PAGE_ADMIN, NULL},
};

static const PageRoute options[] = {
    {"GET", "/options", PAGE_ADMIN, options_show_all},
    {"GET", OPTIONS "/desk", PAGE_ADMIN, options_section_show},
    {"POST", OPTIONS "/desk", PAGE_ADMIN, options_section_post},
    {"GET", OPTIONS "/tickets", PAGE_ADMIN, options_section_show},
    {"POST", OPTIONS "/tickets", PAGE_ADMIN, options_section_post},
    {"GET", OPTIONS "/web-interface", PAGE_ADMIN, options_section_show},
    {"POST", OPTIONS "/web-interface", PAGE_ADMIN, options_section_post},
    {"GET", OPTIONS "/alerts-server", PAGE_ADMIN, options_server_show},
    {"POST", OPTIONS "/alerts-server", PAGE_ADMIN, options_server_post},
    {"POST", OPTIONS "/alerts-server/test", PAGE_ADMIN, options_server_test},
    {"GET", OPTIONS "/alerts-server/deactivate", PAGE_ADMIN, options_server_off},
    {"POST", OPTIONS "/alerts-server/activate", PAGE_ADMIN, options_server_activate},
    {"GET", OPTIONS "/alerts-to-customers", PAGE_ADMIN, options_alerts_show},
    {"POST", OPTIONS "/alerts-to-customers", PAGE_ADMIN, options_alerts_post},
    {"POST", OPTIONS "/alerts-to-customers/situations", PAGE_ADMIN, options_alerts_situations},
    {"POST", OPTIONS "/alerts-to-customers/look", PAGE_ADMIN, options_alerts_look},
    {"POST", OPTIONS "/alerts-to-customers/simulate", PAGE_ADMIN, options_alerts_simulate},
    {"GET", OPTIONS "/retention", PAGE_ADMIN, options_section_show},
    {"POST", OPTIONS "/retention", PAGE_ADMIN, options_section_post},
    {"GET", OPTIONS "/email-connector", PAGE_ADMIN, options_connector_show},
    {"POST", OPTIONS "/email-connector", PAGE_ADMIN, options_connector_post},
    {"GET", OPTIONS "/audit", PAGE_ADMIN, audit_page_show},
    {"GET", OPTIONS "/tokens", PAGE_ADMIN, tokens_show},
    {"POST", OPTIONS "/tokens", PAGE_ADMIN, tokens_create},
    {"POST", OPTIONS "/tokens/{id}", PAGE_ADMIN, tokens_revoke},
    {NULL, NULL, PAGE_ADMIN, NULL},
};

static const PageRoute setup[] = {
    {"GET", "/setup", PAGE_ADMIN, setup_show},
    {"POST", "/setup/desk", PAGE_ADMIN, setup_desk_post},
    {"POST", "/setup/mail", PAGE_ADMIN, setup_mail_post},
    {"POST", "/setup/activate", PAGE_ADMIN, setup_activate_post},
    {"POST", "/setup/account", PAGE_ADMIN, setup_account_post},
    {"POST", "/setup/alerts", PAGE_ADMIN, setup_alerts_post},
    {NULL, NULL, PAGE_ADMIN, NULL},
};

static const PageRoute employees[] = {
    {"GET", "/employees", PAGE_ADMIN, employees_show},
    {"GET", "/employees/new", PAGE_ADMIN, employee_new_show},
    {"POST", "/employees/new", PAGE_ADMIN, employee_new_post},
    {"GET", "/employees/{id}", PAGE_ADMIN, employee_show},
    {"POST", "/employees/{id}", PAGE_ADMIN, employee_post},
    {NULL, NULL, PAGE_ADMIN, NULL},
};

static const PageRoute forgotten[] = {
    {"GET", "/forgotten", PAGE_PUBLIC, forgotten_show},
    {"POST", "/forgotten", PAGE_PUBLIC, forgotten_post},
    {"GET", "/password/{secret}", PAGE_PUBLIC, password_show},
    {"POST", "/password/{secret}", PAGE_PUBLIC, password_post},
    {NULL, NULL, PAGE_ADMIN, NULL},
};

static const PageRoute inbox[] = {
    {"GET", "/inbox", PAGE_TECHNICIAN, inbox_show},
    {"GET", "/inbox/{id}", PAGE_TECHNICIAN, inbox_mail_show},
    {"POST", "/inbox/{id}", PAGE_TECHNICIAN, inbox_mail_post},
    {"GET", "/inbox/{id}/raw", PAGE_TECHNICIAN, inbox_mail_raw},
    {NULL, NULL, PAGE_ADMIN, NULL},
};

#define RULES "/options/email-connector/rules"

static const PageRoute rules[] = {
    {"GET", RULES, PAGE_ADMIN, rules_show},
    {"POST", RULES, PAGE_ADMIN, rules_post},
    {"GET", RULES "/dry-run", PAGE_ADMIN, rules_show},
    {"POST", RULES "/dry-run", PAGE_ADMIN, rules_dry_run_post},
    {"GET", RULES "/{position}", PAGE_ADMIN, rule_show},
    {"POST", RULES "/{position}", PAGE_ADMIN, rule_post},
    {NULL, NULL, PAGE_ADMIN, NULL},
};

static const PageRoute *const areas[] = {
    people, tickets,   alerts,    templates, accounts, options,
    setup,  employees, forgotten, inbox,     rules,
};

size_t console_n_routes(void)
{
    size_t n = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(areas); i++)
        for (const PageRoute *route = areas[i]; route->method != NULL; route++)
            n++;
    return n;
}

const PageRoute *page_route(size_t index)
{
    for (size_t i = 0; i < G_N_ELEMENTS(areas); i++)
        for (const PageRoute *route = areas[i]; route->method != NULL; route++)
            if (index-- == 0)
                return route;
    return NULL;
}

ConsoleRoute console_route(size_t index)
{
    const PageRoute *route = page_route(index);
    return (ConsoleRoute){route->method, route->pattern, route->role};
}
