/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/create.h"

#include "alerts/builtin.h"
#include "base/secret.h"
#include "desk/options.h"
#include "desk/people.h"
#include "mail/address.h"
#include "records/identity.h"
#include "records/settings.h"
#include "records/signing_key.h"
#include "records/ticket_template.h"

#include <jansson.h>

#define DESK_ID_LETTERS 16 /* 80 bits: no two desks share their Message-IDs */

static bool add_template(DeskTx *tx, const char *name, GError **error)
{
    const TemplateSave save = {.author = tx->actor, .at = tx->now_us, .built_in = true};
    int64_t id;
    if (!ticket_template_find_builtin(tx->db, name, &id, error))
        return false;
    if (id != 0)
        return true;
    g_autoptr(TicketTemplate) record = builtin_template(name);
    return ticket_template_insert(tx->db, record, &save, error);
}

bool desk_complete(DeskTx *tx, GError **error)
{
    for (size_t i = 0; i < builtin_names_n; i++)
        if (!add_template(tx, builtin_names[i], error))
            return false;
    return signing_key_ensure(tx->db, tx->random, tx->now_us, error);
}

bool desk_lacks(DbTx *tx, bool *lacks, GError **error)
{
    int64_t key;
    int64_t template_id = 0;
    if (!signing_key_current(tx, &key, error))
        return false;
    bool found = key != 0;
    for (size_t i = 0; i < builtin_names_n && found; i++) {
        if (!ticket_template_find_builtin(tx, builtin_names[i], &template_id, error))
            return false;
        found = template_id != 0;
    }
    *lacks = !found;
    return true;
}

static bool add_admin(DeskTx *tx, const DeskPlan *plan, int64_t *id, GError **error)
{
    g_autoptr(Employee) admin = g_new0(Employee, 1);
    admin->name = g_strdup(plan->admin_name);
    admin->login = g_strdup(plan->admin_login);
    if (!address_parse(plan->admin_email, "admin's address", &admin->email, &admin->email_key,
                       error))
        return false;
    admin->role = g_strdup("admin");
    admin->active = true;
    admin->password_hash = g_strdup(plan->password_hash);
    if (!employee_create(tx, admin, error))
        return false;
    *id = admin->id;
    return true;
}

typedef struct {
    const char *name, *email, *language, *time_zone;
    struct {
        const char *name, *email;
        bool on_every_ticket;
    } contacts[2];
} SampleAccount;

static const SampleAccount sample_accounts[] = {
    {"Bluebird Dental Practice",
     "office@bluebird-dental.example",
     "en",
     "Europe/London",
     {{"Anna Field", "anna.field@bluebird-dental.example", false},
      {"Practice Manager", "manager@bluebird-dental.example", true}}},
    {"Müller & Söhne GmbH",
     "info@mueller-soehne.example",
     "de",
     "Europe/Berlin",
     {{"Jürgen Müller", "juergen@mueller-soehne.example", false}, {NULL, NULL, false}}},
};

static bool add_sample_account(DeskTx *tx, const SampleAccount *sample, int64_t manager,
                               GError **error)
{
    g_autoptr(Account) account = g_new0(Account, 1);
    account->name = g_strdup(sample->name);
    account->domains = g_strdup("[]");
    account->language = g_strdup(sample->language);
    account->time_zone = g_strdup(sample->time_zone);
    account->manager = manager;
    account->active = true;
    if (!address_parse(sample->email, NULL, &account->email, &account->email_key, error) ||
        !account_create(tx, account, error))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(sample->contacts) && sample->contacts[i].name != NULL;
         i++) {
        g_autoptr(Contact) contact = g_new0(Contact, 1);
        contact->account = account->number;
        contact->name = g_strdup(sample->contacts[i].name);
        contact->emails = g_strdup("[]");
        contact->on_every_ticket = sample->contacts[i].on_every_ticket;
        contact->active = true;
        if (!address_parse(sample->contacts[i].email, NULL, &contact->email, &contact->email_key,
                           error) ||
            !contact_create(tx, contact, error))
            return false;
    }
    return true;
}

static bool put(DeskTx *tx, const char *section, json_t *patch, GError **error)
{
    json_t *after = options_put(tx, section, patch, error);
    json_decref(patch);
    json_decref(after);
    return after != NULL;
}

static bool add_sample(DeskTx *tx, int64_t admin, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(sample_accounts); i++)
        if (!add_sample_account(tx, &sample_accounts[i], admin, error))
            return false;
    return put(tx, OPTIONS_DESK,
               json_pack("{s:s, s:s, s:s, s:s}", "name", "Harbour IT", "phone", "+44 20 7946 0123",
                         "hours", "Monday to Friday, 8:00 to 18:00", "address",
                         "Harbour IT Ltd\n12 Quay Street\nLondon"),
               error) &&
           put(tx, OPTIONS_ALERTS_SERVER,
               json_pack("{s:s, s:s, s:s}", "transport", "maildir", "from_name",
                         "Harbour IT Support", "from_address", "support@harbour-it.example"),
               error) &&
           options_activate_sample(tx, error) &&
           put(tx, OPTIONS_ALERTS_TO_CUSTOMERS,
               json_pack("{s:{s:b}, s:{s:b}}", "new_ticket", "enabled", 1, "ticket_closed",
                         "enabled", 1),
               error);
}

bool desk_create(DeskTx *tx, const DeskPlan *plan, char **secret, GError **error)
{
    g_autofree char *desk_id = random_base32(tx->random, DESK_ID_LETTERS);
    int64_t admin = 0;
    if (!identity_create(tx->db, desk_id, tx->now_us, error) || !desk_complete(tx, error) ||
        !add_admin(tx, plan, &admin, error) || (plan->sample && !add_sample(tx, admin, error)))
        return false;
    g_autoptr(Token) token = token_create(tx, "first token", "admin", secret, error);
    return token != NULL;
}
