/* SPDX-License-Identifier: Apache-2.0 */
/* What the options pages share: fields that are read from the patch into the stored object, and the
 * Alerts Server's page with its relays. */
#pragma once

#include "base/json.h"
#include "desk/desk.h"
#include "records/settings.h"

/* Each writes the field into `stored` if it stands in the patch and is well; else the reader has
 * failed. */
void option_merge_line(JsonReader *reader, const char *name, size_t max_chars, json_t *stored);
void option_merge_block(JsonReader *reader, const char *name, size_t max_bytes, json_t *stored);
void option_merge_address(JsonReader *reader, const char *name, json_t *stored);
void option_merge_choice(JsonReader *reader, const char *name, const char *const *choices,
                         json_t *stored);
void option_merge_int(JsonReader *reader, const char *name, int64_t min, int64_t max,
                      json_t *stored);
void option_merge_bool(JsonReader *reader, const char *name, json_t *stored);
void option_merge_time_zone(JsonReader *reader, const char *name, json_t *stored);

/* The object `name` inside the stored section, made where it is missing. Borrowed. */
json_t *option_group(json_t *stored, const char *name);

/* The page "alerts-to-customers". */
bool option_merge_alerts_to_customers(DeskTx *tx, json_t *stored, json_t *patch, GError **error);
json_t *option_show_alerts_to_customers(const json_t *stored);

/* The page "email-connector". */
bool option_merge_email_connector(DeskTx *tx, json_t *stored, json_t *patch, GError **error);
json_t *option_show_email_connector(const json_t *stored);

/* Its list "mailboxes", with their secrets. */
void option_read_mailboxes(DeskTx *tx, JsonReader *reader, json_t *stored);

/* The page "web-interface". */
bool option_merge_web_interface(DeskTx *tx, json_t *stored, json_t *patch, GError **error);
json_t *option_show_web_interface(const json_t *stored);

/* The page "retention". */
bool option_merge_retention(DeskTx *tx, json_t *stored, json_t *patch, GError **error);
json_t *option_show_retention(const json_t *stored);

/* The page "alerts-server". */
bool option_merge_alerts_server(DeskTx *tx, json_t *stored, json_t *patch, GError **error);

/* A change of the relays: what they were, and the secrets that the patch gives. */
typedef struct {
    json_t *before; /* the section before the change */
    bool given[RELAYS_MAX][RELAY_N_SECRETS];
    char *values[RELAYS_MAX][RELAY_N_SECRETS]; /* NULL: take the secret away */
} RelayChange;

void relay_change_init(RelayChange *change, const json_t *stored);
void relay_change_clear(RelayChange *change);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RelayChange, relay_change_clear)

/* Reads the first relay's fields and "fallback_relays" into `stored`, and the secrets into *change.
 */
void relay_change_read(RelayChange *change, JsonReader *reader, json_t *stored);

/* Checks the relays against each other and stores their secrets, each where its relay stands now.
 * Errors: INVALID. */
bool relay_change_store(RelayChange *change, DeskTx *tx, json_t *stored, GError **error);
