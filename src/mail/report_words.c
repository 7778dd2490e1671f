/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounces in the words of servers that send no report (or whose report got lost on the way).
 *
 * A form is known by a phrase, which also says whether mail failed or is late. Then lines are read
 * from the phrase on: a line that begins with an address (or, for Exchange, that has one) names a
 * recipient, what follows is what was said of it, and the returned mail ends the reading.
 */
#include "mail/report-private.h"

#include <string.h>

#define READ_BYTES (64 * 1024)
#define SAID_BYTES 2000

typedef struct {
    const char *form;
    const char *phrase; /* lower-case, single spaces */
    ReportAction action;
    bool anywhere; /* the address may stand anywhere in its line */
} Form;

/* What is late comes first: its phrases have the others' words in them. */
static const Form forms[] = {
    {"postfix", "this is a warning only. you do not need to resend", REPORT_ACTION_DELAYED, false},
    {"exim", "has not yet been delivered", REPORT_ACTION_DELAYED, false},
    {"exim", "has not been delivered to one or more of its recipients after", REPORT_ACTION_DELAYED,
     false},
    {"sendmail", "the following addresses had transient non-fatal errors", REPORT_ACTION_DELAYED,
     false},
    {"sendmail", "this is a warning message only", REPORT_ACTION_DELAYED, false},
    {"exchange", "delivery is delayed to these recipients or groups", REPORT_ACTION_DELAYED, true},
    {"gmail", "will retry for", REPORT_ACTION_DELAYED, true},
    {"qmail", "this is the qmail-send program", REPORT_ACTION_FAILED, false},
    {"qmail", "i wasn't able to deliver your message to the following addresses",
     REPORT_ACTION_FAILED, false},
    {"exim", "this is a permanent error. the following address(es) failed", REPORT_ACTION_FAILED,
     false},
    {"exim", "could not be delivered to one or more of its recipients", REPORT_ACTION_FAILED,
     false},
    {"sendmail", "the following addresses had permanent fatal errors", REPORT_ACTION_FAILED, false},
    {"sendmail", "the following addresses had permanent delivery errors", REPORT_ACTION_FAILED,
     false},
    {"exchange", "delivery has failed to these recipients or", REPORT_ACTION_FAILED, true},
    {"exchange", "fehler bei der nachrichtenzustellung an die folgenden", REPORT_ACTION_FAILED,
     true},
    {"exchange", "your message did not reach some or all of the intended recipients",
     REPORT_ACTION_FAILED, true},
    {"exchange", "the following recipient(s) cannot be reached", REPORT_ACTION_FAILED, true},
    {"exchange", "couldn't be delivered", REPORT_ACTION_FAILED, true},
    {"gmail", "your message wasn't delivered to", REPORT_ACTION_FAILED, true},
    {"gmail", "delivery to the following recipient failed permanently", REPORT_ACTION_FAILED, true},
    {"postfix", "your message could not be delivered to one or more recipients",
     REPORT_ACTION_FAILED, false},
    {"postfix", "this is the mail system at host", REPORT_ACTION_FAILED, false},
    {"text", "the following addresses could not be reached", REPORT_ACTION_FAILED, true},
    {"text", "the following message could not be delivered", REPORT_ACTION_FAILED, true},
    {"text", "a message that you sent could not be delivered", REPORT_ACTION_FAILED, true},
    {"text", "diese nachricht konnte nicht zugestellt werden", REPORT_ACTION_FAILED, true},
    {"text", "konnte nicht an einen oder mehrere empfänger", REPORT_ACTION_FAILED, true},
    {"text", "delivery to the following recipients failed", REPORT_ACTION_FAILED, true},
};

/* A line that has one of these begins the returned mail, or what is for administrators only. */
static const char *const ends[] = {
    "below this line is a copy of the message",
    "this is a copy of the message",
    "this is a copy of your message",
    "original message headers",
    "original message header",
    "----- original message",
    "-----original message",
    "--- original message",
    "----- message header follows",
    "return-path:",
    "received: from",
    "message-id:",
    NULL,
};

static const char *const subjects[] = {
    "undeliver",
    "mail delivery failed",
    "mail delivery failure",
    "delivery status notification",
    "delivery failure",
    "delivery failed",
    "failure notice",
    "returned mail",
    "mail system error",
    "delivery delayed",
    "delayed mail",
    "warning: message",
    "message undeliverable",
    "mail could not be delivered",
    "unzustellbar",
    "nicht zustellbar",
    "nicht zugestellt",
    "non remis",
    "échec de la remise",
    "no se puede entregar",
    "no entregado",
    "配信不能",
    "配信できませんでした",
    "message you sent blocked",
    NULL,
};

bool report_is_bounce_subject(const char *subject)
{
    g_autofree char *lower = g_utf8_strdown(subject, -1);
    for (const char *const *words = subjects; *words != NULL; words++)
        if (strstr(lower, *words) != NULL)
            return true;
    return false;
}

/* Lower-case with single spaces, for phrases, which lines may break. */
static char *plain_words(const char *text)
{
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < READ_BYTES && text[i] != '\0'; i++) {
        bool space = g_ascii_isspace(text[i]);
        if (!space)
            g_string_append_c(out, g_ascii_tolower(text[i]));
        else if (out->len > 0 && out->str[out->len - 1] != ' ')
            g_string_append_c(out, ' ');
    }
    /* a typographic apostrophe is one too */
    g_string_replace(out, "\xe2\x80\x99", "'", 0);
    return g_string_free(out, FALSE);
}

static const Form *find_form(const char *text)
{
    g_autofree char *words = plain_words(text);
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++)
        if (strstr(words, forms[i].phrase) != NULL)
            return &forms[i];
    return NULL;
}

static bool has_any(const char *line, const char *const *parts)
{
    g_autofree char *lower = g_ascii_strdown(line, -1);
    for (; *parts != NULL; parts++)
        if (strstr(lower, *parts) != NULL)
            return true;
    return false;
}

/* What stands behind an address that the line begins with; NULL where it begins with none. */
static const char *behind_address(const char *line)
{
    const char *p = line + strspn(line, " \t<*");
    size_t n = strcspn(p, " \t>:,;()<");
    if (memchr(p, '@', n) == NULL || n > 320)
        return NULL;
    const char *rest = p + n;
    return rest + strspn(rest, ">:;, \t");
}

typedef struct {
    char *key;
    GString *said; /* of this recipient */
} Named;

typedef struct {
    const Form *form;
    GPtrArray *named; /* of Named, in the text's order */
    Named *current;   /* whom the next line is about; NULL: nobody yet */
} Words;

static void named_free(gpointer data)
{
    Named *named = data;
    g_free(named->key);
    g_string_free(named->said, TRUE);
    g_free(named);
}

/* The recipient of that key; what is said of one may stand in several places. */
static Named *find_named(Words *words, const char *key)
{
    for (guint i = 0; i < words->named->len; i++) {
        Named *named = g_ptr_array_index(words->named, i);
        if (strcmp(named->key, key) == 0)
            return named;
    }
    if (words->named->len >= REPORT_RECIPIENTS)
        return words->current;
    Named *named = g_new0(Named, 1);
    named->key = g_strdup(key);
    named->said = g_string_new(NULL);
    g_ptr_array_add(words->named, named);
    return named;
}

static void read_line(Words *words, const char *line)
{
    const char *rest = behind_address(line);
    bool names = rest != NULL ||
                 (words->form->anywhere && words->current == NULL && strchr(line, '@') != NULL);
    g_autofree char *key = names ? report_find_address(line) : NULL;
    if (key != NULL) {
        words->current = find_named(words, key);
        line = rest != NULL ? rest : line;
    }
    if (words->current == NULL || words->current->said->len >= SAID_BYTES)
        return;
    g_string_append_c(words->current->said, ' ');
    g_string_append_len(words->current->said, line, (gssize)MIN(strlen(line), SAID_BYTES));
}

static void read_lines(Words *words, const char *text)
{
    const char *stop = text + strnlen(text, READ_BYTES);
    for (const char *p = text; p < stop;) {
        size_t n = strcspn(p, "\n");
        g_autofree char *raw = g_strndup(p, n);
        g_autofree char *line = g_utf8_make_valid(raw, -1);
        p += n + (p[n] == '\n' ? 1 : 0);
        if (has_any(line, ends))
            break;
        read_line(words, line);
    }
}

bool report_read_words(const InboundMail *mail, MailReport *report)
{
    const Form *form = find_form(mail->text);
    if (form == NULL)
        return false;
    report->form = form->form;
    g_autoptr(GPtrArray) named = g_ptr_array_new_with_free_func(named_free);
    Words words = {.form = form, .named = named};
    read_lines(&words, mail->text);
    if (named->len == 0 && mail->x_failed_recipients != NULL) {
        g_auto(GStrv) failed = g_strsplit(mail->x_failed_recipients, ",", REPORT_RECIPIENTS);
        for (char **one = failed; *one != NULL; one++) {
            g_autofree char *key = report_find_address(*one);
            if (key != NULL)
                find_named(&words, key);
        }
    }
    for (guint i = 0; i < named->len; i++) {
        const Named *one = g_ptr_array_index(named, i);
        report_add(report, form->action, one->key, NULL, one->said->str);
    }
    return report->recipients->len > 0;
}

char *report_returned_id(const char *text)
{
    static const char name[] = "message-id:";
    for (const char *p = text; *p != '\0';) {
        const char *line = p + strspn(p, " \t>");
        if (g_ascii_strncasecmp(line, name, sizeof name - 1) == 0) {
            const char *open = line + sizeof name - 1;
            open += strspn(open, " \t");
            size_t n = *open == '<' ? strcspn(open + 1, "<> \t\r\n") : 0;
            if (n > 0 && n <= INBOUND_MESSAGE_ID_BYTES && open[1 + n] == '>')
                return g_strndup(open + 1, n);
        }
        p += strcspn(p, "\n");
        p += *p == '\n' ? 1 : 0;
    }
    return NULL;
}
