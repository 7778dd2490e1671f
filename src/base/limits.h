/* SPDX-License-Identifier: Apache-2.0 */
/* Every stated maximum, in one place. docs/limits.md is checked against this file. */
#pragma once

#define LIMIT_TITLE_CHARS           255
#define LIMIT_NAME_CHARS            255
#define LIMIT_REFERENCE_CHARS       100 /* of an account or an imported ticket */
#define LIMIT_DESCRIPTION_BYTES     (1024 * 1024)
#define LIMIT_RESOLUTION_BYTES      (1024 * 1024)
#define LIMIT_RECIPIENTS_PER_TICKET 200
#define LIMIT_ADDRESS_BYTES         254
#define LIMIT_REQUEST_BODY_BYTES    (2 * 1024 * 1024)
#define LIMIT_INBOUND_MAIL_BYTES    (25 * 1024 * 1024)
#define LIMIT_MESSAGE_BYTES         (512 * 1024)       /* of an answer's text, and of its HTML */
#define LIMIT_ATTACHMENTS           100                /* of a message */
#define LIMIT_ATTACHMENTS_BYTES     (25 * 1024 * 1024) /* of a message, together */
#define LIMIT_ATTACHED_MAIL_BYTES   (10 * 1024 * 1024) /* of attachments in one mail */
#define LIMIT_TEMPLATE_BYTES        (256 * 1024)
#define LIMIT_RENDERED_BYTES        (1024 * 1024)
#define LIMIT_TEMPLATE_DEPTH        32
#define LIMIT_JSON_DEPTH            64
#define LIMIT_JSON_FIELDS           64 /* fields that one object of ours may have */
#define LIMIT_IDEMPOTENCY_KEY_CHARS 255
#define LIMIT_PAGE_ITEMS            200
#define LIMIT_SIMULATED_ITEMS       10000 /* of a page of simulated decisions */
#define LIMIT_SEARCHED_TICKETS      10000 /* that one page of a search in titles looks through */
#define LIMIT_BULK_TICKETS          500   /* that one request changes */
#define LIMIT_CSV_ROWS              10000 /* of one import by the API */
#define LIMIT_CSV_COLUMNS           64
#define LIMIT_CONTACT_ADDRESSES     20
#define LIMIT_ACCOUNT_DOMAINS       100
#define LIMIT_LINKS_PER_PERSON      5                   /* one-time links asked for in 15 minutes */
#define LIMIT_LINKS                 300                 /* the same, of everybody */
#define LIMIT_BACKUP_ROW_BYTES      (128 * 1024 * 1024) /* of one record in a backup */
#define LIMIT_BACKUP_TABLES         1000
