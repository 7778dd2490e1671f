/* SPDX-License-Identifier: Apache-2.0 */
/* The handlers of the console, by file. */
#pragma once

#include "console/page.h"

/* sign_in.c */
HttpResponse *sign_in_show(Page *page, GError **error);
HttpResponse *sign_in_post(Page *page, GError **error);
HttpResponse *sign_out_post(Page *page, GError **error);

/* me.c: one's own sessions and password */
HttpResponse *me_show(Page *page, GError **error);
HttpResponse *me_password(Page *page, GError **error);
HttpResponse *me_end_sessions(Page *page, GError **error);

/* tickets.c: the list */
HttpResponse *root_show(Page *page, GError **error);
HttpResponse *tickets_show(Page *page, GError **error);

/* tickets_bulk.c: many of them at once */
HttpResponse *tickets_bulk_check(Page *page, GError **error);
HttpResponse *tickets_bulk_post(Page *page, GError **error);

/* person.c: a contact's data, and forgetting it */
HttpResponse *person_export_post(Page *page, GError **error);
HttpResponse *person_erase_show(Page *page, GError **error);
HttpResponse *person_erase_post(Page *page, GError **error);

/* ticket_new.c */
HttpResponse *ticket_new_show(Page *page, GError **error);
HttpResponse *ticket_new_post(Page *page, GError **error);

/* ticket_preview.c: who would be told */
HttpResponse *ticket_new_preview(Page *page, GError **error);
HttpResponse *ticket_change_preview(Page *page, GError **error);

/* ticket.c: one ticket */
HttpResponse *ticket_show(Page *page, GError **error);
HttpResponse *ticket_story(Page *page, GError **error);

/* ticket_forms.c: what can be done with it */
HttpResponse *ticket_change_post(Page *page, GError **error);
HttpResponse *ticket_status_post(Page *page, GError **error);
HttpResponse *ticket_answer_post(Page *page, GError **error);
HttpResponse *ticket_merge_post(Page *page, GError **error);
HttpResponse *ticket_attachment(Page *page, GError **error);

/* ticket_recipients.c */
HttpResponse *recipient_add_post(Page *page, GError **error);
HttpResponse *recipient_change_post(Page *page, GError **error);

/* alert.c: one decision, its mail, and what can be done with it */
HttpResponse *alert_show(Page *page, GError **error);
HttpResponse *alert_mail(Page *page, GError **error);
HttpResponse *alert_act_post(Page *page, GError **error);
HttpResponse *copy_mail(Page *page, GError **error);
HttpResponse *copy_act_post(Page *page, GError **error);

/* templates.c: the list of email templates, new ones, copies */
HttpResponse *templates_show(Page *page, GError **error);
HttpResponse *template_new_show(Page *page, GError **error);
HttpResponse *template_new_post(Page *page, GError **error);
HttpResponse *template_copy_post(Page *page, GError **error);
HttpResponse *template_delete_post(Page *page, GError **error);

/* template.c: the editor */
HttpResponse *template_show(Page *page, GError **error);
HttpResponse *template_save_post(Page *page, GError **error);
HttpResponse *template_untranslate_post(Page *page, GError **error);

/* template_try.c: what it makes, and a test mail */
HttpResponse *template_preview_post(Page *page, GError **error);
HttpResponse *template_look_post(Page *page, GError **error);
HttpResponse *template_html_show(Page *page, GError **error);
HttpResponse *template_html_post(Page *page, GError **error);
HttpResponse *template_test_post(Page *page, GError **error);

/* template_versions.c */
HttpResponse *template_versions_show(Page *page, GError **error);
HttpResponse *template_restore_post(Page *page, GError **error);

/* accounts.c */
HttpResponse *accounts_show(Page *page, GError **error);
HttpResponse *account_show(Page *page, GError **error);
HttpResponse *account_post(Page *page, GError **error);
HttpResponse *account_new_show(Page *page, GError **error);
HttpResponse *account_new_post(Page *page, GError **error);

/* contacts.c */
HttpResponse *contact_new_show(Page *page, GError **error);
HttpResponse *contact_new_post(Page *page, GError **error);
HttpResponse *contact_show(Page *page, GError **error);
HttpResponse *contact_post(Page *page, GError **error);

/* options.c: all of them, and the sections that are one form; the section is the last part of the
 * route's pattern */
HttpResponse *options_show_all(Page *page, GError **error);
HttpResponse *options_section_show(Page *page, GError **error);
HttpResponse *options_section_post(Page *page, GError **error);

/* options_server.c: the Alerts Server, its live test, on and off */
HttpResponse *options_server_show(Page *page, GError **error);
HttpResponse *options_server_post(Page *page, GError **error);
HttpResponse *options_server_test(Page *page, GError **error);
HttpResponse *options_server_off(Page *page, GError **error);
HttpResponse *options_server_activate(Page *page, GError **error);

/* options_alerts.c: Alerts to Customers, in which situations, and a simulation */
HttpResponse *options_alerts_show(Page *page, GError **error);
HttpResponse *options_alerts_post(Page *page, GError **error);
HttpResponse *options_alerts_situations(Page *page, GError **error);
HttpResponse *options_alerts_look(Page *page, GError **error);
HttpResponse *options_alerts_simulate(Page *page, GError **error);

/* options_connector.c */
HttpResponse *options_connector_show(Page *page, GError **error);
HttpResponse *options_connector_post(Page *page, GError **error);

/* tokens.c */
HttpResponse *tokens_show(Page *page, GError **error);
HttpResponse *tokens_create(Page *page, GError **error);
HttpResponse *tokens_revoke(Page *page, GError **error);

/* setup.c: the first start */
HttpResponse *setup_show(Page *page, GError **error);
HttpResponse *setup_desk_post(Page *page, GError **error);
HttpResponse *setup_mail_post(Page *page, GError **error);
HttpResponse *setup_activate_post(Page *page, GError **error);
HttpResponse *setup_account_post(Page *page, GError **error);
HttpResponse *setup_alerts_post(Page *page, GError **error);

/* employees.c */
HttpResponse *employees_show(Page *page, GError **error);
HttpResponse *employee_new_show(Page *page, GError **error);
HttpResponse *employee_new_post(Page *page, GError **error);
HttpResponse *employee_show(Page *page, GError **error);
HttpResponse *employee_post(Page *page, GError **error);

/* forgotten.c: a link by mail, and what it opens */
HttpResponse *forgotten_show(Page *page, GError **error);
HttpResponse *forgotten_post(Page *page, GError **error);
HttpResponse *password_show(Page *page, GError **error);
HttpResponse *password_post(Page *page, GError **error);

/* alerts_server.c: its state, what is held, and all alerts */
HttpResponse *alerts_server_show(Page *page, GError **error);
HttpResponse *alerts_server_state(Page *page, GError **error);
HttpResponse *alerts_server_resume_post(Page *page, GError **error);
HttpResponse *alerts_server_held_post(Page *page, GError **error);
/* alerts_history.c */
HttpResponse *alerts_failures_post(Page *page, GError **error);
HttpResponse *alerts_show(Page *page, GError **error);

/* suppressions.c */
HttpResponse *suppressions_show(Page *page, GError **error);
HttpResponse *suppression_add_post(Page *page, GError **error);
HttpResponse *suppression_remove_post(Page *page, GError **error);

/* inbox.c, inbox_mail.c */
HttpResponse *inbox_show(Page *page, GError **error);
HttpResponse *inbox_mail_show(Page *page, GError **error);
HttpResponse *inbox_mail_post(Page *page, GError **error);
HttpResponse *inbox_mail_raw(Page *page, GError **error);

/* rules.c, rule_form.c: rules for automated emails */
HttpResponse *rules_show(Page *page, GError **error);
HttpResponse *rules_post(Page *page, GError **error);
HttpResponse *rules_dry_run_post(Page *page, GError **error);
HttpResponse *rule_show(Page *page, GError **error);
HttpResponse *rule_post(Page *page, GError **error);

/* import.c: accounts and contacts from CSV */
HttpResponse *import_show(Page *page, GError **error);
HttpResponse *import_post(Page *page, GError **error);

/* audit.c: who has changed what */
HttpResponse *audit_page_show(Page *page, GError **error);
