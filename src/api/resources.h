/* SPDX-License-Identifier: Apache-2.0 */
/* The handlers of the API, by resource. All run on a worker's thread and may block. */
#pragma once

#include "api/call.h"

/* tickets.c */
HttpResponse *tickets_open(ApiCall *call, GError **error);
HttpResponse *tickets_preview_opening(ApiCall *call, GError **error);
HttpResponse *tickets_preview_change(ApiCall *call, GError **error);
HttpResponse *tickets_merge(ApiCall *call, GError **error);
HttpResponse *tickets_get(ApiCall *call, GError **error);
HttpResponse *tickets_change(ApiCall *call, GError **error);

/* ticket_bulk.c */
HttpResponse *tickets_change_all(ApiCall *call, GError **error);
HttpResponse *tickets_preview_all(ApiCall *call, GError **error);

/* ticket_list.c */
HttpResponse *tickets_list(ApiCall *call, GError **error);
HttpResponse *tickets_counts(ApiCall *call, GError **error);

/* story.c: what happened to a ticket */
HttpResponse *tickets_events(ApiCall *call, GError **error);
HttpResponse *tickets_alerts(ApiCall *call, GError **error);
HttpResponse *tickets_explain(ApiCall *call, GError **error);

/* recipients.c */
HttpResponse *recipients_get_all(ApiCall *call, GError **error);
HttpResponse *recipients_put(ApiCall *call, GError **error);
HttpResponse *recipients_post(ApiCall *call, GError **error);
HttpResponse *recipients_patch(ApiCall *call, GError **error);
HttpResponse *recipients_delete(ApiCall *call, GError **error);
HttpResponse *recipients_post_send_latest(ApiCall *call, GError **error);
HttpResponse *employee_recipients_get(ApiCall *call, GError **error);
HttpResponse *employee_recipients_put(ApiCall *call, GError **error);

/* messages.c */
HttpResponse *messages_list(ApiCall *call, GError **error);
HttpResponse *messages_get(ApiCall *call, GError **error);
HttpResponse *messages_post(ApiCall *call, GError **error);
HttpResponse *messages_attachment(ApiCall *call, GError **error);

/* copies.c */
HttpResponse *copies_message(ApiCall *call, GError **error);
HttpResponse *copies_retry(ApiCall *call, GError **error);
HttpResponse *copies_cancel(ApiCall *call, GError **error);
HttpResponse *copies_release(ApiCall *call, GError **error);

/* doctor.c */
HttpResponse *doctor_get(ApiCall *call, GError **error);

/* alerts.c */
HttpResponse *alerts_list(ApiCall *call, GError **error);
HttpResponse *alerts_get(ApiCall *call, GError **error);
HttpResponse *alerts_message(ApiCall *call, GError **error);
HttpResponse *alerts_retry(ApiCall *call, GError **error);
HttpResponse *alerts_cancel(ApiCall *call, GError **error);
HttpResponse *alerts_release(ApiCall *call, GError **error);
HttpResponse *alerts_retry_all(ApiCall *call, GError **error);
HttpResponse *alerts_cancel_all(ApiCall *call, GError **error);
HttpResponse *alerts_release_all(ApiCall *call, GError **error);

/* failures.c */
HttpResponse *alerts_failures(ApiCall *call, GError **error);

/* history.c */
HttpResponse *alerts_server_history(ApiCall *call, GError **error);

/* suppressions.c */
HttpResponse *suppressions_list(ApiCall *call, GError **error);
HttpResponse *suppressions_get(ApiCall *call, GError **error);
HttpResponse *suppressions_post(ApiCall *call, GError **error);
HttpResponse *suppressions_delete(ApiCall *call, GError **error);

/* inbox.c: mails that came in */
HttpResponse *inbox_post(ApiCall *call, GError **error);
HttpResponse *inbox_mailboxes(ApiCall *call, GError **error);
HttpResponse *inbox_dry_run(ApiCall *call, GError **error);
HttpResponse *inbox_get_all(ApiCall *call, GError **error);
HttpResponse *inbox_get(ApiCall *call, GError **error);
HttpResponse *inbox_explain(ApiCall *call, GError **error);
HttpResponse *inbox_counts(ApiCall *call, GError **error);
HttpResponse *inbox_content(ApiCall *call, GError **error);
HttpResponse *inbox_message(ApiCall *call, GError **error);
HttpResponse *inbox_post_open(ApiCall *call, GError **error);
HttpResponse *inbox_post_attach(ApiCall *call, GError **error);
HttpResponse *inbox_post_discard(ApiCall *call, GError **error);

/* inbox_forward.c: the mail by which a waiting one is sent on, and what a person may do with it */
HttpResponse *inbox_forward_message(ApiCall *call, GError **error);
HttpResponse *inbox_forward_retry(ApiCall *call, GError **error);
HttpResponse *inbox_forward_cancel(ApiCall *call, GError **error);
HttpResponse *inbox_forward_release(ApiCall *call, GError **error);

/* accounts.c, contacts.c, employees.c, tokens.c */
HttpResponse *accounts_list(ApiCall *call, GError **error);
HttpResponse *accounts_get(ApiCall *call, GError **error);
HttpResponse *accounts_post(ApiCall *call, GError **error);
HttpResponse *accounts_patch(ApiCall *call, GError **error);
HttpResponse *contacts_list(ApiCall *call, GError **error);
HttpResponse *contacts_get(ApiCall *call, GError **error);
HttpResponse *contacts_post(ApiCall *call, GError **error);
HttpResponse *contacts_patch(ApiCall *call, GError **error);
HttpResponse *employees_list(ApiCall *call, GError **error);
HttpResponse *employees_get(ApiCall *call, GError **error);
HttpResponse *employees_post(ApiCall *call, GError **error);
HttpResponse *employees_patch(ApiCall *call, GError **error);
HttpResponse *tokens_list(ApiCall *call, GError **error);
HttpResponse *tokens_post(ApiCall *call, GError **error);
HttpResponse *tokens_delete(ApiCall *call, GError **error);

/* import.c */
HttpResponse *imports_post(ApiCall *call, GError **error);
HttpResponse *imports_preview(ApiCall *call, GError **error);

/* options.c: the section is the last part of the route's pattern, or its {section} */
HttpResponse *options_show(ApiCall *call, GError **error);
HttpResponse *options_change(ApiCall *call, GError **error);
HttpResponse *options_changes(ApiCall *call, GError **error);
HttpResponse *options_test_send(ApiCall *call, GError **error);
HttpResponse *options_test_show(ApiCall *call, GError **error);

/* situations.c */
HttpResponse *options_situations(ApiCall *call, GError **error);

/* templates.c */
HttpResponse *templates_list(ApiCall *call, GError **error);
HttpResponse *templates_get(ApiCall *call, GError **error);
HttpResponse *templates_post(ApiCall *call, GError **error);
HttpResponse *templates_patch(ApiCall *call, GError **error);
HttpResponse *templates_delete(ApiCall *call, GError **error);
HttpResponse *templates_copy(ApiCall *call, GError **error);
HttpResponse *templates_restore(ApiCall *call, GError **error);

/* template_versions.c */
HttpResponse *templates_versions(ApiCall *call, GError **error);
HttpResponse *templates_get_version(ApiCall *call, GError **error);
HttpResponse *templates_diff(ApiCall *call, GError **error);

/* template_try.c: preview and test mail; the catalogue */
HttpResponse *templates_preview(ApiCall *call, GError **error);
HttpResponse *templates_test_send(ApiCall *call, GError **error);
HttpResponse *merge_fields_list(ApiCall *call, GError **error);

/* simulate.c */
HttpResponse *simulate_post(ApiCall *call, GError **error);
HttpResponse *simulate_message(ApiCall *call, GError **error);

/* audit.c */
HttpResponse *audit_show(ApiCall *call, GError **error);

/* health.c, openapi.c: without a token */
HttpResponse *health_alive(ApiCall *call, GError **error);
HttpResponse *health_ready(ApiCall *call, GError **error);
HttpResponse *health_metrics(ApiCall *call, GError **error);
HttpResponse *health_alerts_server(ApiCall *call, GError **error);
HttpResponse *health_resume(ApiCall *call, GError **error);
HttpResponse *openapi_document(ApiCall *call, GError **error);
