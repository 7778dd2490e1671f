/* SPDX-License-Identifier: Apache-2.0 */
/* Each relay up to the point where mail would begin: connect, greeting, TLS, sign-in, QUIT. */
#include "doctor/private.h"

#include <string.h>
#include <unistd.h>

#define SENDMAIL "/usr/sbin/sendmail"

static void keep_step(const char *step, const char *sent, const char *reply, void *data)
{
    GString *steps = data;
    if (strstr(steps->str, step) == NULL)
        g_string_append_printf(steps, "%s%s", steps->len > 0 ? ", " : "", step);
}

static const char *advice_for(const char *stage)
{
    static const struct {
        const char *stage, *advice;
    } list[] = {
        {"token", "Look at token_url, client_id, the secret's end and the consent"},
        {"connect", "Look at host and port, whether the relay runs, and at the firewall: many"
                    " networks close port 25"},
        {"banner", "The relay refuses this machine, or is no mail server: look at its log"},
        {"ehlo", "The relay refuses this machine: look at its log"},
        {"starttls", "Set security to what the relay offers: tls (port 465), starttls (587), or"
                     " none on this machine alone"},
        {"tls", "See the check of certificates; an authority of your own is named by ca_file"},
        {"auth", "Look at user name and password: tidings options set alerts-server"
                 " --password-stdin"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(list); i++)
        if (g_strcmp0(list[i].stage, stage) == 0)
            return list[i].advice;
    return "Look at the relay's log";
}

static void check_smtp(const Doctor *doctor, const DeliveryRoute *route, const char *part,
                       Findings *findings)
{
    TransportSettings settings = {0};
    DeliveryOutcome outcome = {0};
    g_autoptr(GString) steps = g_string_new(NULL);
    transport_settings_copy(&route->transport, &settings);
    settings.timeout_cap_ms = DOCTOR_STEP_MS;
    g_autoptr(TransportLink) link = transport_link_new(&settings, doctor->setup->clock, NULL);
    transport_settings_clear(&settings);
    if (link == NULL)
        return;
    transport_link_set_trace(link, keep_step, steps);
    bool open = transport_link_open(link, doctor->cancellable, &outcome);
    transport_link_set_trace(link, NULL, NULL);
    if (open)
        finding_add(findings, DOCTOR_OK, part, NULL, "%s takes mail (%s)", route->name, steps->str);
    else if (outcome.reply_code != 0)
        finding_add(findings, DOCTOR_FAIL, part, advice_for(outcome.stage), "%s, at %s: %s",
                    route->name, outcome.stage, outcome.reply);
    else /* in words, which name the relay and the stage */
        finding_add(findings, DOCTOR_FAIL, part, advice_for(outcome.stage), "%s", outcome.reply);
    delivery_outcome_clear(&outcome);
}

static void check_sendmail(const DeliveryRoute *route, Findings *findings)
{
    const char *command = route->transport.path != NULL ? route->transport.path : SENDMAIL;
    bool there = access(command, X_OK) == 0;
    finding_add(findings, there ? DOCTOR_OK : DOCTOR_FAIL, NULL,
                there ? NULL : "Install a mail server (Postfix, or msmtp-mta), or use SMTP",
                there ? "%s is there; what it does with mail its own log says" : "%s cannot be run",
                command);
}

static void check_maildir(const Doctor *doctor, Findings *findings)
{
    const char *path = doctor->setup->maildir;
    bool there = g_file_test(path, G_FILE_TEST_IS_DIR);
    bool well = access(there ? path : doctor->setup->folder, W_OK) == 0;
    finding_add(findings, well ? DOCTOR_OK : DOCTOR_FAIL, NULL,
                well ? NULL : "Look at its owner and mode",
                well ? "mail is written to %s" : "%s cannot be written", path);
}

/* A state that a look cannot see: the breaker's, which waits for a person. */
static void check_stopped(const DeliveryRoute *route, const char *part, Findings *findings)
{
    if (g_strcmp0(route->relay.state, "stopped") == 0)
        finding_add(findings, DOCTOR_FAIL, part,
                    "Find out why the relay refuses everybody, then: tidings alerts resume",
                    "%s was stopped after many refusals: %s", route->name, route->relay.reason);
}

void doctor_check_relay(const Doctor *doctor, Findings *findings)
{
    const DeliverySettings *delivery = &doctor->delivery;
    const char *kind = delivery_settings_route(delivery, 0)->transport.kind;
    if (strcmp(kind, "sendmail") == 0)
        check_sendmail(delivery_settings_route(delivery, 0), findings);
    if (strcmp(kind, "maildir") == 0)
        check_maildir(doctor, findings);
    for (guint i = 0; strcmp(kind, "smtp") == 0 && i < delivery->routes->len; i++) {
        const DeliveryRoute *route = delivery_settings_route(delivery, i);
        g_autofree char *part = finding_number(i);
        if (route->transport.host == NULL) {
            finding_add(findings, delivery->active ? DOCTOR_FAIL : DOCTOR_WARN, part,
                        "tidings options set alerts-server host=mail.example.com port=587"
                        " security=starttls ...",
                        "no mail server is named: no mail can leave");
            continue;
        }
        check_smtp(doctor, route, part, findings);
        check_stopped(route, part, findings);
    }
}
