/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking for a link. From the first statement to the last everything is done for everybody, whether
 * the address is known or not; that it is not known changes which values are written, and that the
 * mail is taken out of the outbox again in the same transaction.
 */
#include "desk/one_time_link.h"

#include "alerts/language.h"
#include "alerts/mail_kind.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "mail/address.h"
#include "outbox/outbox.h"
#include "records/customer.h"
#include "records/employee.h"
#include "records/suppression.h"
#include "records/ticket_template.h"

#include <string.h>

#define LINK_US (ONE_TIME_LINK_MINUTES * US_PER_MINUTE)

static const struct {
    const char *builtin; /* the template */
    const char *path;
} purposes[LINK_N_PURPOSES] = {
    [LINK_CUSTOMER_SIGN_IN] = {"sign_in", ONE_TIME_LINK_PATH_SIGN_IN},
    [LINK_PASSWORD_RESET] = {"password_reset", ONE_TIME_LINK_PATH_PASSWORD},
};

/* ---- whether anybody may ask ---- */

static bool fail(GError **error, const char *problem, const char *why)
{
    error_set_problem(error, TD_ERROR_CONFLICT, problem, NULL, "No mail was sent: %s", why);
    return false;
}

static bool check_options(const Settings *settings, LinkPurpose purpose, GError **error)
{
    if (purpose == LINK_CUSTOMER_SIGN_IN && !settings->web_interface.enabled)
        return fail(error, "web-interface-off", "the Web Interface is switched off");
    if (*settings->web_interface.public_url == '\0')
        return fail(error, "public-url-missing",
                    "the desk does not know its own address (options web-interface, public_url)");
    return settings->alerts_server.active ||
           fail(error, "alerts-server-inactive", "the Alerts Server is not active");
}

/* What was typed, in its compared form: an address's, else a login's. */
static char *typed_key(LinkPurpose purpose, const char *typed, GError **error)
{
    g_autofree char *line = NULL;
    char *key = NULL;
    if (!text_one_line(typed, strlen(typed), LIMIT_ADDRESS_BYTES, "/email", &line, error))
        return NULL;
    if (purpose == LINK_PASSWORD_RESET && strchr(line, '@') == NULL)
        return g_utf8_strdown(line, -1);
    return address_parse(line, "/email", NULL, &key, error) ? key : NULL;
}

static bool check_throttle(DeskTx *tx, LinkPurpose purpose, const char *key, GError **error)
{
    int64_t by_typed;
    int64_t total;
    if (!one_time_link_count(tx->db, purpose, key, tx->now_us - LINK_US, &by_typed, &total, error))
        return false;
    if (by_typed < LIMIT_LINKS_PER_PERSON && total < LIMIT_LINKS)
        return true;
    error_set_problem(error, TD_ERROR_BUSY, "too-many-links", NULL,
                      by_typed >= LIMIT_LINKS_PER_PERSON
                          ? "Several links were asked for already. Please use the newest mail, or"
                            " try again in %d minutes"
                          : "Too many links were asked for just now. Please try again in %d"
                            " minutes",
                      ONE_TIME_LINK_MINUTES);
    return false;
}

/* ---- who that is ---- */

/* `link` has what stands for nobody. */
static bool find_customer(DeskTx *tx, OneTimeLink *link, json_t *facts, char **language,
                          GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(Customer) customer = customer_load(tx->db, link->typed_key, false, &failure);
    if (failure != NULL) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return false;
    }
    if (customer == NULL)
        return true;
    const CustomerPlace *place = customer->places->pdata[0];
    json_t *account = json_object();
    json_set_text(account, "name", place->account_name);
    json_object_set_new(facts, "account", account);
    link->account = place->account;
    link->contact = place->contact;
    g_free(link->email);
    link->email = g_strdup(customer->email);
    link->name = g_strdup(customer->name);
    *language = g_strdup(customer->language);
    return true;
}

static bool find_employee(DeskTx *tx, OneTimeLink *link, char **language, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(Employee) employee = employee_load_by_typed(tx->db, link->typed_key, &failure);
    if (failure != NULL) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return false;
    }
    if (employee == NULL)
        return true;
    bool second = g_strcmp0(link->typed_key, employee->email2_key) == 0;
    link->employee = employee->id;
    g_free(link->email);
    g_free(link->email_key);
    link->email = g_strdup(second ? employee->email2 : employee->email);
    link->email_key = g_strdup(second ? employee->email2_key : employee->email_key);
    link->name = g_strdup(employee->name);
    *language = g_strdup(employee->language);
    return true;
}

/* ---- the link and its mail ---- */

/* The words and the language that it is written in. */
static bool choose_template(DeskTx *tx, OneTimeLink *link, const char *language, GError **error)
{
    const char *wanted[] = {language, tx->settings->desk.language};
    g_autoptr(TemplateOffer) offer =
        ticket_template_offer(tx->db, 0, purposes[link->purpose].builtin, error);
    if (offer == NULL)
        return false;
    link->template_id = offer->id;
    link->template_version = offer->version;
    link->language = g_strdup(
        language_choose((const char *const *)offer->languages, wanted, G_N_ELEMENTS(wanted)));
    return true;
}

static void make_secret(DeskTx *tx, OneTimeLink *link, json_t *facts)
{
    const DeskSettings *desk = &tx->settings->desk;
    char *secret = random_base32(tx->random, ONE_TIME_LINK_LETTERS);
    link->hash = secret_hash(secret, strlen(secret));
    json_t *own = json_object();
    json_set_text(own, "name", desk->name);
    json_set_text(own, "phone", desk->phone);
    json_set_text(own, "hours", desk->hours);
    json_set_text(own, "address", desk->address);
    json_object_set_new(facts, "desk", own);
    json_t *sign_in = json_object();
    char *url = g_strconcat(tx->settings->web_interface.public_url, purposes[link->purpose].path,
                            secret, NULL);
    json_set_text(sign_in, "link", url);
    json_set_text(sign_in, "minutes", G_STRINGIFY(ONE_TIME_LINK_MINUTES));
    json_object_set_new(facts, "sign_in", sign_in);
    link->facts = json_text(facts);
    secret_free(url);
    secret_free(secret);
}

/* Whoever nobody knows gets none: it is taken out again. */
static bool write_mail(DeskTx *tx, const OneTimeLink *link, GError **error)
{
    bool known = link->employee != 0 || link->account != 0;
    OutboxMessage message = {
        .kind = (char *)OUTBOX_KIND_SIGN_IN,
        .ref = link->id,
        .recipient = link->email,
        .lane = link->account,
        .urgent = true,
        .order_key = (char *)"",
        .state = OUTBOX_QUEUED,
        .due_at = tx->now_us,
        .queued_at = tx->now_us,
    };
    tx->made.queued = true;
    return outbox_insert(tx->db, &message, error) &&
           outbox_withdraw(tx->db, known ? 0 : message.id, error) &&
           one_time_link_erase(tx->db, known ? 0 : link->id, error);
}

bool one_time_link_request(DeskTx *tx, LinkPurpose purpose, const char *typed, GError **error)
{
    const Settings *settings = desk_settings(tx, error);
    if (settings == NULL || !check_options(settings, purpose, error))
        return false;
    g_autoptr(OneTimeLink) link = g_new0(OneTimeLink, 1);
    link->purpose = purpose;
    link->typed_key = typed_key(purpose, typed, error);
    if (link->typed_key == NULL || !check_throttle(tx, purpose, link->typed_key, error))
        return false;
    link->email = g_strdup(link->typed_key);
    link->email_key = g_strdup(link->typed_key);
    link->created_at = tx->now_us;
    link->expires_at = tx->now_us + LINK_US;
    json_auto_t *facts = json_object();
    g_autofree char *language = NULL;
    bool found = purpose == LINK_PASSWORD_RESET ? find_employee(tx, link, &language, error)
                                                : find_customer(tx, link, facts, &language, error);
    if (!found || !choose_template(tx, link, language, error))
        return false;
    make_secret(tx, link, facts);
    return one_time_link_insert(tx->db, link, error) && write_mail(tx, link, error);
}

/* ---- using it ---- */

static char *hash_of(const char *secret)
{
    return secret_hash(secret, strlen(secret));
}

bool one_time_link_is_good(DbTx *tx, LinkPurpose purpose, const char *secret, int64_t now_us,
                           bool *good, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autofree char *hash = hash_of(secret);
    g_autoptr(OneTimeLink) link = one_time_link_find(tx, purpose, hash, now_us, &failure);
    if (failure != NULL) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return false;
    }
    *good = link != NULL;
    return true;
}

OneTimeLink *one_time_link_use(DeskTx *tx, LinkPurpose purpose, const char *secret, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autofree char *hash = hash_of(secret);
    g_autoptr(OneTimeLink) link = one_time_link_take(tx->db, purpose, hash, tx->now_us, &failure);
    if (failure != NULL) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    if (link == NULL) {
        error_set_problem(error, TD_ERROR_DENIED, "link-not-good", NULL,
                          "This link does not work: it was used already, it is older than %d"
                          " minutes, or a newer one was used. Please ask for a new one",
                          ONE_TIME_LINK_MINUTES);
        return NULL;
    }
    /* Mail to that address arrives: so it does not belong on the list. */
    return suppression_lift(tx->db, link->email_key, error) ? g_steal_pointer(&link) : NULL;
}
