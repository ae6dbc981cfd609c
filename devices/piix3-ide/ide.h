/* SPDX-License-Identifier: MIT */
/*
 * ide.h - between the modules of this plugin: the controller with its two
 * channels (piix3ide.c), the registers of a channel (channel.c), bus-master DMA
 * (bmdma.c), and the drives: what they are at (drive.c), ATA (ata.c, atainfo.c)
 * and ATAPI (atapi.c, mmc*.c, tray.c).
 */
#ifndef IDE_H
#define IDE_H

#include <ioemu/device.h>

#define IDE_CHANNELS 2u
#define IDE_UNITS 2u
#define IDE_SECTOR 512u
#define IDE_BUF (128u * IDE_SECTOR)
#define IDE_PRDS 64u
#define IDE_STOPS 8u /* who comes later does not wait */

/* Status and error registers (ATA/ATAPI-6, 7.15 and 7.9). */
#define ST_ERR 0x01u
#define ST_DRQ 0x08u
#define ST_SEEK 0x10u
#define ST_RDY 0x40u
#define ST_BSY 0x80u
#define ER_ABRT 0x04u
#define ER_IDNF 0x10u
#define ER_UNC 0x40u

/* Device control register. */
#define CTL_NIEN 0x02u
#define CTL_SRST 0x04u
#define CTL_HOB 0x80u

/* Device register. */
#define DEV_LBA 0x40u
#define DEV_UNIT 0x10u
#define DEV_FIXED 0xa0u

/* Commands that a drive takes at any time, or for its neighbour. */
#define IDE_DEVICE_RESET 0x08u
#define IDE_DIAGNOSE 0x90u

/* What a drive waits for. */
enum ide_phase {
	IDE_IDLE,
	IDE_PIO_IN,  /* the guest reads buf */
	IDE_PIO_OUT, /* the guest writes buf */
	IDE_CDB,     /* ATAPI: the guest writes a packet */
	IDE_DMA,     /* data moves once the bus master is started */
	IDE_DISK,    /* disk I/O in flight: busy */
	/* Given up, busy: until SRST is clear and the disk I/O that may be in
	 * flight has ended. */
	IDE_RESET,
	IDE_BETWEEN, /* busy: the next block of buf is due */
};

/* How awake a drive is (ATA/ATAPI-6, 6.9). */
enum ide_power {
	IDE_ACTIVE,
	IDE_RESTS, /* idle */
	IDE_STANDBY,
	IDE_SLEEP, /* takes no command until it is reset */
};

/* What the guest is still to be told of another medium. */
enum ide_changed {
	IDE_UNCHANGED,
	IDE_CHANGED,
	IDE_CHANGED_AWAY, /* that the old one was away it knows */
};

struct ide_drive {
	struct ioemu_block *drive; /* property */
	uint8_t channel, unit, index;
	const char *serial, *model;
	uint8_t own_heads, own_spt; /* the geometry at power on */

	struct ioemu_dev *dev, *controller;
	bool gone;	  /* unplugged */
	uint64_t sectors; /* of 512 */

	/* registers; [1] is the previous content (HOB) */
	uint8_t feature[2], nsect[2], lba0[2], lba1[2], lba2[2];
	uint8_t device, status, error;

	uint8_t phase;
	bool in_flight; /* io is; nothing else may be asked of the disk */
	bool pending;	/* INTRQ, if selected and not masked */
	bool write, dma, lba48;
	/* What SET FEATURES and the like have set. */
	uint8_t heads, spt; /* the geometry that holds */
	bool no_cache, no_ahead;
	bool keep;	  /* through a software reset */
	uint8_t mode;	  /* of DMA, as SET FEATURES has it */
	uint8_t power;	  /* enum ide_power */
	uint8_t multiple; /* sectors a DRQ block of the MULTIPLE commands */
	uint8_t block;	  /* sectors a DRQ block of this command; 0: no data */
	uint64_t lba;
	uint32_t left;	   /* sectors of the command not yet moved */
	uint32_t pos, end; /* of the DRQ block in buf */
	uint32_t filled;   /* bytes of buf in use */
	uint8_t pieces;	   /* requests since DMA went on; not saved */

	/* ATAPI */
	uint16_t limit;	   /* bytes of a DRQ block of this command at most */
	bool by_dma;	   /* its data goes by DMA */
	uint32_t raw_left; /* sectors to be read for READ CD, from lba on */
	uint8_t cdb[12];
	uint8_t sense, asc, ascq;
	bool locked, open;
	uint8_t changed;  /* enum ide_changed */
	uint8_t events;	  /* tray.c */
	bool identifying; /* the data is that of IDENTIFY PACKET DEVICE */

	struct ioemu_timer next; /* ide_next() */
	struct ioemu_io io;
	struct ioemu_sg sg[IOEMU_BLK_MAX_SG];
	uint8_t buf[IDE_BUF];
};

struct ide_channel {
	struct ide_drive *drive[IDE_UNITS];
	uint8_t control; /* nIEN, SRST, HOB */
	uint8_t selected;
	bool irq;	 /* INTRQ as the controller last saw it */
	bool diagnosing; /* EXECUTE DEVICE DIAGNOSTIC is to be answered */

	/* bus master */
	uint8_t bm_command, bm_status;
	uint32_t bm_prdt;
	uint32_t prd_at;  /* address of the entry at hand, */
	uint32_t prd_off; /* bytes of it that are used */
	bool prd_last;	  /* the table has ended */

	/* Entries from prd_at - prd_i on. Not saved: bmdma_resume(). */
	uint8_t prd_n, prd_i;
	struct ioemu_dma fetch; /* of entries, or of a piece of a sector */
	bool fetching;
	bool stale; /* it comes too late: drop it */
	uint8_t fetch_unit;
	uint8_t prd[IDE_PRDS * 8];
	uint8_t piece[IDE_SECTOR];

	/* Accesses that stopped the bus master, not answered yet. */
	struct ioemu_access *stop[IDE_STOPS];
	uint8_t n_stops;
};

struct ide {
	bool native; /* property */
	struct ide_channel channel[IDE_CHANNELS];
};

#define BM_INTR 0x04u /* bus-master status: INTRQ rose */

/* piix3ide.c */
/* What INTRQ follows from has changed. */
void ide_irq(struct ioemu_dev *controller, unsigned channel);
struct ide_channel *ide_channel_of(struct ide_drive *d);
/* NULL: there is none, or it was unplugged. */
struct ide_drive *ide_drive_at(struct ide_channel *c, unsigned unit);
struct ide_drive *ide_selected(struct ide_channel *c);

/* channel.c */
extern const struct ioemu_region ide_command_region[IDE_CHANNELS];
extern const struct ioemu_region ide_control_region[IDE_CHANNELS];
/* The same in a block of four (PCI IDE Controller Specification 1.0, 2.4). */
extern const struct ioemu_region ide_control_block[IDE_CHANNELS];
/* The drive goes on, from IDE_BETWEEN or with a DMA command that rested. */
void ide_next(struct ioemu_dev *dev, struct ioemu_timer *timer);

/* drive.c */
/*
 * Every change of phase, and the status that goes with it. While disk I/O is in
 * flight a drive can only go to IDE_RESET, from where it comes back by itself.
 */
void ide_go(struct ide_drive *d, enum ide_phase phase);
void ide_raise(struct ide_drive *d); /* an interrupt is pending */
/* The command ends here, whatever it is at; then the drive is reset. */
void ide_give_up(struct ide_drive *d);
/* EXECUTE DEVICE DIAGNOSTIC, which is for both drives. */
void ide_diagnose(struct ide_channel *c);
void ide_signature(struct ide_drive *d);
/* SRST is set; and, called once it is clear, drives are ready. */
void ide_software_reset(struct ide_channel *c);
void ide_reset_ends(struct ide_channel *c);
/* RESET- on the cable (ATA/ATAPI-6, 9.1): with the PCI bus. */
void ide_channel_reset(struct ide_channel *c);
bool ide_is_cd(const struct ide_drive *d);
/* Offer buf[0, n) to be read, or ask for as much. */
void ide_pio(struct ide_drive *d, enum ide_phase phase, uint32_t n);
/* The command ends; error 0: well. Raises the interrupt. */
void ide_finish(struct ide_drive *d, uint8_t error);
/* Disk I/O to or from buf (sg NULL). Afterwards ide_disk_done(). */
void ide_disk(struct ide_drive *d, uint64_t offset, uint32_t len,
	      unsigned n_sg);

/* ata.c and atapi.c: a command; end of a DRQ block; end of disk I/O. */
void ata_command(struct ide_drive *d, uint8_t command);
void ata_block_done(struct ide_drive *d);
void ata_disk_done(struct ide_drive *d, int status);
void atapi_packet(struct ide_drive *d);
void atapi_identify(struct ide_drive *d);
void atapi_cdb(struct ide_drive *d);
void atapi_block_done(struct ide_drive *d);
void atapi_disk_done(struct ide_drive *d, int status);
void atapi_dma_done(struct ide_drive *d);
/* False: what was loaded cannot be of a packet. */
bool atapi_loaded(const struct ide_drive *d);
/* All of a disk's DMA command has moved. */
void ata_dma_done(struct ide_drive *d);
void ata_flush(struct ide_drive *d);

/* atainfo.c: commands ... */
void ata_identify(struct ide_drive *d);
void ata_set_features(struct ide_drive *d);
void ata_set_multiple(struct ide_drive *d);
void ata_geometry(struct ide_drive *d);
bool ata_power(struct ide_drive *d, uint8_t command); /* false: none of it */
/* ... what is as it was before SET FEATURES, and all at power-on ... */
void ata_defaults(struct ide_drive *d);
void ata_power_on(struct ide_drive *d);
/* ... cylinders of the geometry that holds; sectors that 28 bits can name. */
uint32_t ata_cylinders(const struct ide_drive *d);
uint64_t ata_sectors28(const struct ide_drive *d);
/* Words of IDENTIFY that disks and packet drives have alike: modes and cable.
 */
void ide_identify_modes(struct ide_drive *d, uint8_t *id);
void ide_identify_string(uint8_t *to, unsigned words, const char *text);

/* tray.c: the type's medium(); RESET- unlocks it. */
int tray_medium(struct ioemu_dev *dev, struct ioemu_block *block,
		enum ioemu_medium what);
void tray_reset(struct ide_drive *d);
/* The command at hand cannot be done, or not go on, for want of a medium or as
 * it was changed; it has ended then. */
bool tray_refuses(struct ide_drive *d);

/* bmdma.c */
extern const struct ioemu_region bmdma_region;
/*
 * A DMA command begins: first buf from pos to filled goes to guest memory, then
 * `left` sectors from `lba` on are moved, both counted in 512 bytes also for
 * CD-ROMs, to the disk (write) or from it.
 */
void bmdma_command(struct ide_drive *d);
/* Disk I/O of a DMA command has ended well. */
void bmdma_moved(struct ide_drive *d);
/* What is in buf then, or is left, comes next. */
void bmdma_go_on(struct ide_drive *d);
/* Go on from rest, if drive (or NULL) and bus master both want to. */
void bmdma_resume(struct ide_channel *c, struct ide_drive *d);
/* The command's data has moved, or the drive has given it up. */
void bmdma_end(struct ide_channel *c);
/* There is no memory for it: the drive waits. */
void bmdma_error(struct ide_channel *c, struct ide_drive *d);
/* Disk I/O of a drive has ended, however: whoever waits for it is answered. */
void bmdma_disk_done(struct ide_channel *c, struct ioemu_dev *controller);
/* RESET- of the PCI bus. */
void bmdma_reset(struct ide_channel *c);

#endif
