/* SPDX-License-Identifier: Apache-2.0
 * presets.h: the protected areas that have a name: which paths of Confluence they hold,
 * which parameters and which logins.
 * Pure: constant tables. */
#ifndef CFC_GUARD_PRESETS_H
#define CFC_GUARD_PRESETS_H

#include <stddef.h>

#include "guard/areas.h"

typedef struct {
    const char *name;
    const cfc_area_t *areas;    /* any of them is reached: the preset is */
    size_t count;
    bool closed;                /* nobody need enter it: no Require inside is no oversight */
} cfc_preset_t;

/** The parameters that carry a login to any path (Seraph's). */
extern const cfc_rule_t cfc_credential_keys[];

/** Every preset's name, NULL-ended. */
extern const char *const cfc_preset_names[];

/** Find a preset by name. @return NULL: no such preset */
const cfc_preset_t *cfc_preset_find(const char *name);

#endif
