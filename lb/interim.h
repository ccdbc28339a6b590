/* SPDX-License-Identifier: Apache-2.0
 * interim.h: which lines of what a node sends are an interim answer (100, 103), after which the
 * answer is still to come: a node that has said no more can yet be given up. Pure. */
#ifndef CFC_LB_INTERIM_H
#define CFC_LB_INTERIM_H

#include <stdbool.h>
#include <stddef.h>

/* So much of a line's beginning tells all. */
#define CFC_INTERIM_BYTES 16

/** What comes next. Zeroed: the node has said nothing. */
typedef enum {
    CFC_HEAD_BEGINS,        /* a status line */
    CFC_HEAD_INTERIM,       /* the rest of an interim answer's head */
    CFC_HEAD_FINAL          /* the rest of the answer itself */
} cfc_head_t;

/**
 * Take the next line of a node's answer. 101 is final: a tunnel follows it.
 *
 * Source: RFC 9110, section 15.2; RFC 9112, section 4.
 *
 * @param head   what comes next, before and after
 * @param line   its first bytes, CFC_INTERIM_BYTES of them if there are so many
 * @param length of the whole line, with its end
 * @return whether it belongs to an interim answer
 */
bool cfc_interim_line(cfc_head_t *head, const char *line, size_t length);

#endif
