/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The encoder of RFC 3492 §6.3 with the parameters of §5. The label's ASCII characters come first,
 * then, in order of their code points, where each other character is inserted. A label is short, so
 * the numbers cannot overflow: at most 63 characters times 0x10ffff.
 */
#include "mail/punycode.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define LABEL_CHARS  63
#define BASE         36
#define T_MIN        1
#define T_MAX        26
#define SKEW         38
#define DAMP         700
#define INITIAL_BIAS 72
#define INITIAL_N    0x80

static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
    delta = first ? delta / DAMP : delta / 2;
    delta += delta / points;
    uint32_t k = 0;
    for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
        delta /= BASE - T_MIN;
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static void append_digit(GString *out, uint32_t digit)
{
    g_string_append_c(out, (char)(digit < 26 ? 'a' + digit : '0' + digit - 26));
}

/* A generalized variable-length integer (§3.3). */
static void append_number(GString *out, uint32_t number, uint32_t bias)
{
    for (uint32_t k = BASE;; k += BASE) {
        uint32_t threshold = k <= bias ? T_MIN : MIN(k - bias, T_MAX);
        if (number < threshold)
            break;
        append_digit(out, threshold + (number - threshold) % (BASE - threshold));
        number = (number - threshold) / (BASE - threshold);
    }
    append_digit(out, number);
}

static uint32_t next_code_point(const gunichar *points, glong n_points, uint32_t least)
{
    uint32_t next = G_MAXUINT32;
    for (glong i = 0; i < n_points; i++)
        if (points[i] >= least && points[i] < next)
            next = points[i];
    return next;
}

static void append_insertions(GString *out, const gunichar *points, glong n_points, uint32_t basic)
{
    uint32_t n = INITIAL_N;
    uint32_t delta = 0;
    uint32_t bias = INITIAL_BIAS;
    uint32_t handled = basic;
    while (handled < (uint32_t)n_points) {
        uint32_t next = next_code_point(points, n_points, n);
        delta += (next - n) * (handled + 1);
        for (glong i = 0; i < n_points; i++) {
            delta += points[i] < next;
            if (points[i] != next)
                continue;
            append_number(out, delta, bias);
            bias = adapt(delta, handled + 1, handled == basic);
            delta = 0;
            handled++;
        }
        delta++;
        n = next + 1;
    }
}

char *punycode_label(const char *label)
{
    glong n_points;
    g_autofree gunichar *points = g_utf8_to_ucs4_fast(label, -1, &n_points);
    if (n_points > LABEL_CHARS)
        return NULL;
    g_autoptr(GString) out = g_string_new("xn--");
    uint32_t basic = 0;
    for (glong i = 0; i < n_points; i++) {
        if (points[i] < INITIAL_N) {
            g_string_append_c(out, (char)points[i]);
            basic++;
        }
    }
    if (basic > 0)
        g_string_append_c(out, '-');
    append_insertions(out, points, n_points, basic);
    return out->len <= LABEL_CHARS ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}
