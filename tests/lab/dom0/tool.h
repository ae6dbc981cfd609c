/* SPDX-License-Identifier: MIT
 *
 * What the parts of labtool share. A verb returns its exit status.
 */
#ifndef LAB_DOM0_TOOL_H
#define LAB_DOM0_TOOL_H

#include <stdbool.h>

/* labtool.c */
double now_ms(void);
bool process_gone(const char *pid);

/* gsi.c */
int cmd_gsi(const char *domid);

/* measure.c */
int cmd_gap(const char *path, const char *pid);
int cmd_state(const char *path);

#endif
