/* SPDX-License-Identifier: Apache-2.0 */
#include "alerts/locale.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/zone.h"
#include "records/status.h"

#include <string.h>

typedef struct {
    const char *code;
    const char *months[12];
    const char *priorities[4]; /* low, normal, high, urgent */
    const char *statuses[STATUS_N];
    const char *test_mark;
} Language;

static const char *const english_priorities[] = {"Low", "Normal", "High", "Urgent"};

/* Statuses in the order of status_codes; English needs neither them nor its priorities. */
static const Language languages[] = {
    {.code = "en",
     .months = {"January", "February", "March", "April", "May", "June", "July", "August",
                "September", "October", "November", "December"},
     .test_mark = "[Test]"},
    {.code = "de",
     .months = {"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
                "Oktober", "November", "Dezember"},
     .priorities = {"Niedrig", "Normal", "Hoch", "Dringend"},
     .statuses = {"Neu", "Wartend", "Terminiert", "In Bearbeitung", "Vor-Ort-Einsatz",
                  "In der Werkstatt", "Zurückgestellt", "Sonstiges", "Storniert", "Erledigt"},
     .test_mark = "[Test]"},
    {.code = "fr",
     .months = {"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août",
                "septembre", "octobre", "novembre", "décembre"},
     .priorities = {"Basse", "Normale", "Haute", "Urgente"},
     .statuses = {"Nouveau", "En attente", "Planifié", "Traitement en interne",
                  "Intervention sur site", "En atelier", "Suspendu", "Autre", "Annulé", "Terminé"},
     .test_mark = "[Test]"},
    {.code = "es",
     .months = {"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto",
                "septiembre", "octubre", "noviembre", "diciembre"},
     .priorities = {"Baja", "Normal", "Alta", "Urgente"},
     .statuses = {"Nuevo", "Pendiente", "Programado", "Servicio interno", "Servicio a domicilio",
                  "En el taller", "En espera", "Otro", "Cancelado", "Completado"},
     .test_mark = "[Prueba]"},
    {.code = "ja",
     .priorities = {"低", "通常", "高", "緊急"},
     .statuses = {"新規", "保留中", "予定済み", "社内対応中", "訪問対応中", "ラボ対応中",
                  "一時停止", "その他", "キャンセル", "完了"},
     .test_mark = "[テスト]"},
};

/* NULL: a language of which nothing is known here. */
static const Language *find_language(const char *tag)
{
    if (tag == NULL || *tag == '\0')
        return &languages[0];
    size_t bytes = strcspn(tag, "-");
    for (size_t i = 0; i < G_N_ELEMENTS(languages); i++)
        if (strlen(languages[i].code) == bytes &&
            g_ascii_strncasecmp(languages[i].code, tag, bytes) == 0)
            return &languages[i];
    return NULL;
}

/* ---- times ---- */

static GDateTime *local_time(const char *rfc3339, const char *zone_name)
{
    int64_t time_us;
    if (*rfc3339 == '\0' || !text_to_time(rfc3339, NULL, &time_us, NULL))
        return NULL;
    GTimeZone *zone = zone_find(zone_name);
    if (zone == NULL)
        zone = zone_find("UTC");
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(time_us / US_PER_SECOND);
    return utc != NULL && zone != NULL ? g_date_time_to_timezone(utc, zone) : NULL;
}

/* "CET"; zones without letters ("+0530") say what they count from. */
static char *zone_words(GDateTime *time, const char *code)
{
    static const char *const german[][2] = {{"CET", "MEZ"}, {"CEST", "MESZ"}};
    const char *name = g_date_time_get_timezone_abbreviation(time);
    for (size_t i = 0; i < G_N_ELEMENTS(german); i++)
        if (strcmp(code, "de") == 0 && strcmp(name, german[i][0]) == 0)
            return g_strdup(german[i][1]);
    bool bare = strcmp(code, "en") != 0 && (*name == '+' || *name == '-');
    return g_strconcat(bare ? "UTC" : "", name, NULL);
}

char *locale_time(const char *rfc3339, const char *zone_name, const char *language)
{
    g_autoptr(GDateTime) time = local_time(rfc3339, zone_name);
    if (time == NULL)
        return g_strdup("");
    const Language *known = find_language(language);
    const char *code = known != NULL ? known->code : "";
    g_autofree char *zone = zone_words(time, code);
    int day = g_date_time_get_day_of_month(time), year = g_date_time_get_year(time);
    int month = g_date_time_get_month(time);
    int hour = g_date_time_get_hour(time), minute = g_date_time_get_minute(time);
    const char *name = known != NULL ? known->months[month - 1] : NULL;
    if (strcmp(code, "en") == 0)
        return g_strdup_printf("%d %s %d, %02d:%02d %s", day, name, year, hour, minute, zone);
    if (strcmp(code, "de") == 0)
        return g_strdup_printf("%d. %s %d, %02d:%02d Uhr (%s)", day, name, year, hour, minute,
                               zone);
    if (strcmp(code, "fr") == 0)
        return g_strdup_printf("%d%s %s %d à %02d:%02d (%s)", day, day == 1 ? "er" : "", name, year,
                               hour, minute, zone);
    if (strcmp(code, "es") == 0)
        return g_strdup_printf("%d de %s de %d, %02d:%02d (%s)", day, name, year, hour, minute,
                               zone);
    if (strcmp(code, "ja") == 0)
        return g_strdup_printf("%d年%d月%d日 %02d:%02d（%s）", year, month, day, hour, minute,
                               zone);
    return g_strdup_printf("%04d-%02d-%02d %02d:%02d %s", year, month, day, hour, minute, zone);
}

/* ---- names ---- */

char *locale_priority(const char *english, const char *language)
{
    const Language *known = find_language(language);
    for (size_t i = 0; known != NULL && i < G_N_ELEMENTS(english_priorities); i++)
        if (strcmp(english, english_priorities[i]) == 0 && known->priorities[i] != NULL)
            return g_strdup(known->priorities[i]);
    return g_strdup(english);
}

char *locale_status(const char *label, const char *language)
{
    const Language *known = find_language(language);
    for (int i = 0; known != NULL && i < STATUS_N; i++)
        if (strcmp(label, status_name(status_codes[i])) == 0 && known->statuses[i] != NULL)
            return g_strdup(known->statuses[i]);
    return g_strdup(label);
}

const char *locale_test_mark(const char *language)
{
    const Language *known = find_language(language);
    return (known != NULL ? known : &languages[0])->test_mark;
}
