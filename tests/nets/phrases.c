/* SPDX-License-Identifier: MIT */
/*
 * What drivers say, so that a random guest gets beyond the front door. Each
 * word is an access: ADDR[.WIDTH][*COUNT][=VALUE], in hexadecimal; without a
 * value it is a read, "?" is any value. Addresses of BARs are as net.c places
 * them: ports from c000, memory from e0000000.
 */
#include "net.h"

#include <string.h>

/* Both channels, both drives, PIO and DMA by the table at 0x1000; packets. */
static const char *const ide[] = {
	"1f6=e0 1f2=02 1f3=? 1f4=00 1f5=00 1f7=20 1f0.2*100 1f7 1f0.2*100 1f7",
	"1f6=e0 1f2=02 1f3=? 1f4=00 1f5=00 1f7=30 1f0.2*100=? 1f0.2*100=? 1f7",
	"1f6=f0 1f2=04 1f7=c6 1f2=04 1f3=? 1f4=00 1f5=00 1f7=c4 1f0.2*300 1f7",
	"1f6=e0 1f2=04 1f7=c6 1f2=08 1f3=? 1f4=00 1f5=00 1f7=c5 1f0.2*400=?",
	("c004.4=1000 c002=06 c000=08 1f6=e0 1f2=04 1f3=? 1f4=00 1f5=00 1f7=c8 "
	 "c000=09 c002 1f7 c000=00"),
	("c004.4=1000 c002=06 c000=00 1f6=e0 1f2=03 1f3=? 1f4=00 1f5=00 1f7=ca "
	 "c000=01 c002 1f7 c000=00"),
	("c00c.4=1000 c00a=06 c008=08 176=e0 172=04 173=? 174=00 175=00 177=25 "
	 "c008=09 c00a 177 c008=00"),
	"1f6=e0 1f7=ec 1f0.2*100 1f6=f0 1f7=a1 1f0.2*80",
	"1f6=f0 1f7=90 1f1 1f7",
	"3f6=04 1f7 3f6=00 1f7",
	"1f6=e0 1f7=e7 1f7",
	"1f6=e0 1f7=ea 1f7",
	"1f6=e0 1f1=03 1f2=? 1f7=ef",
	"1f6=a0 1f7=08 176=b0 177=08",
	/* TEST UNIT READY, REQUEST SENSE, INQUIRY, READ CAPACITY, READ(10),
	 * READ TOC, MODE SENSE, START STOP, by PIO */
	"1f6=f0 1f1=00 1f4=fe 1f5=ff 1f7=a0 1f0.2=00 1f0.2*5=0 1f7",
	("1f6=f0 1f1=00 1f4=08 1f5=00 1f7=a0 1f0.2=03 1f0.2=0 1f0.2=12 "
	 "1f0.2*3=0 1f7 1f0.2*4 1f7 1f0.2*4"),
	("1f6=f0 1f1=00 1f4=fe 1f5=00 1f7=a0 1f0.2=12 1f0.2=0 1f0.2=24 "
	 "1f0.2*3=0 1f7 1f0.2*12 1f7"),
	("1f6=f0 1f1=00 1f4=00 1f5=08 1f7=a0 1f0.2=28 1f0.2=0 1f0.2=100 "
	 "1f0.2=0 1f0.2=1 1f0.2=0 1f7 1f0.2*400 1f7"),
	("1f6=f0 1f1=00 1f4=fe 1f5=ff 1f7=a0 1f0.2=43 1f0.2=0 1f0.2=0 1f0.2=0 "
	 "1f0.2=ff 1f0.2=0 1f7 1f0.2*8 1f7"),
	("1f6=f0 1f1=00 1f4=fe 1f5=ff 1f7=a0 1f0.2=5a 1f0.2=3f 1f0.2=0 "
	 "1f0.2=0 1f0.2=ff 1f0.2=0 1f7 1f0.2*8"),
	"1f6=f0 1f1=00 1f7=a0 1f0.2=1b 1f0.2=0 1f0.2=2 1f0.2*3=0 1f7",
	("1f6=f0 1f1=00 1f7=a0 1f0.2=? 1f0.2=? 1f0.2=? 1f0.2=? 1f0.2=? 1f0.2=? "
	 "1f7"),
	/* by DMA: INQUIRY, READ(10) */
	("c004.4=1000 c002=06 c000=08 1f6=f0 1f1=01 1f7=a0 1f0.2=12 1f0.2=0 "
	 "1f0.2=24 1f0.2*3=0 c000=09 c002 1f7 c000=00"),
	("c004.4=1010 c002=06 c000=08 1f6=f0 1f1=01 1f7=a0 1f0.2=28 1f0.2=0 "
	 "1f0.2=0 1f0.2=0 1f0.2=2 1f0.2=0 c000=09 c002 1f7 c000=00"),
	NULL,
};

/* The same by BARs, as an 82801EB has them. */
static const char *const ide_native[] = {
	"c006=e0 c002=02 c003=? c004=00 c005=00 c007=20 c000.2*100 c007",
	"c006=e0 c002=02 c003=? c004=00 c005=00 c007=30 c000.2*100=? c007",
	("c404.4=1000 c402=06 c400=08 c006=e0 c002=04 c003=? c004=00 c005=00 "
	 "c007=c8 c400=09 c402 c007 c400=00"),
	"c006=f0 c001=00 c004=fe c005=ff c007=a0 c000.2=? c000.2*5=? c007",
	NULL,
};

static const char *const engine[] = {
	("e0100018.4=2000 e010001c.4=0 e0100020.4=4 e0100024.4=0 e0100008.4=9 "
	 "e010000c.4 e010000c.4=a"),
	"e0100018.4=2000 e0100020.4=100 e0100024.4=? e0100008.4=1 e0100008.4=0",
	"e0100008.4=4 e010000c.4=?",
	("e0101000.4=fee00000 e0101008.4=41 e010100c.4=0 e0101010.4=fee00000 "
	 "e0101018.4=42 e010101c.4=0"),
	NULL,
};

static const char *const keyboard[] = {
	"64=60 60=43 64=20 60",
	"64=d4 60=ff 60 60 60",
	"64=d4 60=f4 60 64=d3 60=?",
	"60=ff 60 60",
	"60=ed 60=? 60",
	"60=f0 60=02 60 60",
	"60=f2 60 60 60",
	"60=f3 60=? 60=f4 60",
	"64=aa 60 64=ab 60 64=a9 60",
	"64=d4 60=e9 60 60 60 60",
	"64=d2 60=? 60",
	NULL,
};

static const char *const serial[] = {
	"3fb=80 3f8=? 3f9=00 3fb=03 3fa=c7 3f9=0f 3fa 3fd",
	"3f8=? 3f8=? 3f8=? 3fa",
	"3fc=10 3f8=? 3fd 3f8 3fe",
	"3fa=? 3f8 3fd",
	NULL,
};

static const char *const clock_words[] = {
	"70=0b 71=52 70=0c 71",
	"70=0a 71=2f 70=0b 71=42",
	"70=0f 71=?",
	"70=00 71 70=02 71 70=04 71",
	"70=0b 71=82 70=00 71=? 70=0b 71=02",
	"70=? 71=?",
	NULL,
};

static const char *const power[] = {
	"b2=f1 b004.2=0001 b002.2=ffff b000.2",
	"afe2=06 afe0=ff ae00.4 ae04.4 ae08.4=?",
	"b008.4 b000.4=ffff b004.2=2001",
	NULL,
};

static const char *const screen[] = {
	("1ce.2=4 1cf.2=0 1ce.2=1 1cf.2=140 1ce.2=2 1cf.2=c8 1ce.2=3 1cf.2=20 "
	 "1ce.2=4 1cf.2=41"),
	"3c4=02 3c5=0f 3ce=05 3cf=? 3ce=06 3cf=05 a0000.4*10=? a0000.4",
	"3c4=04 3c5=? 3ce=04 3cf=? 3ce=08 3cf=? a0100.2=? a0100.2",
	"3c8=00 3c9=? 3c9=? 3c9=? 3c7=00 3c9 3c9",
	"3da 3c0=? 3c0=? 3c1 3da 3c0=20",
	"3d4=? 3d5=? 3d5 3da",
	NULL,
};

static const char *const firmware[] = {
	"510.2=0 511*4",
	"510.2=19 511*20",
	"510.2=? 511*8",
	"514.4=0 518.4=00300000 514.4",
	NULL,
};

static const char *const platform[] = {
	"10.2 12.2=0 10.4=? 12.4",
	"10.2=1 10.2=2 10=?",
	NULL,
};

static const char *const bars[] = {
	"e0002000.4=? e0002004.4 e0002080.4 e0002088.4=?",
	"e0000000.4*40=? e0000000.4*40",
	NULL,
};

const char *const *
net_phrases(const char *type)
{
	static const struct {
		const char *type;
		const char *const *phrases;
	} known[] = {
		{ "piix3-ide", ide },
		{ "dma-engine", engine },
		{ "i8042", keyboard },
		{ "uart", serial },
		{ "cmos", clock_words },
		{ "piix4-pm", power },
		{ "VGA", screen },
		{ "fw-cfg", firmware },
		{ "xen-platform", platform },
		{ "membar", bars },
		{ "piix3-ide,native=on", ide_native },
	};
	unsigned i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i].type, type))
			return known[i].phrases;
	return NULL;
}
