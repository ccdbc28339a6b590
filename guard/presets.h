/* SPDX-License-Identifier: Apache-2.0
 * presets.h: the protected areas that have a name: which paths of Confluence they hold.
 * Pure: constant tables. */
#ifndef CFC_GUARD_PRESETS_H
#define CFC_GUARD_PRESETS_H

#include "guard/areas.h"

/** Every preset's name, NULL-ended. */
extern const char *const cfc_preset_names[];

/** Find a preset by name. @return NULL: no such preset */
const cfc_area_t *cfc_preset_find(const char *name);

#endif
