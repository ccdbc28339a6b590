/* SPDX-License-Identifier: Apache-2.0
 * history.c: the ring of history.h. */
#include "lb/history.h"

#include <assert.h>

static_assert(sizeof(cfc_probe_result_t) <= CFC_HISTORY_WORDS * sizeof(uint64_t),
              "a result fits its record");

void cfc_history_add(cfc_history_t *history, const cfc_probe_result_t *result)
{
    uint32_t count = atomic_load(&history->count);
    uint32_t at = count % CFC_HISTORY_RESULTS;

    cfc_words_write(&history->results[at].seq, history->results[at].words, CFC_HISTORY_WORDS,
                    result, sizeof(*result));
    atomic_store(&history->count, count + 1);
}

/* @param back 0: the newest. @return false: there is none, or it is being replaced */
static bool look(const cfc_history_t *history, uint32_t count, uint32_t back,
                 cfc_probe_result_t *result)
{
    uint32_t at = (count - 1 - back) % CFC_HISTORY_RESULTS;
    bool read = cfc_words_read(&history->results[at].seq, history->results[at].words,
                               CFC_HISTORY_WORDS, result, sizeof(*result));

    result->reason[sizeof(result->reason) - 1] = '\0';
    return read && back < count;
}

void cfc_history_last(const cfc_history_t *history, cfc_probe_result_t *result)
{
    look(history, atomic_load(&history->count), 0, result);
}

int cfc_history_read(const cfc_history_t *history, cfc_probe_result_t *results)
{
    uint32_t count = atomic_load(&history->count);
    int found = 0;

    for (uint32_t back = 0; back < CFC_HISTORY_RESULTS && back < count; back++) {
        /* What was added meanwhile took the oldest ones' places: those are over, not doubled. */
        if (look(history, count, back, &results[found])
            && (found == 0 || results[found].at <= results[found - 1].at)) {
            found++;
        }
    }
    return found;
}
