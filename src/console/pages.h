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
