/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/sample.h"

#include "alerts/facts.h"
#include "base/json.h"
#include "base/limits.h"

#include <glib.h>
#include <string.h>

static const char sample_text[] =
    "{\"ticket\":{\"number\":1042,\"title\":\"Reception printer prints blank pages\","
    "\"description\":\"The printer at the reception desk has printed blank pages since this"
    " morning.\\n\\nWe have changed the toner already.\",\"status_code\":1000,"
    "\"status\":\"Completed\",\"priority\":\"High\",\"type\":\"Incident\","
    "\"resolution\":\"The drum was worn out and has been replaced.\","
    "\"opened\":\"2026-11-23T18:32:00Z\",\"closed\":\"2026-11-24T09:10:00Z\","
    "\"due\":\"2026-11-27T17:00:00Z\","
    "\"link\":\"https://support.example.com/portal/t/example\","
    "\"correspondence\":[{\"entry\":{\"author\":\"Robin Keeper\","
    "\"written\":\"2026-11-24T08:40:00Z\",\"text\":\"The new drum is in.\\nDoes it print now?\"}},"
    "{\"entry\":{\"author\":\"" SAMPLE_RECIPIENT_NAME "\","
    "\"written\":\"2026-11-24T08:55:00Z\",\"text\":\"It works again.\\nThank you!\"}}]},"
    "\"account\":{\"name\":\"Bluebird Dental Practice\",\"number\":7,\"language\":\"en\"},"
    "\"sign_in\":{\"link\":\"https://support.example.com/portal/sign-in/4qyd2k6tbnv3x5ol7ruj\","
    "\"minutes\":\"15\"},"
    "\"message\":{\"text\":\"We have ordered the part.\\nIt should be here on Thursday.\","
    "\"left_out\":\"scan.tiff\"},"
    "\"time_zone\":\"Europe/London\",\"contact\":{\"name\":\"" SAMPLE_RECIPIENT_NAME "\"},"
    "\"manager\":{\"name\":\"Robin Keeper\"},\"actor\":{\"name\":\"Robin Keeper\"},"
    "\"desk\":{\"name\":\"Harbour IT\",\"phone\":\"+44 20 7946 0123\","
    "\"hours\":\"Monday to Friday, 8:00 to 18:00\","
    "\"address\":\"Harbour IT Ltd\\n12 Quay Street\\nLondon\"}}";

json_t *sample_facts(const DeskSettings *desk)
{
    json_t *facts = json_loads(sample_text, 0, NULL);
    g_assert(facts != NULL);
    if (desk == NULL)
        return facts;
    json_t *own = json_object();
    json_set_text(own, "name", desk->name);
    json_set_text(own, "phone", desk->phone);
    json_set_text(own, "hours", desk->hours);
    json_set_text(own, "address", desk->address);
    json_object_set_new(facts, "desk", own);
    json_set_text(facts, "time_zone", desk->time_zone);
    return facts;
}

/* ---- awkward ones ---- */

const char *sample_case_words(SampleCase which)
{
    static const char *const words[SAMPLE_N] = {
        [SAMPLE_COMPLETE] = "a ticket on which everything is set",
        [SAMPLE_BARE] = "a ticket on which only what must be is set",
        [SAMPLE_NO_CONTACT] = "a ticket without a contact",
        [SAMPLE_NO_TITLE] = "a ticket with an empty title",
        [SAMPLE_LONG] = "a ticket with a description and a resolution of 1 MiB",
        [SAMPLE_RIGHT_TO_LEFT] = "a ticket in a script that runs from right to left",
        [SAMPLE_EMOJI] = "a ticket in emoji",
        [SAMPLE_TAGS] = "a ticket whose texts have {{ in them",
        [SAMPLE_MARKUP] = "a ticket whose texts have HTML in them",
        [SAMPLE_PLAIN] = "a ticket whose texts are one sign",
    };
    return words[which];
}

/* Replaces every text that people write. */
static void fill(json_t *facts, const char *text)
{
    static const char *const groups[][6] = {
        {"ticket", "title", "description", "type", "resolution", NULL},
        {"message", "text", "left_out", NULL},
        {"account", "name", NULL},
        {"contact", "name", NULL},
        {"manager", "name", NULL},
        {"actor", "name", NULL},
        {"desk", "name", "phone", "hours", "address", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++)
        for (size_t j = 1; groups[i][j] != NULL; j++)
            json_set_text(json_object_get(facts, groups[i][0]), groups[i][j], text);
    const json_t *written = json_object_get(json_object_get(facts, "ticket"), "correspondence");
    for (size_t i = 0; i < json_array_size(written); i++) {
        json_t *entry = json_object_get(json_array_get(written, i), "entry");
        json_set_text(entry, "author", text);
        json_set_text(entry, "text", text);
    }
}

static void take_away(json_t *facts)
{
    static const char *const of_ticket[] = {
        "description", "type", "resolution", "closed", "due", "link", "correspondence",
    };
    json_t *ticket = json_object_get(facts, "ticket");
    for (size_t i = 0; i < G_N_ELEMENTS(of_ticket); i++)
        json_object_del(ticket, of_ticket[i]);
    json_set_text(ticket, "status", "New");
    json_set_int(ticket, "status_code", 100);
    json_object_del(json_object_get(facts, "message"), "left_out");
    json_object_del(facts, "contact");
    json_object_del(facts, "manager");
    json_object_set_new(facts, "desk", json_object());
}

/* Every character of it grows most when it is escaped. */
static void lengthen(json_t *facts)
{
    g_autofree char *long_text = g_strnfill(LIMIT_DESCRIPTION_BYTES, '"');
    g_autofree char *kept = facts_text(long_text);
    json_t *ticket = json_object_get(facts, "ticket");
    json_set_text(ticket, "description", kept);
    json_set_text(ticket, "resolution", kept);
}

json_t *sample_case(SampleCase which, const char **recipient_name)
{
    static const char right_to_left[] = "المدخل الرئيسي (2) – \"שלום\" 3:00";
    static const char emoji[] =
        "🖨️🔥 👩🏽‍💻 1️⃣ 🇩🇪 👨‍👩‍👧‍👦 "
        "🏴󠁧󠁢󠁳󠁣󠁴󠁿";
    static const char markup[] = "</title></style></a><script>alert(\"x\")</script>"
                                 "<img src=x onerror='y'> &amp; --> \" '";
    json_t *facts = sample_facts(NULL);
    const char *text = which == SAMPLE_RIGHT_TO_LEFT ? right_to_left
                       : which == SAMPLE_EMOJI       ? emoji
                       : which == SAMPLE_TAGS        ? SAMPLE_TAGS_TEXT
                       : which == SAMPLE_MARKUP      ? markup
                       : which == SAMPLE_PLAIN       ? SAMPLE_PLAIN_TEXT
                                                     : NULL;
    if (text != NULL)
        fill(facts, text);
    if (which == SAMPLE_BARE)
        take_away(facts);
    if (which == SAMPLE_NO_CONTACT)
        json_object_del(facts, "contact");
    if (which == SAMPLE_NO_TITLE)
        json_set_text(json_object_get(facts, "ticket"), "title", "");
    if (which == SAMPLE_LONG)
        lengthen(facts);
    bool nameless = which == SAMPLE_BARE || which == SAMPLE_NO_CONTACT;
    *recipient_name = nameless ? "" : text != NULL ? text : SAMPLE_RECIPIENT_NAME;
    return facts;
}
