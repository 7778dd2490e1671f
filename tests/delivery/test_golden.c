/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stored things give which bytes is a promise to every mail that was ever sent (product.md,
 * section 3, promise 6): this hash was recorded by the composer's first version, and may change
 * only together with COMPOSER_VERSION.
 */
#include "alerts/compose.h"
#include "records/status.h"
#include "support/test_desk.h"

static const char facts[] =
    "{\"ticket\":{\"number\":1,\"title\":\"Drucker \\u201eEG\\u201c & <Keller>\","
    "\"description\":\"first line\\nsecond \\\"line\\\" {{ticket.number}}\",\"status_code\":100,"
    "\"status\":\"New\",\"priority\":\"High\",\"type\":\"Incident\",\"resolution\":\"\","
    "\"opened\":\"2026-11-23T18:30:00Z\",\"closed\":null,\"due\":\"2026-12-01T08:05:09.5Z\"},"
    "\"account\":{\"name\":\"Bluebird\",\"number\":1,\"language\":null},\"time_zone\":\"Europe/"
    "Berlin\","
    "\"contact\":{\"name\":\"Anna Field\"},\"manager\":{\"name\":\"Erika\"},"
    "\"actor\":{\"name\":\"Erika\"},\"desk\":{\"name\":\"Harbour "
    "IT\",\"phone\":\"112\",\"hours\":\"\","
    "\"address\":\"12 Quay Street\\nLondon\"}}";

static const char text[] =
    "Hello{{#recipient.name}} {{recipient.name}}{{/recipient.name}},\n"
    "{{ticket.number}} {{ticket.title}} {{ticket.status}} {{ticket.priority}} {{ticket.type}}\n"
    "{{ticket.opened}}|{{ticket.closed}}|{{ticket.due}}|{{ticket.link}}|{{ticket.resolution}}\n"
    "{{ticket.description}}\n{{account.name}} {{contact.name}} {{recipient.email}}\n"
    "{{manager.name}} {{actor.name}} {{desk.name}} {{desk.phone}} {{desk.hours}}\n"
    "{{desk.address}}\n";

static void set(TestDesk *desk, const char *table, const char *column, const char *value)
{
    g_auto(GStrv) parts = g_strsplit(value, "'", -1);
    g_autofree char *quoted = g_strjoinv("''", parts);
    g_autofree char *sql = g_strdup_printf("UPDATE %s SET %s = '%s'", table, column, quoted);
    test_desk_run(desk, sql);
}

static bool load(DbTx *tx, void *data, GError **error)
{
    ComposeSource **source = data;
    g_autoptr(Alert) alert = alert_load(tx, 1, error);
    *source = alert != NULL ? compose_source_load(tx, alert, error) : NULL;
    return *source != NULL;
}

static void test_golden(void)
{
    static const char sender[] = "{\"from_name\":\"Harbour IT\",\"from_address\":"
                                 "\"support@desk.example\",\"reply_to\":\"\"}";
    g_autoptr(GError) error = NULL;
    g_autoptr(TestDesk) desk = test_desk_new("sqlite", true);
    test_desk_open(desk, &desk->employee, NULL, true);
    set(desk, "event", "facts", facts);
    set(desk, "template_version", "subject", "[#{{ticket.number}}] {{ticket.title}}");
    set(desk, "template_version", "body_text", text);
    g_autofree char *html = g_strdup_printf("<!DOCTYPE html>\n<p class=\"x\">%s</p>\n"
                                            "{{#ticket.due}}<b title='due'>{{ticket.due}}</b>"
                                            "{{/ticket.due}}\n",
                                            text);
    set(desk, "template_version", "body_html", html);
    g_autoptr(ComposeSource) source = NULL;
    db_read(test_db_handle(desk->db), load, &source, &error);
    g_assert_no_error(error);
    g_autoptr(Composer) composer = composer_new("abcdefghijklmnop");
    g_autoptr(GBytes) message = compose_message(composer, source, sender, TEST_NOW_US, &error);
    g_assert_no_error(error);
    g_autofree char *hash = compose_hash(message);
    g_test_message("%.*s", (int)g_bytes_get_size(message),
                   (const char *)g_bytes_get_data(message, NULL));
    g_assert_cmpstr(hash, ==, "d704061aaaf8bef345e35f9c49102dfdda7f0833a232332ecfb5ee99e7f6a72a");
    g_assert_cmpint(COMPOSER_VERSION, ==, 1001);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/delivery/golden", test_golden);
    return g_test_run();
}
