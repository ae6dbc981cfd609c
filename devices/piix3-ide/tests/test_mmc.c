/* SPDX-License-Identifier: MIT */
/*
 * Every packet of a CD-ROM drive, field by field: MMC-3 (T10/1363-D) and SPC-2
 * (T10/1236-D).
 */
#include "test_packet.h"

#define SECTORS 512u /* 1 MiB */

static const char *const devices[] = {
	"piix3-ide,id=ide",
	"ide-cd,id=cd,bus=ide,channel=1,unit=0,drive=cd:1M,ro",
	NULL,
};

static const char *const without_disc[] = {
	"piix3-ide,id=ide",
	"ide-cd,id=cd,bus=ide,channel=1,unit=0,drive=cd:0",
	NULL,
};

/* The lead-out is at 255:59:73, one before the last that MSF can name. */
static const char *const nearly_too_large[] = {
	"piix3-ide,id=ide",
	"ide-cd,id=cd,bus=ide,channel=1,unit=0,drive=cd:2303696K,ro",
	NULL,
};

#define FAR 1151848u /* sector at 255:59:73 */
static const char *const too_large[] = {
	"piix3-ide,id=ide",
	"ide-cd,id=cd,bus=ide,channel=1,unit=0,drive=cd:2400M,ro",
	NULL,
};

/* ---- SPC-2 ---------------------------------------------------------- */

static void
inquiry(struct bench *b)
{
	uint8_t data[64];

	packet(b, 0, "\x12\0\0\0\xff\0\0\0\0\0\0");
	assert_int_equal(packet_data(b, data, sizeof(data)), 36);
	assert_memory_equal(data, "\x05\x80\x00\x21\x1f\0\0\0", 8);
	assert_memory_equal(data + 8, "IOEMU   mini-ioemu CD   1.0 ", 28);
	answers(b, "12 00 00 00 05", "05 80 00 21 1f");
	answers(b, "12 00 00 00 00", "");
	ends(b, "12 00 80 00 24", BAD_FIELD); /* a page without EVPD */
	ends(b, "12 02 00 00 24", BAD_FIELD); /* CmdDt */
	ends(b, "12 03 00 00 24", BAD_FIELD);
}

static void
inquiry_of_vital_product_data(struct bench *b)
{
	answers(b, "12 01 00 00 ff", "05 00 00 03 00 80 83");
	answers(b, "12 01 80 00 ff",
		"05 80 00 08 49 4f 45 4d 55 2d 43 44"); /* IOEMU-CD */
	answers(b, "12 01 83 00 ff",
		"05 83 00 14 02 01 00 10 49 4f 45 4d 55 20 20 20 "
		"49 4f 45 4d 55 2d 43 44");
	answers(b, "12 01 83 00 04", "05 83 00 14");
	ends(b, "12 01 81 00 ff", BAD_FIELD);
}

static void
request_sense(struct bench *b)
{
	const char *none = "70 00 00 00 00 00 00 0a 00 00 00 00 00 00 00 00 "
			   "00 00";
	uint8_t data[18];

	answers(b, "03 00 00 00 12", none);
	answers(b, "03 00 00 00 ff", none);
	answers(b, "03 00 00 00 08", "70 00 00 00 00 00 00 0a");
	packet(b, 0, "\xff\0\0\0\0\0\0\0\0\0\0");
	assert_int_equal(bench_in8(b, CD + 1) >> 4, ILLEGAL);
	/* of none is asked: it is told all the same */
	answers(b, "03 00 00 00 00", "");
	answers(b, "03 00 00 00 12", none);
	/* another command takes its place */
	packet(b, 0, "\xff\0\0\0\0\0\0\0\0\0\0");
	ends(b, "00", 0);
	answers(b, "03 00 00 00 12", none);
	/* a unit attention is sense, if there is none */
	bench_medium(b, "cd", "cd", IOEMU_MEDIUM_OPEN, 0);
	bench_medium(b, "cd", "cd", IOEMU_MEDIUM_CLOSE, 1 << 20);
	packet(b, 0, "\x03\0\0\0\x12\0\0\0\0\0\0");
	assert_int_equal(packet_data(b, data, sizeof(data)), 18);
	assert_int_equal(data[2], ATTENTION);
	assert_int_equal(data[12] << 8 | data[13], 0x2800);
	ends(b, "00", 0);
}

static void
mode_sense(struct bench *b)
{
	const char *errors = "00 12 00 00 00 00 00 00 "
			     "01 0a 00 05 00 00 00 00 00 00 00 00";
	const char *all = "00 28 00 00 00 00 00 00 "
			  "01 0a 00 05 00 00 00 00 00 00 00 00 "
			  "2a 14 08 00 70 00 29 00 02 c2 00 00 00 40 02 c2 "
			  "00 00 00 00 00 00";
	const char *masks = "00 28 00 00 00 00 00 00 "
			    "01 0a 00 00 00 00 00 00 00 00 00 00 "
			    "2a 14 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
			    "00 00 00 00 00 00";

	answers(b, "5a 00 01 00 00 00 00 00 ff", errors);
	answers(b, "5a 08 01 00 00 00 00 01 00", errors); /* DBD */
	answers(b, "5a 00 3f 00 00 00 00 00 ff", all);	  /* all */
	answers(b, "5a 00 bf 00 00 00 00 00 ff", all);	  /* default */
	answers(b, "5a 00 7f 00 00 00 00 00 ff", masks);  /* changeable */
	answers(b, "5a 00 3f 00 00 00 00 00 04", "00 28 00 00");
	answers(b, "5a 00 3f 00 00 00 00 00 00", "");
	ends(b, "5a 00 c1 00 00 00 00 00 ff", SENSE(ILLEGAL, 0x3900));
	ends(b, "5a 00 0e 00 00 00 00 00 ff", BAD_FIELD);
	/* locked */
	ends(b, "1e 00 00 00 01", 0);
	answers(b, "5a 00 2a 00 00 00 00 00 10",
		"00 1c 00 00 00 00 00 00 2a 14 08 00 70 00 2b 00");
}

static void
prevent_and_start_stop(struct bench *b)
{
	ends(b, "1e 00 00 00 01", 0);
	ends(b, "1b 00 00 00 02", SENSE(ILLEGAL, 0x5302));
	ends(b, "1b 00 00 00 00", 0); /* stop, start: no tray */
	ends(b, "1b 01 00 00 01", 0);
	ends(b, "1e 00 00 00 00", 0);
	ends(b, "1b 00 00 00 32", 0); /* a power condition: no tray */
	ends(b, "00", 0);
	ends(b, "1b 00 00 00 12", 0);
	ends(b, "1b 00 00 00 52", 0);
	ends(b, "00", 0);
	ends(b, "1b 00 00 00 42", BAD_FIELD); /* there is none such */
	ends(b, "1b 00 00 00 f0", BAD_FIELD);
	ends(b, "1b 01 00 00 02", 0);
	ends(b, "00", SENSE(NOT_READY, 0x3a02));
	ends(b, "1b 00 00 00 01", SENSE(NOT_READY, 0x3a02));
}

/* ---- where the disc is read ----------------------------------------- */

static void
capacity(struct bench *b)
{
	answers(b, "25", "00 00 01 ff 00 00 08 00");
	answers(b, "25 00 00 00 00 07 00 00 01", "00 00 01 ff 00 00 08 00");
	ends(b, "25 00 00 00 00 07", BAD_FIELD); /* an address without PMI */
	ends(b, "25 01", BAD_FIELD);		 /* RelAdr */
}

static void
seek(struct bench *b)
{
	ends(b, "2b 00 00 00 00 00", 0);
	ends(b, "2b 00 00 00 01 ff", 0);
	ends(b, "2b 00 00 00 02 00", SENSE(ILLEGAL, 0x2100));
	ends(b, "2b 00 ff ff ff ff", SENSE(ILLEGAL, 0x2100));
}

/* The data of `n` sectors from `lba` on comes. */
static void
reads(struct bench *b, const char *cdb_text, unsigned lba, unsigned n)
{
	uint8_t cdb[12], data[8 * 2048];

	cdb_of(cdb, cdb_text);
	packet(b, 0, (const char *)cdb);
	assert_int_equal(packet_data(b, data, sizeof(data)), n * 2048);
	assert_memory_equal(data, bench_disk(b, "cd") + (size_t)lba * 2048,
			    (size_t)n * 2048);
	assert_int_equal(packet_sense(b), 0);
}

static void
read_10_and_12(struct bench *b)
{
	fill(bench_disk(b, "cd"), SECTORS * 2048, 5);
	reads(b, "28 00 00 00 00 03 00 00 02", 3, 2);
	reads(b, "28 18 00 00 01 ff 00 00 01", SECTORS - 1, 1); /* DPO, FUA */
	reads(b, "a8 00 00 00 00 03 00 00 00 02", 3, 2);
	reads(b, "a8 00 00 00 00 03 00 00 00 02 80", 3, 2); /* Streaming */
	reads(b, "28 00 00 00 00 03 00 00 00", 3, 0);
	reads(b, "a8 00 00 00 00 03 00 00 00 00", 3, 0);
	ends(b, "28 00 00 00 02 00 00 00 01", SENSE(ILLEGAL, 0x2100));
	ends(b, "28 00 00 00 01 ff 00 00 02", SENSE(ILLEGAL, 0x2100));
	ends(b, "28 00 ff ff ff ff 00 00 02", SENSE(ILLEGAL, 0x2100));
	ends(b, "a8 00 00 00 00 01 ff ff ff ff", SENSE(ILLEGAL, 0x2100));
	ends(b, "28 01 00 00 00 00 00 00 01", BAD_FIELD); /* RelAdr */
	ends(b, "a8 01 00 00 00 00 00 00 00 01", BAD_FIELD);
}

static void
read_cd(struct bench *b)
{
	fill(bench_disk(b, "cd"), SECTORS * 2048, 5);
	reads(b, "be 00 00 00 00 03 00 00 02 10", 3, 2);
	reads(b, "be 08 00 00 00 03 00 00 02 10", 3, 2); /* mode 1 */
	reads(b, "be 00 00 00 00 03 00 00 02 00", 3, 0); /* no part of it */
	reads(b, "be 00 00 00 00 03 00 00 00 10", 3, 0);
	ends(b, "be 04 00 00 00 03 00 00 02 10", SENSE(ILLEGAL, 0x6400));
	ends(b, "be 0c 00 00 00 03 00 00 02 10", SENSE(ILLEGAL, 0x6400));
	ends(b, "be 10 00 00 00 03 00 00 02 10", SENSE(ILLEGAL, 0x6400));
	ends(b, "be 14 00 00 00 03 00 00 02 10", SENSE(ILLEGAL, 0x6400));
	ends(b, "be 18 00 00 00 03 00 00 02 10", BAD_FIELD); /* reserved */
	ends(b, "be 00 00 00 00 03 00 00 02 90", BAD_FIELD); /* a gap */
	ends(b, "be 00 00 00 00 03 00 00 02 12", BAD_FIELD); /* C2 errors */
	ends(b, "be 00 00 00 00 03 00 00 02 10 01", BAD_FIELD);
	ends(b, "be 00 00 00 02 00 00 00 01 10", SENSE(ILLEGAL, 0x2100));
}

static void
read_cd_by_msf(struct bench *b)
{
	fill(bench_disk(b, "cd"), SECTORS * 2048, 5);
	/* 00:02:03 up to 00:02:05 */
	reads(b, "b9 00 00 00 02 03 00 02 05 10", 3, 2);
	reads(b, "b9 00 00 00 02 03 00 02 03 10", 3, 0);
	ends(b, "b9 00 00 00 02 05 00 02 03 10", BAD_FIELD); /* backwards */
	ends(b, "b9 00 00 00 01 05 00 02 03 10", BAD_FIELD); /* lead-in */
	ends(b, "b9 00 00 00 02 4b 00 04 00 10", BAD_FIELD); /* frame 75 */
	ends(b, "b9 00 00 00 3c 00 01 04 00 10", BAD_FIELD); /* second 60 */
	ends(b, "b9 04 00 00 02 03 00 02 05 10", SENSE(ILLEGAL, 0x6400));
	ends(b, "b9 00 00 00 08 3d 00 08 3f 10", SENSE(ILLEGAL, 0x2100));
}

/* ---- what is on the disc -------------------------------------------- */

static void
toc_of_tracks(struct bench *b)
{
	const char *both = "00 12 01 01 00 14 01 00 00 00 00 00 "
			   "00 14 aa 00 00 00 02 00";
	const char *both_msf = "00 12 01 01 00 14 01 00 00 00 02 00 "
			       "00 14 aa 00 00 00 08 3e";
	const char *lead_out = "00 0a 01 01 00 14 aa 00 00 00 02 00";

	answers(b, "43 00 00 00 00 00 00 00 ff", both);
	answers(b, "43 00 00 00 00 00 01 00 ff", both);
	answers(b, "43 02 00 00 00 00 00 00 ff", both_msf);
	answers(b, "43 00 00 00 00 00 aa 00 ff", lead_out);
	answers(b, "43 02 00 00 00 00 aa 00 ff",
		"00 0a 01 01 00 14 aa 00 00 00 08 3e");
	answers(b, "43 00 00 00 00 00 00 00 0c",
		"00 12 01 01 00 14 01 00 00 00 00 00");
	answers(b, "43 00 00 00 00 00 00 00 00", "");
	ends(b, "43 00 00 00 00 00 02 00 ff", BAD_FIELD);
	ends(b, "43 00 00 00 00 00 63 00 ff", BAD_FIELD);
	ends(b, "43 00 00 00 00 00 ab 00 ff", BAD_FIELD);
}

static void
msf_reaches_to_its_last_frame(struct bench *b)
{
	answers(b, "43 00 00 00 00 00 aa 00 ff",
		"00 0a 01 01 00 14 aa 00 00 11 93 68");
	answers(b, "43 02 00 00 00 00 aa 00 ff",
		"00 0a 01 01 00 14 aa 00 00 ff 3b 49");
}

/* And stays there, in the table of contents; READ CD MSF means what it says. */
static void
msf_stops_at_its_last_frame(struct bench *b)
{
	answers(b, "43 00 00 00 00 00 aa 00 ff",
		"00 0a 01 01 00 14 aa 00 00 12 c0 00");
	answers(b, "43 02 00 00 00 00 aa 00 ff",
		"00 0a 01 01 00 14 aa 00 00 ff 3b 4a");
	answers(b, "43 02 02 00 00 00 01 00 ff",
		"00 2e 01 01 "
		"01 14 00 a0 00 00 00 00 01 00 00 "
		"01 14 00 a1 00 00 00 00 01 00 00 "
		"01 14 00 a2 00 00 00 00 ff 3b 4a "
		"01 14 00 01 00 00 00 00 00 02 00");
	fill(bench_disk(b, "cd") + (size_t)FAR * 2048, 2048, 5);
	reads(b, "b9 00 00 ff 3b 49 ff 3b 4a 10", FAR, 1);
}

static void
toc_of_sessions(struct bench *b)
{
	const char *one = "00 0a 01 01 00 14 01 00 00 00 00 00";
	const char *raw = "00 2e 01 01 "
			  "01 14 00 a0 00 00 00 00 01 00 00 "
			  "01 14 00 a1 00 00 00 00 01 00 00 "
			  "01 14 00 a2 00 00 00 00 00 08 3e "
			  "01 14 00 01 00 00 00 00 00 02 00";

	answers(b, "43 00 01 00 00 00 00 00 ff", one);
	answers(b, "43 02 01 00 00 00 00 00 ff",
		"00 0a 01 01 00 14 01 00 00 00 02 00");
	/* the same where SFF-8020i has the format */
	answers(b, "43 00 00 00 00 00 00 00 ff 40", one);
	answers(b, "43 02 02 00 00 00 00 00 ff", raw);
	answers(b, "43 02 00 00 00 00 01 00 ff 80", raw);
	ends(b, "43 02 02 00 00 00 02 00 ff", BAD_FIELD);
	ends(b, "43 02 03 00 00 00 00 00 ff", BAD_FIELD); /* PMA, ATIP, text */
	ends(b, "43 02 04 00 00 00 00 00 ff", BAD_FIELD);
	ends(b, "43 02 05 00 00 00 00 00 ff", BAD_FIELD);
}

static void
sub_channel(struct bench *b)
{
	answers(b, "42 00 00 00 00 00 00 00 ff", "00 00 00 00");
	answers(b, "42 00 40 01 00 00 00 00 ff",
		"00 00 00 0c 01 14 01 01 00 00 00 00 00 00 00 00");
	answers(b, "42 02 40 01 00 00 00 00 ff",
		"00 00 00 0c 01 14 01 01 00 00 02 00 00 00 00 00");
	answers(b, "42 00 40 02 00 00 00 00 ff",
		"00 00 00 14 02 00 00 00 00 00 00 00 00 00 00 00 "
		"00 00 00 00 00 00 00 00");
	answers(b, "42 00 40 03 00 00 01 00 ff",
		"00 00 00 14 03 14 01 00 00 00 00 00 00 00 00 00 "
		"00 00 00 00 00 00 00 00");
	ends(b, "42 00 40 00 00 00 00 00 ff", BAD_FIELD);
	ends(b, "42 00 40 04 00 00 00 00 ff", BAD_FIELD);
	ends(b, "42 00 40 03 00 00 02 00 ff", BAD_FIELD); /* no such track */
}

static void
disc_and_track_information(struct bench *b)
{
	const char *track = "00 22 01 01 00 04 01 00 00 00 00 00 00 00 00 00 "
			    "00 00 00 00 00 00 00 00 00 00 02 00 00 00 00 00 "
			    "00 00 00 00";

	answers(b, "51 00 00 00 00 00 00 00 ff",
		"00 20 0e 01 01 01 01 20 00 00 00 00 00 00 00 00 "
		"ff ff ff ff ff ff ff ff 00 00 00 00 00 00 00 00 00 00");
	answers(b, "51 00 00 00 00 00 00 00 02", "00 20");
	answers(b, "52 00 00 00 01 ff 00 00 ff", track); /* at an address */
	answers(b, "52 01 00 00 00 01 00 00 ff", track); /* by number */
	answers(b, "52 02 00 00 00 01 00 00 ff", track); /* of a session */
	ends(b, "52 00 00 00 02 00 00 00 ff", BAD_FIELD);
	ends(b, "52 01 00 00 00 00 00 00 ff", BAD_FIELD);
	ends(b, "52 01 00 00 00 02 00 00 ff", BAD_FIELD);
	ends(b, "52 01 00 00 00 ff 00 00 ff", BAD_FIELD);
	ends(b, "52 02 00 00 00 02 00 00 ff", BAD_FIELD);
	ends(b, "52 03 00 00 00 01 00 00 ff", BAD_FIELD);
}

static void
configuration(struct bench *b)
{
	const char *all = "00 00 00 38 00 00 00 08 "
			  "00 00 03 08 00 10 00 00 00 08 01 00 "
			  "00 01 03 04 00 00 00 02 "
			  "00 03 03 04 29 00 00 00 "
			  "00 10 01 08 00 00 08 00 00 01 01 00 "
			  "00 1e 01 04 00 00 00 00 "
			  "00 1f 00 00";
	const char *current = "00 00 00 34 00 00 00 08 "
			      "00 00 03 08 00 10 00 00 00 08 01 00 "
			      "00 01 03 04 00 00 00 02 "
			      "00 03 03 04 29 00 00 00 "
			      "00 10 01 08 00 00 08 00 00 01 01 00 "
			      "00 1e 01 04 00 00 00 00";

	answers(b, "46 00 00 00 00 00 00 00 ff", all);
	answers(b, "46 01 00 00 00 00 00 00 ff", current);
	answers(b, "46 00 00 00 00 00 00 00 08", "00 00 00 38 00 00 00 08");
	answers(b, "46 00 00 00 00 00 00 00 00", "");
	/* from a feature on, there or not */
	answers(b, "46 00 00 1e 00 00 00 00 ff",
		"00 00 00 10 00 00 00 08 00 1e 01 04 00 00 00 00 00 1f 00 00");
	answers(b, "46 01 00 11 00 00 00 00 ff",
		"00 00 00 0c 00 00 00 08 00 1e 01 04 00 00 00 00");
	answers(b, "46 00 ff ff 00 00 00 00 ff", "00 00 00 04 00 00 00 08");
	/* one */
	answers(b, "46 02 00 03 00 00 00 00 ff",
		"00 00 00 0c 00 00 00 08 00 03 03 04 29 00 00 00");
	answers(b, "46 02 00 1f 00 00 00 00 ff",
		"00 00 00 08 00 00 00 08 00 1f 00 00");
	answers(b, "46 02 00 20 00 00 00 00 ff", "00 00 00 04 00 00 00 08");
	ends(b, "46 03 00 00 00 00 00 00 ff", BAD_FIELD);
}

static void
mechanism_and_speed(struct bench *b)
{
	answers(b, "bd 00 00 00 00 00 00 00 00 08", "00 00 00 00 00 01 00 00");
	answers(b, "bd 00 00 00 00 00 00 00 00 02", "00 00");
	ends(b, "bb 00 ff ff", 0);
	ends(b, "1b 00 00 00 02", 0);
	answers(b, "bd 00 00 00 00 00 00 00 00 08", "00 10 00 00 00 01 00 00");
}

static void
events(struct bench *b)
{
	answers(b, "4a 01 00 00 10 00 00 00 ff", "00 06 04 10 00 02 00 00");
	answers(b, "4a 01 00 00 7e 00 00 00 ff", "00 06 04 10 00 02 00 00");
	answers(b, "4a 01 00 00 02 00 00 00 ff", "00 02 80 10");
	answers(b, "4a 01 00 00 00 00 00 00 ff", "00 02 80 10");
	answers(b, "4a 01 00 00 10 00 00 00 00", "");
	ends(b, "4a 00 00 00 10 00 00 00 ff", BAD_FIELD); /* not polled */
	/* an event stays until it was asked for */
	ends(b, "1b 00 00 00 02", 0);
	answers(b, "4a 01 00 00 10 00 00 00 04", "00 06 04 10");
	answers(b, "4a 01 00 00 10 00 00 00 08", "00 06 04 10 03 01 00 00");
	answers(b, "4a 01 00 00 10 00 00 00 08", "00 06 04 10 00 01 00 00");
}

/* ---- no disc, and a DVD --------------------------------------------- */

static void
an_empty_drive(struct bench *b)
{
	static const char *const want[] = {
		"00", "25", "28", "2b", "42", "43",
		"51", "52", "a8", "ad", "b9", "be"
	};
	unsigned i;

	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		ends(b, want[i], SENSE(NOT_READY, 0x3a01));
	ends(b, "1b 00 00 00 01", SENSE(NOT_READY, 0x3a01));
	ends(b, "1b 00 00 00 00", 0);
	ends(b, "1e 00 00 00 01", 0);
	ends(b, "1e 00 00 00 00", 0);
	ends(b, "bb 00 ff ff", 0);
	answers(b, "12 00 00 00 02", "05 80");
	answers(b, "4a 01 00 00 10 00 00 00 ff", "00 06 04 10 00 00 00 00");
	answers(b, "46 01 00 00 00 00 00 00 ff",
		"00 00 00 20 00 00 00 00 "
		"00 00 03 08 00 10 00 00 00 08 00 00 "
		"00 01 03 04 00 00 00 02 00 03 03 04 29 00 00 00");
	ends(b, "ff", SENSE(ILLEGAL, 0x2000)); /* not for want of a disc */
}

static void
a_large_disc_is_a_dvd(struct bench *b)
{
	uint8_t data[2052];

	ends(b, "ad 00 00 00 00 00 00 00 08 04", SENSE(ILLEGAL, 0x3002));
	bench_medium(b, "cd", "cd", IOEMU_MEDIUM_OPEN, 0);
	/* 360001 sectors: a frame more than 80 minutes */
	bench_medium(b, "cd", "cd", IOEMU_MEDIUM_CLOSE, 360001ull * 2048);
	ends(b, "00", SENSE(NOT_READY, 0x3a01));
	ends(b, "00", SENSE(ATTENTION, 0x2800));
	answers(b, "46 02 00 1f 00 00 00 00 ff",
		"00 00 00 08 00 00 00 10 00 1f 01 00");
	answers(b, "46 02 00 00 00 00 00 00 ff",
		"00 00 00 10 00 00 00 10 00 00 03 08 00 10 01 00 00 08 00 00");
	answers(b, "25", "00 05 7e 40 00 00 08 00");
	packet(b, 0, "\xad\0\0\0\0\0\0\0\x08\x04\0");
	assert_int_equal(packet_data(b, data, sizeof(data)), 2052);
	assert_memory_equal(data, "\x08\x02\0\0\x01\x0f\x01\0", 8);
	assert_memory_equal(data + 8, "\0\x03\0\0\0\x08\x7e\x40\0\0\0\0", 12);
	answers(b, "ad 00 00 00 00 00 00 01 00 ff", "00 06 00 00 00 00 00 00");
	answers(b, "ad 00 00 00 00 00 00 00 00 04", "08 02 00 00");
	ends(b, "ad 00 00 00 00 00 01 00 08 04", BAD_FIELD); /* layer 1 */
	ends(b, "ad 00 00 00 00 00 00 02 08 04", BAD_FIELD);
}

int
main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		BENCH_TEST(inquiry),
		BENCH_TEST(inquiry_of_vital_product_data),
		BENCH_TEST(request_sense),
		BENCH_TEST(mode_sense),
		BENCH_TEST(prevent_and_start_stop),
		BENCH_TEST(capacity),
		BENCH_TEST(seek),
		BENCH_TEST(read_10_and_12),
		BENCH_TEST(read_cd),
		BENCH_TEST(read_cd_by_msf),
		BENCH_TEST(toc_of_tracks),
		BENCH_TEST_WITH(msf_reaches_to_its_last_frame,
				nearly_too_large),
		BENCH_TEST_WITH(msf_stops_at_its_last_frame, too_large),
		BENCH_TEST(toc_of_sessions),
		BENCH_TEST(sub_channel),
		BENCH_TEST(disc_and_track_information),
		BENCH_TEST(configuration),
		BENCH_TEST(mechanism_and_speed),
		BENCH_TEST(events),
		BENCH_TEST_WITH(an_empty_drive, without_disc),
		BENCH_TEST(a_large_disc_is_a_dvd),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
