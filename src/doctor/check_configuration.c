/* SPDX-License-Identifier: Apache-2.0 */
/* The folder, who may read it, and options that do not go together. */
#include "doctor/private.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Others than the owner may do something with it. */
#define FOREIGN_BITS (S_IRWXG | S_IRWXO)

static void check_mode(Findings *findings, const char *part, const char *path, bool secret)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        g_autofree char *advice = g_strdup_printf(
            "Look whether user %u may reach it, and whether it was moved", (unsigned)geteuid());
        finding_add(findings, DOCTOR_FAIL, part, advice, "%s: %s", path, g_strerror(errno));
    } else if (info.st_uid != geteuid()) {
        g_autofree char *advice = g_strdup_printf("chown -R %u %s", (unsigned)geteuid(), path);
        finding_add(findings, DOCTOR_WARN, part, advice,
                    "%s belongs to user %u, and the desk runs as %u", path, (unsigned)info.st_uid,
                    (unsigned)geteuid());
    } else if (secret && (info.st_mode & FOREIGN_BITS) != 0) {
        g_autofree char *advice = g_strdup_printf("chmod go= %s", path);
        finding_add(findings, DOCTOR_WARN, part, advice,
                    "%s (mode %04o) is open to other users of this machine", path,
                    (unsigned)info.st_mode & 07777U);
    } else {
        finding_add(findings, DOCTOR_OK, part, NULL, "%s (mode %04o)", path,
                    (unsigned)info.st_mode & 07777U);
    }
}

static void check_files(const Doctor *doctor, Findings *findings)
{
    const DoctorSetup *setup = doctor->setup;
    struct stat info;
    g_autofree char *file = g_build_filename(setup->folder, "tidings.conf", NULL);
    check_mode(findings, "folder", setup->folder, true);
    bool closed = stat(setup->folder, &info) == 0 && (info.st_mode & FOREIGN_BITS) == 0;
    /* Behind a closed door the file's own mode does not matter. */
    check_mode(findings, "file", file, setup->config->database != NULL && !closed);
    if (setup->sqlite_file != NULL && g_file_test(setup->sqlite_file, G_FILE_TEST_EXISTS))
        check_mode(findings, "database-file", setup->sqlite_file, !closed);
}

static void check_public_url(const Settings *settings, Findings *findings)
{
    const WebInterfaceSettings *web = &settings->web_interface;
    bool local = strstr(web->public_url, "//127.0.0.1") != NULL ||
                 strstr(web->public_url, "//localhost") != NULL;
    if (*web->public_url == '\0' && !web->enabled)
        finding_add(findings, DOCTOR_OK, "public-url", NULL,
                    "the Web Interface is off and has no public URL");
    else if (*web->public_url == '\0')
        finding_add(findings, DOCTOR_FAIL, "public-url",
                    "tidings options set web-interface public_url=https://support.example.com",
                    "the Web Interface is on and has no public URL: sign-in links lead nowhere");
    else if (!g_str_has_prefix(web->public_url, "https://") && !local)
        finding_add(findings, DOCTOR_WARN, "public-url",
                    "Put a web server with a certificate in front, and give its https address",
                    "%s: passwords and links travel without encryption", web->public_url);
    else
        finding_add(findings, DOCTOR_OK, "public-url", NULL, "%s", web->public_url);
}

typedef struct {
    bool wrong;
    const char *words;
    const char *advice;
} Contradiction;

static void check_options(const Settings *settings, Findings *findings)
{
    const AlertsServerSettings *server = &settings->alerts_server;
    const AlertsToCustomersSettings *alerts = &settings->alerts;
    const EmailConnectorSettings *connector = &settings->email_connector;
    bool alert = alerts->new_ticket.enabled || alerts->ticket_closed.enabled;
    bool maildir = strcmp(server->transport, "maildir") == 0;
    const Contradiction list[] = {
        {alert && !server->active, "alerts are on, and the Alerts Server is off: nobody is told",
         "tidings options test --to you@example.com, then tidings options set alerts-server"
         " active=true"},
        {server->active && !alert,
         "the Alerts Server is on, and both alerts are off: no customer is told of tickets",
         "tidings options set alerts-to-customers new_ticket.enabled=true"
         " ticket_closed.enabled=true"},
        {server->active && maildir,
         "mail goes into the desk's own Maildir (transport maildir): no customer gets it",
         "tidings options set alerts-server transport=smtp host=mail.example.com ..."},
        {connector->enabled && *connector->address == '\0',
         "the Email Connector is on and has no address: it cannot know the desk's own mail",
         "tidings options set email-connector address=support@example.com"},
        {server->signed_reply && !connector->enabled,
         "answers go to signed addresses (signed_reply), and the Email Connector is off",
         "tidings options set email-connector enabled=true, or alerts-server signed_reply=false"},
        {server->signed_bounce && !connector->enabled,
         "bounces go to signed addresses (signed_bounce), and the Email Connector is off",
         "tidings options set email-connector enabled=true, or alerts-server signed_bounce=false"},
        {connector->respond && !server->active,
         "automatic responses are on, and the Alerts Server is off: none leaves",
         "tidings options set alerts-server active=true"},
        {connector->respond && !connector->enabled,
         "automatic responses are on, and the Email Connector is off: none is made",
         "tidings options set email-connector enabled=true"},
        {alerts->web_link && !web_interface_has_links(&settings->web_interface),
         "alerts are to have a link to their ticket, and the Web Interface has no address",
         "tidings options set web-interface enabled=true public_url=https://..., or"
         " alerts-to-customers web_link=false"},
    };
    guint wrong = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(list); i++)
        if (list[i].wrong) {
            finding_add(findings, DOCTOR_WARN, "options", list[i].advice, "%s", list[i].words);
            wrong++;
        }
    if (wrong == 0)
        finding_add(findings, DOCTOR_OK, "options", NULL, "no options contradict each other");
}

void doctor_check_configuration(const Doctor *doctor, Findings *findings)
{
    check_files(doctor, findings);
    if (doctor->settings == NULL) {
        finding_add(findings, DOCTOR_SKIP, "options", NULL,
                    "not looked at: the options cannot be read");
        return;
    }
    check_public_url(doctor->settings, findings);
    check_options(doctor->settings, findings);
}
