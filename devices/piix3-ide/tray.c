/* SPDX-License-Identifier: MIT */
/*
 * The tray of a CD-ROM drive, which guest and operator open and close, and how
 * the guest learns of it (MMC-3, T10/1363-D: GET EVENT STATUS NOTIFICATION,
 * PREVENT ALLOW MEDIUM REMOVAL, START STOP UNIT).
 */
#include "atapi.h"

#include <string.h>

/* Events not yet told, most urgent first. */
#define EVENT_REMOVAL 0x1u
#define EVENT_NEW 0x2u
#define EVENT_EJECT 0x4u

/* Media event codes and status. */
#define CODE_EJECT 1
#define CODE_NEW 2
#define CODE_REMOVAL 3
#define DOOR_OPEN 0x1
#define MEDIUM_PRESENT 0x2
#define CLASS_MEDIA 4
#define NO_EVENT 0x80

static void
tray_out(struct ide_drive *d)
{
	if (d->open)
		return;
	d->events = atapi_sectors(d) ? EVENT_REMOVAL : 0;
	d->changed = IDE_UNCHANGED;
	d->open = true;
}

static void
tray_in(struct ide_drive *d)
{
	if (!d->open)
		return;
	d->open = false;
	if (!atapi_sectors(d))
		return;
	d->events |= EVENT_NEW;
	d->changed = IDE_CHANGED;
}

int
tray_medium(struct ioemu_dev *dev, struct ioemu_block *block,
	    enum ioemu_medium what)
{
	struct ide_drive *d = ioemu_state(dev);

	(void)block;
	if (what == IOEMU_MEDIUM_OPEN && d->locked && !d->open) {
		d->events |= EVENT_EJECT;
		return -EBUSY;
	}
	if (what == IOEMU_MEDIUM_FORCE)
		d->locked = false;
	if (what == IOEMU_MEDIUM_OPEN || what == IOEMU_MEDIUM_FORCE)
		tray_out(d);
	else if (what == IOEMU_MEDIUM_CLOSE)
		tray_in(d);
	return (int)((d->open ? IOEMU_MEDIUM_IS_OPEN : 0) |
		     (d->locked ? IOEMU_MEDIUM_IS_LOCKED : 0));
}

void
tray_reset(struct ide_drive *d)
{
	d->locked = false;
	d->sense = SENSE_NONE;
	d->asc = d->ascq = 0;
}

/* ---- commands ------------------------------------------------------ */

static void
tray_not_ready(struct ide_drive *d)
{
	atapi_end(d, SENSE_NOT_READY, d->open ? ASC_TRAY_OPEN : ASC_NO_MEDIUM);
}

/*
 * A new medium shows twice, as one that was away and as another: guests that do
 * not ask for events look for either (as QEMU does, hw/ide/atapi.c).
 */
bool
tray_refuses(struct ide_drive *d)
{
	uint8_t flags = atapi_flags(d);

	if (flags & OP_ALWAYS)
		return false;
	if (d->changed == IDE_CHANGED_AWAY) {
		d->changed = IDE_UNCHANGED;
		atapi_end(d, SENSE_ATTENTION, ASC_CHANGED);
		return true;
	}
	if (!(flags & OP_MEDIUM) || (atapi_sectors(d) && !d->changed))
		return false;
	if (d->changed)
		d->changed = IDE_CHANGED_AWAY;
	tray_not_ready(d);
	return true;
}

void
tray_attention(struct ide_drive *d)
{
	if (d->sense || !d->changed)
		return;
	d->changed = IDE_UNCHANGED;
	d->sense = SENSE_ATTENTION;
	d->asc = ASC_CHANGED >> 8;
	d->ascq = 0;
}

/* A power condition that there is; how it is kept nobody sees. */
static bool
power_valid(uint8_t condition)
{
	enum { ACTIVE = 1, IDLE, STANDBY, SLEEP = 5 };

	return condition == ACTIVE || condition == IDLE ||
	       condition == STANDBY || condition == SLEEP;
}

void
tray_start_stop(struct ide_drive *d)
{
	bool start = d->cdb[4] & 1, move = d->cdb[4] & 2;
	uint8_t power = d->cdb[4] >> 4;

	if (power && !power_valid(power)) {
		atapi_bad_field(d);
		return;
	}
	if (power) { /* all that it asks */
		atapi_end(d, SENSE_NONE, 0);
		return;
	}
	if (move && !start && !d->open && d->locked) {
		atapi_end(d, SENSE_ILLEGAL, ASC_LOCKED);
		return;
	}
	if (start && !move && !atapi_sectors(d)) {
		tray_not_ready(d);
		return;
	}
	if (move && start)
		tray_in(d);
	else if (move)
		tray_out(d);
	atapi_end(d, SENSE_NONE, 0);
}

void
tray_lock(struct ide_drive *d)
{
	d->locked = d->cdb[4] & 1;
	atapi_end(d, SENSE_NONE, 0);
}

static uint8_t
tray_next_event(struct ide_drive *d)
{
	static const uint8_t codes[] = { CODE_REMOVAL, CODE_NEW, CODE_EJECT };
	unsigned i;

	for (i = 0; i < sizeof(codes); i++) {
		if (!(d->events >> i & 1))
			continue;
		d->events &= (uint8_t) ~(1u << i);
		return codes[i];
	}
	return 0;
}

void
tray_event_status(struct ide_drive *d)
{
	uint32_t allowed = get_be16(d->cdb + 7);

	memset(d->buf, 0, 8);
	if (!(d->cdb[1] & 1)) { /* only polled */
		atapi_bad_field(d);
		return;
	}
	d->buf[3] = 1u << CLASS_MEDIA;
	if (!(d->cdb[4] & 1u << CLASS_MEDIA)) {
		put_be16(d->buf, 2);
		d->buf[2] = NO_EVENT;
		atapi_answer(d, 4, allowed);
		return;
	}
	put_be16(d->buf, 6);
	d->buf[2] = CLASS_MEDIA;
	if (allowed > 4) /* else it only asks what there is */
		d->buf[4] = tray_next_event(d);
	d->buf[5] = (uint8_t)((d->open ? DOOR_OPEN : 0) |
			      (atapi_sectors(d) ? MEDIUM_PRESENT : 0));
	atapi_answer(d, 8, allowed);
}
