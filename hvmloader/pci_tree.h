/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pci_tree.h: PCI buses behind bridges.
 */

#ifndef __HVMLOADER_PCI_TREE_H__
#define __HVMLOADER_PCI_TREE_H__

#include <stdbool.h>
#include <stdint.h>

struct pci_range {
    uint64_t base, end; /* the first address, and the one after the last */
};

/*
 * Number all buses and size everything on them. False: bus 0 has no bridge,
 * and nothing was touched.
 */
bool pci_tree_scan(void);

/* Memory below 4 GiB that nothing may be placed in. */
void pci_tree_reserve(uint64_t base, uint64_t size);

/*
 * How much space below 4 GiB it takes, if all that is to be there gets it.
 * Never more than @most, which is the largest there can be.
 */
uint64_t pci_tree_low_size(const struct pci_range *most);

/*
 * Assign everything, and enable it. @io is tried in order. @high is for what is
 * 64 bits wide and does not fit in @low; what of it is used is left in it.
 */
void pci_tree_assign(const struct pci_range *io, unsigned int nr_io,
                     const struct pci_range *low, struct pci_range *high);

#endif /* __HVMLOADER_PCI_TREE_H__ */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
