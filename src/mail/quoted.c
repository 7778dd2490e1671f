/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding the history below an answer.
 *
 * There are signs behind which everything is history (a separator, a block of header lines, a line
 * that says who wrote what and when), and lines that begin with ">", which are history only where
 * nothing else follows them: answers between them would be lost otherwise. A sign in front of which
 * nothing stands marks a forwarded mail, which is what the sender wants to be read.
 */
#include "mail/quoted.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#define ATTRIBUTION_LINES 3
#define ATTRIBUTION_BYTES 500
#define BLOCK_LINES       8

/* Between dashes, on a line of its own. */
static const char *const separators[] = {
    "original message",  "original-nachricht", "ursprüngliche nachricht",
    "originalnachricht", "message d'origine",  "message d’origine",
    "message original",  "message initial",    "mensaje original",
    "元のメッセージ",    "元のメール",         NULL,
};

/* What the program says above the quoted lines: how it begins and what it has towards its end. */
static const struct {
    const char *begins; /* "": a digit */
    const char *says;   /* in front of a colon, a name between them in German */
    bool name_follows;
} attributions[] = {
    {"on ", "wrote", false},         {"on ", "writes", false},
    {"am ", "schrieb", true},        {"am ", "hat geschrieben", false},
    {"den ", "schrieb", true},       {"le ", "a écrit", false},
    {"el ", "escribió", false},      {"", "wrote", false},
    {"", "schrieb", true},           {"", "a écrit", false},
    {"", "escribió", false},         {"", "のメール", false},
    {"", "さんは書きました", false}, {"", "のメッセージ", false},
};

typedef enum { FIELD_NONE, FIELD_FROM, FIELD_DATE, FIELD_TO, FIELD_SUBJECT } BlockField;

static const struct {
    const char *label;
    BlockField field;
} labels[] = {
    {"from", FIELD_FROM},       {"von", FIELD_FROM},
    {"de", FIELD_FROM},         {"expéditeur", FIELD_FROM},
    {"remitente", FIELD_FROM},  {"差出人", FIELD_FROM},
    {"送信者", FIELD_FROM},     {"sent", FIELD_DATE},
    {"date", FIELD_DATE},       {"gesendet", FIELD_DATE},
    {"datum", FIELD_DATE},      {"envoyé", FIELD_DATE},
    {"envoyé le", FIELD_DATE},  {"enviado", FIELD_DATE},
    {"enviado el", FIELD_DATE}, {"fecha", FIELD_DATE},
    {"送信日時", FIELD_DATE},   {"日時", FIELD_DATE},
    {"日付", FIELD_DATE},       {"to", FIELD_TO},
    {"an", FIELD_TO},           {"à", FIELD_TO},
    {"para", FIELD_TO},         {"destinataire", FIELD_TO},
    {"宛先", FIELD_TO},         {"subject", FIELD_SUBJECT},
    {"betreff", FIELD_SUBJECT}, {"objet", FIELD_SUBJECT},
    {"sujet", FIELD_SUBJECT},   {"asunto", FIELD_SUBJECT},
    {"件名", FIELD_SUBJECT},
};

typedef struct {
    const char *start;
    const char *end; /* the LF, or the text's end */
} Line;

static Line line_at(const char *p)
{
    return (Line){.start = p, .end = p + strcspn(p, "\n")};
}

static const char *behind(Line line)
{
    return *line.end == '\n' ? line.end + 1 : line.end;
}

/* Spaces of all kinds that programs put around. */
static const char *skip_space(const char *p, const char *end)
{
    for (;;) {
        if (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
            p++;
        else if (end - p >= 2 && memcmp(p, "\xc2\xa0", 2) == 0)
            p += 2;
        else if (end - p >= 3 && memcmp(p, "\xe2\x80\xaf", 3) == 0)
            p += 3;
        else
            return p;
    }
}

static bool is_blank(Line line)
{
    return skip_space(line.start, line.end) == line.end;
}

static bool is_quoted(Line line)
{
    const char *p = skip_space(line.start, line.end);
    return p < line.end && *p == '>';
}

static bool starts_with(const char *p, const char *end, const char *what)
{
    size_t n = strlen(what);
    return (size_t)(end - p) >= n && g_ascii_strncasecmp(p, what, n) == 0;
}

/* "-----Original Message-----" */
static bool is_separator(Line line)
{
    const char *p = skip_space(line.start, line.end);
    const char *words = p + strspn(p, "-_* ");
    if (words - p < 2 || words >= line.end || line.end - p > 120)
        return false;
    for (size_t i = 0; separators[i] != NULL; i++) {
        if (!starts_with(words, line.end, separators[i]))
            continue;
        const char *rest = words + strlen(separators[i]);
        const char *stop = rest + strspn(rest, "-_* \t\r:");
        return stop >= line.end && memchr(rest, '-', (size_t)(line.end - rest)) != NULL;
    }
    return false;
}

/* A line of underscores or dashes, as Outlook puts above the block. */
static bool is_rule(Line line)
{
    const char *p = skip_space(line.start, line.end);
    size_t n = strspn(p, "_");
    n = n > 0 ? n : strspn(p, "-");
    return n >= 3 && skip_space(p + n, line.end) >= line.end;
}

static BlockField block_field(Line line)
{
    const char *p = skip_space(line.start, line.end);
    p += p < line.end ? strspn(p, "*") : 0;
    for (size_t i = 0; i < G_N_ELEMENTS(labels); i++) {
        if (!starts_with(p, line.end, labels[i].label))
            continue;
        const char *colon = p + strlen(labels[i].label);
        colon = skip_space(colon, line.end);
        colon += strspn(colon, "*");
        colon = skip_space(colon, line.end);
        if (starts_with(colon, line.end, ":") || starts_with(colon, line.end, "："))
            return labels[i].field;
    }
    return FIELD_NONE;
}

/* From, and two of the others close behind it; some programs begin with the date. */
static bool is_block(Line line)
{
    BlockField first = block_field(line);
    if (first != FIELD_FROM && first != FIELD_DATE)
        return false;
    bool seen[FIELD_SUBJECT + 1] = {[FIELD_NONE] = false};
    seen[first] = true;
    for (int i = 0; i < BLOCK_LINES && *line.end == '\n'; i++) {
        line = line_at(behind(line));
        seen[block_field(line)] = true;
    }
    return seen[FIELD_FROM] && seen[FIELD_DATE] + seen[FIELD_TO] + seen[FIELD_SUBJECT] >= 2;
}

/* The words of some lines with one space between them, lower-case where ASCII. */
static char *plain_words(const char *p, const char *end)
{
    GString *out = g_string_new(NULL);
    while (p < end) {
        const char *word = skip_space(p, end);
        word += word < end && *word == '\n' ? 1 : 0;
        if (word > p) {
            if (out->len > 0 && out->str[out->len - 1] != ' ')
                g_string_append_c(out, ' ');
        } else if (*p == '*') {
            word = p + 1;
        } else {
            g_string_append_c(out, g_ascii_tolower(*p));
            word = p + 1;
        }
        p = word;
    }
    return g_string_free(out, FALSE);
}

/* Cuts off the colon that ends the words, and spaces in front of it, as in French; false where
 * there is none. */
static bool cut_colon(char *words)
{
    g_strchomp(words);
    size_t n = strlen(words);
    if (g_str_has_suffix(words, "："))
        n -= strlen("：");
    else if (g_str_has_suffix(words, ":"))
        n--;
    else
        return false;
    words[n] = '\0';
    g_strchomp(words);
    return true;
}

/* A time or an address, so that "On Monday 3 of us wrote:" is none. */
static bool has_evidence(const char *words)
{
    bool time = false;
    for (const char *p = words; *p != '\0'; p++)
        time = time || (p > words && (*p == ':' || *p == '.') && g_ascii_isdigit(p[-1]) &&
                        g_ascii_isdigit(p[1]));
    return strpbrk(words, "0123456789") != NULL && (time || strchr(words, '@') != NULL);
}

static bool matches_attribution(const char *words)
{
    for (size_t i = 0; i < G_N_ELEMENTS(attributions); i++) {
        const char *begins = attributions[i].begins;
        const char *what = attributions[i].says;
        bool begun = *begins != '\0' ? g_str_has_prefix(words, begins) : g_ascii_isdigit(*words);
        bool said = attributions[i].name_follows ? strstr(words, what) != NULL
                                                 : g_str_has_suffix(words, what);
        if (begun && said)
            return true;
    }
    /* "2026年11月23日(月) 18:32 Anna <anna@example.com>:" */
    return g_ascii_isdigit(*words) && g_str_has_suffix(words, ">") && has_evidence(words);
}

/* Where an attribution that begins on this line ends: its last line, else a line without start. */
static Line attribution_end(Line line, bool *evidence)
{
    Line last = line;
    for (int i = 0; i < ATTRIBUTION_LINES && last.end - line.start <= ATTRIBUTION_BYTES; i++) {
        g_autofree char *words = plain_words(line.start, last.end);
        if (cut_colon(words) && matches_attribution(words)) {
            *evidence = has_evidence(words);
            return last;
        }
        if (*last.end != '\n')
            break;
        last = line_at(behind(last));
        if (is_blank(last) || is_quoted(last))
            break;
    }
    return (Line){0};
}

static Line next_filled(Line line)
{
    while (*line.end == '\n') {
        line = line_at(behind(line));
        if (!is_blank(line))
            return line;
    }
    return (Line){0};
}

typedef struct {
    const char *text;
    bool has_new;        /* something was said before */
    const char *rule;    /* a rule line in front of here, with nothing but blank lines since */
    const char *tail;    /* where quoted lines began that nothing has followed yet */
    const char *history; /* the result, where everything behind it is history */
} Search;

static bool is_signature(Line line)
{
    return line.end - line.start >= 2 && line.end - line.start <= 3 &&
           memcmp(line.start, "--", 2) == 0;
}

/* Looks at a line that is neither blank nor quoted; returns the last line that it took. */
static Line judge(Search *search, Line line)
{
    if (is_separator(line) || is_block(line)) {
        if (search->has_new)
            search->history = search->rule != NULL ? search->rule : line.start;
        search->has_new = true;
        search->tail = NULL;
        return line;
    }
    bool evidence = false;
    Line last = attribution_end(line, &evidence);
    if (last.start != NULL) {
        Line next = next_filled(last);
        if (next.start != NULL && is_quoted(next)) {
            search->tail = search->tail != NULL ? search->tail : line.start;
            return last;
        }
        if (search->has_new && next.start != NULL && evidence) {
            search->history = line.start;
            return last;
        }
    }
    search->tail = NULL;
    search->has_new = search->has_new || !is_rule(line);
    return line;
}

size_t quoted_begin(const char *text)
{
    Search search = {.text = text};
    for (Line line = line_at(text); search.history == NULL; line = line_at(behind(line))) {
        if (is_quoted(line)) {
            search.tail = search.tail != NULL ? search.tail : line.start;
            search.rule = NULL;
        } else if (!is_blank(line)) {
            if (search.tail != NULL && is_signature(line))
                break;
            line = judge(&search, line);
            search.rule = is_rule(line) ? (search.rule != NULL ? search.rule : line.start) : NULL;
        }
        if (*line.end == '\0')
            break;
    }
    const char *found = search.history;
    if (found == NULL && search.has_new)
        found = search.tail;
    return found != NULL ? (size_t)(found - text) : strlen(text);
}

static char *trimmed(const char *text, size_t bytes)
{
    const char *end = text + bytes;
    while (end > text && strchr(" \t\r\n", end[-1]) != NULL)
        end--;
    for (const char *p = text; p < end && strchr(" \t\r\n", *p) != NULL; p++)
        if (*p == '\n')
            text = p + 1; /* whole blank lines only: an indentation stays */
    return g_strndup(text, (gsize)(end - text));
}

void quoted_split(const char *text, char **new_text, char **quoted_text)
{
    size_t begin = quoted_begin(text);
    *new_text = trimmed(text, begin);
    *quoted_text = trimmed(text + begin, strlen(text) - begin);
}
