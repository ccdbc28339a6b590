/* SPDX-License-Identifier: Apache-2.0
 * profile.h: what CFProfile sets at one stroke: directive lines, as an administrator would
 * write them. Lines of the section override them. */
#ifndef CFC_CONF_PROFILE_H
#define CFC_CONF_PROFILE_H

#define CFC_PROFILE_LINES_MAX 8

typedef struct {
    const char *name;
    const char *closes[3];          /* presets of guard/ that nobody may enter, NULL-ended */
    struct {
        const char *directive;      /* NULL ends the lines */
        const char *args;
    } lines[CFC_PROFILE_LINES_MAX];
} cfc_profile_t;

/** Every profile, ended by one without a name. */
extern const cfc_profile_t cfc_profiles[];

#endif
