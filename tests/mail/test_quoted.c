/* SPDX-License-Identifier: Apache-2.0 */
/* Where the history begins, as mail programs of five languages write it. */
#include "mail/quoted.h"

#include <glib.h>
#include <string.h>

typedef struct {
    const char *name;
    const char *new_text;    /* in front of the history, as it stands in the mail */
    const char *quoted_text; /* "" where there is none */
} Row;

#define Q "> We have opened a ticket.\n>\n> Support\n"

static const Row rows[] = {
    {"nothing quoted", "Hello,\n\nit works.\n", ""},
    {"empty", "", ""},
    {"blank", "\n \n", ""},

    /* Who wrote what and when. */
    {"gmail en", "Thanks!\n\n",
     "On Mon, Nov 23, 2026 at 6:32 PM Support <s@desk.example> wrote:\n\n" Q},
    {"gmail en wrapped", "Thanks!\n\n",
     "On Mon, Nov 23, 2026 at 6:32 PM A Very Long Name of a Support Desk <\ns@desk.example> "
     "wrote:\n\n" Q},
    {"apple en", "Thanks!\n\n",
     "> On 23. Nov 2026, at 18:32, Support <s@desk.example> wrote:\n> \n" Q},
    {"thunderbird en", "Thanks!\n\n", "On 11/23/26 18:32, Support wrote:\n" Q},
    {"gmail de", "Danke!\n\n",
     "Am Mo., 23. Nov. 2026 um 18:32 Uhr schrieb Support <\ns@desk.example>:\n\n" Q},
    {"thunderbird de", "Danke!\n\n", "Am 23.11.26 um 18:32 schrieb Support:\n" Q},
    {"web.de", "Danke!\n\n",
     "Gesendet: Montag, 23. November 2026 um 18:32\nVon: \"Support\" <s@desk.example>\nAn: "
     "anna@x.example\n"
     "Betreff: Drucker\n\nWir haben ein Ticket eröffnet.\n"},
    {"gmail fr", "Merci !\n\n",
     "Le lun. 23 nov. 2026 à 18:32, Support <s@desk.example> a écrit\u00a0:\n\n" Q},
    {"thunderbird fr", "Merci !\n\n", "Le 23/11/2026 à 18:32, Support a écrit :\n" Q},
    {"gmail es", "¡Gracias!\n\n",
     "El lun, 23 nov 2026 a las 18:32, Support (<s@desk.example>) escribió:\n\n" Q},
    {"thunderbird es", "¡Gracias!\n\n", "El 23/11/26 a las 18:32, Support escribió:\n" Q},
    {"gmail ja", "ありがとう。\n\n", "2026年11月23日(月) 18:32 Support <s@desk.example>:\n\n" Q},
    {"apple ja", "ありがとう。\n\n", "2026/11/23 18:32、Support <s@desk.example>のメール:\n\n" Q},
    {"thunderbird ja", "ありがとう。\n\n", "2026/11/23 18:32、Support さんは書きました：\n" Q},
    {"without quoted lines", "Thanks!\n\n",
     "On Nov 23, 2026, at 6:32 PM, Support <s@desk.example> wrote:\n\nWe have opened a ticket.\n"},
    {"bold", "Thanks!\n\n",
     "*On Mon, Nov 23, 2026 at 6:32 PM Support <s@desk.example> wrote:*\n" Q},

    /* Blocks of header lines. */
    {"outlook en", "Thanks!\n\n",
     "From: Support <s@desk.example>\nSent: Monday, November 23, 2026 6:32 PM\nTo: Anna\nSubject: "
     "Printer\n"
     "\nWe have opened a ticket.\n"},
    {"outlook with rule", "Thanks!\n\n",
     "________________________________\nFrom: Support\nSent: Monday\nTo: Anna\nSubject: "
     "Printer\n\nText.\n"},
    {"outlook with rule and blank line", "Thanks!\n\n",
     "________________________________\n\nFrom: Support\nSent: Monday\nTo: Anna\nSubject: "
     "Printer\n"},
    {"outlook de", "Danke!\n\n",
     "Von: Support\nGesendet: Montag\nAn: Anna\nCc: Bert\nBetreff: Drucker\n\nText.\n"},
    {"outlook fr", "Merci !\n\n",
     "De : Support\nEnvoyé : lundi\nÀ : Anna\nObjet : Imprimante\n\nTexte.\n"},
    {"outlook fr with no-break spaces", "Merci !\n\n",
     "De\u00a0: Support\nEnvoyé\u00a0: lundi\nÀ\u00a0: Anna\nObjet\u00a0: Imprimante\n\nTexte.\n"},
    {"outlook es", "¡Gracias!\n\n",
     "De: Support\nEnviado el: lunes\nPara: Anna\nAsunto: Impresora\n\nTexto.\n"},
    {"outlook ja", "ありがとう。\n\n",
     "差出人: Support\n送信日時: 月曜日\n宛先: Anna\n件名: 印刷\n\n本文\n"},
    {"outlook ja with wide colons", "ありがとう。\n\n",
     "差出人：Support\n送信日時：月曜日\n宛先：Anna\n件名：印刷\n"},
    {"bold labels", "Thanks!\n\n",
     "*From:* Support\n*Sent:* Monday\n*To:* Anna\n*Subject:* Printer\n\nText.\n"},

    /* Separators. */
    {"original message", "Thanks!\n\n", "-----Original Message-----\nFrom: Support\n\nText.\n"},
    {"spaced", "Thanks!\n\n", " ----- Original Message ----- \nFrom: Support\n\nText.\n"},
    {"de", "Danke!\n\n", "-----Ursprüngliche Nachricht-----\nVon: Support\n\nText.\n"},
    {"de android", "Danke!\n\n",
     "-------- Ursprüngliche Nachricht --------\nVon: Support\n\nText.\n"},
    {"fr", "Merci !\n\n", "-----Message d'origine-----\nDe : Support\n\nTexte.\n"},
    {"fr android", "Merci !\n\n", "-------- Message d’origine --------\nDe : Support\n\nTexte.\n"},
    {"es", "¡Gracias!\n\n", "-----Mensaje original-----\nDe: Support\n\nTexto.\n"},
    {"ja", "ありがとう。\n\n", "-----元のメッセージ-----\n差出人: Support\n\n本文\n"},

    /* Quoted lines alone. */
    {"trailing block", "Thanks!\n\n", Q},
    {"trailing block with blanks", "Thanks!\n", "> a\n\n> b\n\n\n"},
    {"signature in front", "Thanks!\n\n-- \nAnna\n\n", "On 11/23/26 18:32, Support wrote:\n" Q},
    {"signature behind", "Thanks!\n\n", "On 11/23/26 18:32, Support wrote:\n" Q "\n-- \nAnna\n"},

    /* What must stay. */
    {"answer below", "On 11/23/26 18:32, Support wrote:\n" Q "\nIt works.\n", ""},
    {"answers between", "On 11/23/26 18:32, Support wrote:\n> Which?\nThat one.\n> When?\nNow.\n",
     ""},
    {"answers between, then a rest", "On 11/23/26 18:32, Support wrote:\n> Which?\nThat one.\n",
     "> When?\n"},
    {"all is quoted", Q, ""},
    {"attribution and quotes alone", "On 11/23/26 18:32, Support wrote:\n" Q, ""},
    {"forward of outlook", "From: Monitor\nSent: Monday\nTo: Anna\nSubject: Down\n\nServer down.\n",
     ""},
    {"forward of gmail",
     "Please look.\n\n---------- Forwarded message ---------\nFrom: Monitor <m@x.example>\nServer "
     "down.\n",
     ""},
    {"a person wrote", "On Monday the technician wrote:\n\n\"never again\"\n", ""},
    {"a number and wrote", "On line 3 the program wrote:\n\nerror\n", ""},
    {"a from alone", "Route:\nFrom: Berlin\nTo: Hamburg\nby train.\n", ""},
    {"a shell prompt", "I typed:\n> ls\nand it said no.\n", ""},
    {"dashes", "One\n-----\nTwo\n", ""},
    {"words of a separator", "The original message was lost.\noriginal message\n", ""},
};

static void test_row(gconstpointer data)
{
    const Row *row = data;
    g_autofree char *text = g_strconcat(row->new_text, row->quoted_text, NULL);
    size_t begin = quoted_begin(text);
    g_autofree char *front = g_strndup(text, begin);
    g_assert_cmpstr(front, ==, row->new_text);
}

static void test_split(void)
{
    g_autofree char *new_text = NULL;
    g_autofree char *quoted = NULL;
    quoted_split("\n \n  indented\nThanks!  \n\n\n> a\n> b\n\n", &new_text, &quoted);
    g_assert_cmpstr(new_text, ==, "  indented\nThanks!");
    g_assert_cmpstr(quoted, ==, "> a\n> b");
    g_autofree char *all = NULL;
    g_autofree char *none = NULL;
    quoted_split("", &all, &none);
    g_assert_cmpstr(all, ==, "");
    g_assert_cmpstr(none, ==, "");
}

/* A megabyte of each sign; ends in time. */
static void test_long(void)
{
    static const char *const pieces[] = {
        "\n",      "> \n", "On 1:1 a@b wrote", "From:\n",      "-----",  "On 1:1 @ wrote:\nx\n",
        "_____\n", "On ",  "1:1 >:\n",         "From:\nTo:\n", "\u00a0", "On 1:1 wrote:\n\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
        g_autoptr(GString) text = g_string_new("New.\n");
        while (text->len < 1024 * 1024)
            g_string_append(text, pieces[i]);
        g_assert_cmpuint(quoted_begin(text->str), <=, text->len);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strdup_printf("/mail/quoted/%s", rows[i].name);
        g_test_add_data_func(path, &rows[i], test_row);
    }
    g_test_add_func("/mail/quoted/split", test_split);
    g_test_add_func("/mail/quoted/long", test_long);
    return g_test_run();
}
