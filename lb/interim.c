/* SPDX-License-Identifier: Apache-2.0
 * interim.c: the rules of interim.h. Whatever is not plainly an interim answer is the answer: then
 * nothing is sent twice. */
#include "lb/interim.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "HTTP/1.1 100", with whatever follows. */
static bool is_interim_status(const char *line, size_t length)
{
    static const char version[] = "HTTP/1.", switching[] = "101";
    const char *status = line + sizeof("HTTP/1.1 ") - 1;

    return length >= sizeof("HTTP/1.1 100") - 1 && memcmp(line, version, sizeof(version) - 1) == 0
           && status[-1] == ' ' && status[0] == '1' && is_digit(status[1]) && is_digit(status[2])
           && memcmp(status, switching, sizeof(switching) - 1) != 0;
}

static bool is_empty(const char *line, size_t length)
{
    return (length == 1 && line[0] == '\n') || (length == 2 && memcmp(line, "\r\n", 2) == 0);
}

bool cfc_interim_line(cfc_head_t *head, const char *line, size_t length)
{
    switch (*head) {
    case CFC_HEAD_BEGINS:
        *head = is_interim_status(line, length) ? CFC_HEAD_INTERIM : CFC_HEAD_FINAL;
        return *head == CFC_HEAD_INTERIM;
    case CFC_HEAD_INTERIM:
        if (is_empty(line, length)) {
            *head = CFC_HEAD_BEGINS;
        }
        return true;
    case CFC_HEAD_FINAL:
        break;
    }
    return false;
}
