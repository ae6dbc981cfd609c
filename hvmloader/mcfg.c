/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mcfg.c: configuration space as memory (ECAM, PCI Express Base Specification
 * 4.0, 7.2.2), if the device model has it, and its ACPI table (PCI Firmware
 * Specification 3.0, 4.1.2). E820 says "reserved" of where it is, without which
 * operating systems do not believe the table.
 */

#include "util.h"
#include "mcfg.h"
#include <acpi2_0.h>

#define ID      0x00
#define CLASS   0x08
#define SUBSYS  0x2c

struct mcfg {
    struct acpi_header header;
    uint64_t reserved;
    /* One range of buses. */
    uint64_t base;
    uint16_t segment;
    uint8_t first, last;
    uint32_t reserved2;
} __attribute__((packed));

/* Is the host bridge there, as it is by ports? Nobody answers with all ones. */
static bool ecam_is_there(void)
{
    static const uint8_t reg[] = { ID, CLASS, SUBSYS };
    unsigned int i;

    if ( pci_readl(0, ID) == ~0u )
        return false;
    for ( i = 0; i < sizeof(reg); i++ )
        if ( *(const volatile uint32_t *)(ECAM_BASE + reg[i]) !=
             pci_readl(0, reg[i]) )
            return false;
    return true;
}

static void mcfg_fill(struct mcfg *mcfg)
{
    const uint8_t *p = (const uint8_t *)mcfg;
    uint8_t sum = 0;
    unsigned int i;

    memset(mcfg, 0, sizeof(*mcfg));
    mcfg->header.signature = ASCII32('M', 'C', 'F', 'G');
    mcfg->header.length = sizeof(*mcfg);
    mcfg->header.revision = 1;
    memcpy(mcfg->header.oem_id, ACPI_OEM_ID, sizeof(ACPI_OEM_ID) - 1);
    memcpy(mcfg->header.oem_table_id, ACPI_OEM_TABLE_ID,
           sizeof(ACPI_OEM_TABLE_ID) - 1);
    mcfg->header.oem_revision = 1;
    mcfg->header.creator_id = ACPI_CREATOR_ID;
    mcfg->header.creator_revision = ACPI_CREATOR_REVISION;
    mcfg->base = ECAM_BASE;
    mcfg->last = ECAM_BUSES - 1;
    for ( i = 0; i < sizeof(*mcfg); i++ )
        sum += p[i];
    mcfg->header.checksum = -sum;
}

void mcfg_add(uint32_t *addr, uint32_t *length)
{
    uint32_t had = *addr ? *length : 0;
    uint8_t *tables;

    if ( !ecam_is_there() )
        return;
    printf("PCI configuration space at %08lx: buses 0 to %u\n", ECAM_BASE,
           ECAM_BUSES - 1);
    tables = scratch_alloc(had + sizeof(struct mcfg), 16);
    if ( had )
        memcpy(tables, (void *)(unsigned long)*addr, had);
    mcfg_fill((struct mcfg *)(tables + had));
    *addr = (unsigned long)tables;
    *length = had + sizeof(struct mcfg);
}
