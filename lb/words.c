/* SPDX-License-Identifier: Apache-2.0
 * words.c: the words for the values of words.h, one table each. Pure. */
#include "lb/words.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

const char *const cfc_admin_words[] = {"active", "drain", "stop", NULL};
static const char *const health_words[] = {"unknown", "starting", "up",
                                           "failing", "down",     "recovering"};
static const char *const cause_words[] = {"none", "soft", "hard", "refused"};
static const char *const effective_words[] = {"out", "last-resort", "sticky-only", "warming",
                                              "serving"};

#define LENGTH(words) (sizeof(words) / sizeof((words)[0]))
static_assert(LENGTH(cfc_admin_words) == CFC_ADMIN_COUNT + 1, "a word for each admin state");
static_assert(LENGTH(health_words) == CFC_HEALTH_COUNT, "a word for each health");
static_assert(LENGTH(cause_words) == CFC_CAUSE_COUNT, "a word for each cause");
static_assert(LENGTH(effective_words) == CFC_EFFECTIVE_COUNT, "a word for each effective state");

static const char *word_of(const char *const *words, unsigned count, unsigned value)
{
    return value < count ? words[value] : "?";
}

const char *cfc_admin_word(cfc_admin_t admin)
{
    return word_of(cfc_admin_words, CFC_ADMIN_COUNT, (unsigned)admin);
}

const char *cfc_health_word(cfc_health_t health)
{
    return word_of(health_words, CFC_HEALTH_COUNT, (unsigned)health);
}

const char *cfc_cause_word(cfc_cause_t cause)
{
    return word_of(cause_words, CFC_CAUSE_COUNT, (unsigned)cause);
}

const char *cfc_effective_word(cfc_effective_t effective)
{
    return word_of(effective_words, CFC_EFFECTIVE_COUNT, (unsigned)effective);
}

bool cfc_admin_parse(const char *word, cfc_admin_t *admin)
{
    for (unsigned i = 0; cfc_admin_words[i] != NULL; i++) {
        if (strcmp(word, cfc_admin_words[i]) == 0) {
            *admin = (cfc_admin_t)i;
            return true;
        }
    }
    return false;
}
