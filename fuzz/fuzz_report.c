/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report, from any bytes that are a mail. What must hold: a verdict on an address needs a
 * failure, "no such mailbox" and "soft" exclude each other, a delivery report says something of
 * somebody, and what is quoted from it is one short line.
 */
#include "fuzz_mail.h"

#include "mail/report.h"

static bool check_recipient(const ReportRecipient *recipient)
{
    check_key(recipient->final_recipient);
    check_key(recipient->original_recipient);
    check_line(recipient->diagnostic);
    check_line(recipient->remote);
    FUZZ_CHECK(strlen(recipient->diagnostic) <= 512);
    FUZZ_CHECK(strspn(recipient->status, "0123456789.") == strlen(recipient->status));
    FUZZ_CHECK(recipient->reply_code == 0 ||
               (recipient->reply_code >= 200 && recipient->reply_code < 600));
    FUZZ_CHECK(!(recipient->no_mailbox && recipient->soft));
    bool verdict = recipient->no_mailbox || recipient->soft;
    FUZZ_CHECK(!verdict || recipient->action == REPORT_ACTION_FAILED);
    return recipient->action != REPORT_ACTION_UNKNOWN;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(InboundMail) mail = fuzz_mail(data, size);
    if (mail == NULL)
        return 0;
    g_autoptr(MailReport) report = report_read(mail);
    FUZZ_CHECK(report->recipients->len <= REPORT_RECIPIENTS);
    bool says = false;
    for (guint i = 0; i < report->recipients->len; i++)
        says = check_recipient(g_ptr_array_index(report->recipients, i)) || says;
    FUZZ_CHECK(says == (report->kind == REPORT_DELIVERY));
    FUZZ_CHECK((report->form == NULL) == (report->kind == REPORT_NONE));
    FUZZ_CHECK(report_kind_name(report->kind) != NULL);
    check_line(report->original_message_id);
    check_line(report->envelope_id);
    check_line(report->feedback_type);
    check_key(report->original_to);
    return 0;
}
