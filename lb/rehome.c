/* SPDX-License-Identifier: Apache-2.0
 * rehome.c: see rehome.h. Pages that are open ask for news by themselves all the time, so that only
 * pages opened and what changes something is work. */
#include "lb/rehome.h"

#include <string.h>
#include <strings.h>

#define US_PER_MS 1000

cfc_rehome_t cfc_rehome(const cfc_rehome_ask_t *ask)
{
    int64_t since = ask->drains_since;
    bool opens = ask->safe && ask->document;

    if (ask->pause_ms == 0 || ask->drains_since == 0 || (ask->safe && !ask->document)) {
        return CFC_REHOME_NO;
    }
    /* What lies ahead was noted by another clock, or by nobody. */
    if (ask->at_work_at > since && ask->at_work_at <= ask->now) {
        since = ask->at_work_at;
    }
    return opens && ask->now - since >= ask->pause_ms * US_PER_MS ? CFC_REHOME_MOVE
                                                                  : CFC_REHOME_AT_WORK;
}

bool cfc_is_document(const char *fetch_dest, const char *accept, const char *requested_with)
{
    if (fetch_dest != NULL) {
        return strcasecmp(fetch_dest, "document") == 0;
    }
    return requested_with == NULL && accept != NULL && strstr(accept, "text/html") != NULL;
}
