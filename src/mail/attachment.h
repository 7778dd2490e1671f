/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a message that is a file. */
#pragma once

#include "mail/message.h"

/* Appends its fields, and its bytes in base64 (RFC 2045 §6.8). Name and type are checked already.
 */
void attachment_append(GString *out, const MessageAttachment *attachment);
