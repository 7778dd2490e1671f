/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options as the program uses them: one struct a section, read from the stored JSON with
 * defaults in place of what was never set. The stored objects are valid (desk/options.h checks them
 * when they are put), so reading cannot fail on content.
 */
#pragma once

#include "db/db.h"
#include "records/email_connector.h"
#include "records/option.h"
#include "records/web_interface.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define OPTIONS_DESK                "desk"
#define OPTIONS_ALERTS_SERVER       "alerts-server"
#define OPTIONS_ALERTS_TO_CUSTOMERS "alerts-to-customers"
/* Not a page: the last test mail that was accepted, {"fingerprint","to","at","by"}. */
#define OPTIONS_ALERTS_SERVER_TEST "alerts-server-test"
#define OPTIONS_TICKETS            "tickets"

/* The first relay and those behind it. */
#define RELAYS_MAX 6

/* The secrets that a relay may have, by the names of their fields. They stand in table `secret`
 * beside OPTIONS_ALERTS_SERVER. */
enum { RELAY_PASSWORD, RELAY_CLIENT_SECRET, RELAY_REFRESH_TOKEN, RELAY_N_SECRETS };

extern const struct RelaySecret {
    const char *field;
    size_t max_chars;
} relay_secrets[RELAY_N_SECRETS];

/* The secret's name; relay 0 is the first one. Free with g_free(). */
char *relay_secret_name(size_t relay, size_t secret);

typedef struct {
    char *name; /* never NULL; "" where it was not set: so are the next three */
    char *phone;
    char *hours;
    char *address;
    char *language;  /* BCP 47 */
    char *time_zone; /* IANA name */
} DeskSettings;

/* A mail server that takes mail from us; texts are never NULL. */
typedef struct {
    char *host;
    int port;
    char *security; /* "none", "starttls" or "tls" */
    char *username; /* "": none */
    char *auth;     /* "password", or "xoauth2", which has the next three */
    char *token_url;
    char *client_id;
    char *scope;
    char *ca_file;               /* "": the system's authorities */
    char *refresh_token_changed; /* when a person did it last; "": never. Not shown */
} RelaySettings;

/* A mail to the desk itself on a schedule (alerts/canary.h). */
typedef struct {
    bool enabled;
    char *to; /* "": not set */
    int every_seconds;
    int64_t since; /* when this was set; not shown */
} CanarySettings;

typedef struct {
    bool active;
    CanarySettings canary;
    char *transport;   /* "smtp", "sendmail" or "maildir" */
    GPtrArray *relays; /* of RelaySettings *, in order of preference; one at least */
    char *from_name;
    char *from_address;      /* "": not set; nothing can be sent */
    char *reply_to;          /* "": none */
    bool signed_reply;       /* answers come to an address that names ticket and recipient */
    bool signed_bounce;      /* bounces, to one that names the mail */
    char *address_separator; /* "+", "-" or "none": what stands before the signature */
    char *bounce_address;    /* "": from_address */
    int concurrency;         /* connections at the same time */
    bool ask; /* what may have left already waits for a person, instead of being repeated */
} AlertsServerSettings;

typedef struct {
    bool enabled;
    int64_t template_id; /* 0: the built-in one */
    char *sender_name;   /* "": the Alerts Server's; so is the next one */
    char *reply_to;
} AlertSettings;

/* An actor who tells more customers than this in so many minutes is stopped. */
typedef struct {
    bool enabled;
    int customers;
    int minutes;
} BrakeSettings;

typedef struct {
    AlertSettings new_ticket;
    AlertSettings ticket_closed;
    bool add_contact; /* new tickets: the contact's primary address, or the account's first one */
    bool add_on_every_ticket; /* and the account's contacts that are flagged so */
    bool add_mail_copies;     /* tickets by mail: its To and Cc */
    BrakeSettings brake;
    bool web_link;             /* the mails have a link to their ticket in the Web Interface */
    bool merge_open_and_close; /* closed before the New alert has left: one mail instead of two */
} AlertsToCustomersSettings;

typedef struct {
    json_t *status_labels; /* {"100": "Neu"} */
    char *desk_recipient;  /* told of customers' mails on tickets without a manager; "": nobody */
    char *reopen_on_reply; /* "ask", "always" or "never": a customer's reply to a closed ticket */
} TicketSettings;

void desk_settings_clear(DeskSettings *settings);
void relay_settings_clear(RelaySettings *settings);
void alerts_server_settings_clear(AlertsServerSettings *settings);
void alerts_to_customers_settings_clear(AlertsToCustomersSettings *settings);
void ticket_settings_clear(TicketSettings *settings);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DeskSettings, desk_settings_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RelaySettings, relay_settings_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AlertsServerSettings, alerts_server_settings_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AlertsToCustomersSettings, alerts_to_customers_settings_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TicketSettings, ticket_settings_clear)

/* Pure: from the stored object. */
void desk_settings_read(const json_t *stored, DeskSettings *settings);
void relay_settings_read(const json_t *stored, RelaySettings *settings);
void alerts_server_settings_read(const json_t *stored, AlertsServerSettings *settings);
void alerts_to_customers_settings_read(const json_t *stored, AlertsToCustomersSettings *settings);
void ticket_settings_read(const json_t *stored, TicketSettings *settings);

/* The object as the API shows it: every field, defaults filled in. New reference. */
json_t *desk_settings_json(const DeskSettings *settings);
json_t *alerts_server_settings_json(const AlertsServerSettings *settings);
json_t *alerts_to_customers_settings_json(const AlertsToCustomersSettings *settings);
json_t *ticket_settings_json(const TicketSettings *settings);

/* All of them at once. Shared with others who hold the same: only read it. */
typedef struct {
    DeskSettings desk;
    AlertsServerSettings alerts_server;
    AlertsToCustomersSettings alerts;
    TicketSettings tickets;
    EmailConnectorSettings email_connector;
    WebInterfaceSettings web_interface;
    OptionVersions versions;
} Settings;

/* Gives back what settings_load() gave. NULL is allowed. */
void settings_free(Settings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Settings, settings_free)

/* As they stand in the caller's transaction; read anew only when their texts there are others than
 * the last time. Errors: CORRUPT, and those of db_query(). */
Settings *settings_load(DbTx *tx, GError **error);

/* Fills in what was not noted with an event of that time, from the history of the options. */
bool options_find_versions(DbTx *tx, int64_t at_us, OptionVersions *versions, GError **error);
