/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pci_tree.c: PCI buses behind bridges: numbers, windows, BARs.
 *
 * Rules are those of the PCI-to-PCI Bridge Architecture Specification 1.2,
 * named "P2P" below. A window of a bridge is handled like a BAR whose size and
 * alignment follow from what is behind it: sizes are found from the leaves up,
 * addresses are given from the root down.
 *
 * Nothing here depends on Xen but pci_read(), pci_write() and printf().
 */

#include "util.h"
#include "pci_tree.h"

/* Configuration space; pci_regs.h has no registers of bridges. */
#define VENDOR          0x00
#define COMMAND         0x04
#define  COMMAND_IO     0x0001
#define  COMMAND_MEM    0x0002
#define  COMMAND_MASTER 0x0004
#define CLASS           0x0a
#define  CLASS_IDE      0x0101
#define HEADER          0x0e
#define  HEADER_TYPE    0x7f
#define  HEADER_MULTI   0x80
#define  PRESENT        0x100 /* not in the register: somebody answers */
#define BAR0            0x10
#define  BAR_IO         0x1u
#define  BAR_TYPE       0x6u
#define  BAR_TYPE_64    0x4u
#define  BAR_PREF       0x8u
#define ROM_NORMAL      0x30
#define ROM_BRIDGE      0x38
#define INT_LINE        0x3c
#define INT_PIN         0x3d
#define BUSES           0x18
#define SECONDARY       0x19
#define SUBORDINATE     0x1a
#define IO_WINDOW       0x1c
#define MEM_WINDOW      0x20
#define PREF_WINDOW     0x24
#define  PREF_TYPE_64   0x1
#define PREF_BASE_UP    0x28
#define PREF_LIMIT_UP   0x2c
#define IO_UPPER        0x30

#define ISA_BRIDGE      0x08 /* 00:01.0, which routes interrupts */
#define ISA_ROUTES      0x60

#define IO_UNIT         0x1000ull   /* windows, P2P 3.2.5.6 */
#define MEM_UNIT        0x100000ull /* P2P 3.2.5.8, 3.2.5.9 */

#define NR_BUSES        256
#define NR_FUNCS        1024
#define NR_RES          4096
#define NR_RESERVED     128

#define NR_BARS         7 /* of a function, at most, with its ROM */
#define NONE            0xffff

/* Larger BARs are put above 4 GiB whether they fit below or not, as pci.c. */
#define LARGE           (1ull << 30)

/* No sum of two that are below it overflows. */
#define ADDR_MAX        (1ull << 56)

enum space { IO, MEM, PREF, NR_SPACES };

/* A BAR, or a window of a bridge. */
struct res {
    uint64_t size;     /* 0: a closed window */
    uint64_t align;
    uint64_t base;     /* within the window above; at last, the address */
    uint16_t next;     /* on the same bus */
    uint16_t func;     /* index: whose it is */
    uint16_t behind;   /* a window: the bus; a BAR: 0 */
    uint8_t reg;
    uint8_t space;     /* what it is; not yet where it goes */
    bool is_64;
    bool large;        /* LARGE, or has such a BAR behind it */
    bool high;         /* on bus 0: goes above 4 GiB */
    bool lost;         /* gets no address */
};

struct func {
    uint16_t bdf;
    uint16_t command;  /* what to enable */
    uint8_t rom;       /* register */
    bool bridge;
    bool lost_io, lost_mem;
};

struct bus {
    uint16_t bridge;   /* function that leads to it */
    uint16_t windows;  /* first of NR_SPACES resources */
    uint16_t first;    /* resource on it */
    uint16_t parent;
    uint16_t last;     /* subordinate bus number */
    uint16_t devfn;    /* next to be looked at */
    bool has[NR_SPACES];
    bool pref_64;
    bool want_64;      /* has 64-bit prefetchable BARs on it or behind it */
};

static struct bus buses[NR_BUSES];
static struct func funcs[NR_FUNCS];
static struct res ress[NR_RES];
static struct pci_range reserved[NR_RESERVED];
static unsigned int nr_buses, nr_funcs, nr_res, nr_reserved;

/* Of pack(). */
static struct pci_range taken[NR_RES + NR_RESERVED];
static uint16_t todo[NR_RES];

static uint64_t align_up(uint64_t addr, uint64_t align)
{
    return (addr + align - 1) & ~(align - 1);
}

static unsigned int bus_of(const struct res *r)
{
    return funcs[r->func].bdf >> 8;
}

static void print_func(const struct func *f)
{
    printf("pci dev %02x:%02x.%x ", f->bdf >> 8, (f->bdf >> 3) & 31,
           f->bdf & 7);
}

static void print_range(const char *what, uint64_t base, uint64_t size)
{
    uint64_t last = base + size - 1;

    printf("%s "PRIllx"-"PRIllx"\n", what, PRIllx_arg(base), PRIllx_arg(last));
}

/* ---- what there is ----------------------------------------------------- */

static struct res *add_res(unsigned int func, unsigned int reg,
                           enum space space)
{
    struct bus *bus = &buses[funcs[func].bdf >> 8];
    struct res *r = &ress[nr_res];

    *r = (struct res){
        .next = bus->first, .func = func, .reg = reg, .space = space,
    };
    bus->first = nr_res++;

    return r;
}

/* The bits that can be written, of those in @mask. */
static uint32_t probe(unsigned int bdf, unsigned int reg, uint32_t mask)
{
    uint32_t old = pci_readl(bdf, reg), bits;

    pci_writel(bdf, reg, old | mask);
    bits = pci_readl(bdf, reg) & mask;
    pci_writel(bdf, reg, old);

    return bits;
}

/* How many registers the BAR takes. */
static unsigned int add_bar(unsigned int func, unsigned int reg)
{
    unsigned int bdf = funcs[func].bdf;
    uint32_t old = pci_readl(bdf, reg);
    bool rom = reg == funcs[func].rom;
    bool io = !rom && (old & BAR_IO);
    bool is_64 = !rom && !io && (old & BAR_TYPE) == BAR_TYPE_64;
    uint64_t size = probe(bdf, reg, rom ? ~0x7ffu : io ? ~0x3u : ~0xfu);
    struct res *r;

    if ( io )
        size &= 0xffff;
    if ( is_64 )
        size |= (uint64_t)probe(bdf, reg + 4, ~0u) << 32;
    size &= -size;
    if ( size )
    {
        r = add_res(func, reg, io ? IO : old & BAR_PREF && !rom ? PREF : MEM);
        r->size = r->align = size;
        r->is_64 = is_64;
        r->large = size > LARGE;
    }

    return is_64 ? 2 : 1;
}

static void add_bars(unsigned int func, unsigned int nr)
{
    unsigned int i;

    for ( i = 0; i < nr; )
        i += add_bar(func, BAR0 + i * 4);
    add_bar(func, funcs[func].rom);
}

/* Which windows the bridge has: those whose registers are not just 0. */
static void probe_windows(struct bus *bus, unsigned int bdf)
{
    uint16_t io;

    /* 16 bits: the upper half is the secondary status. */
    pci_writew(bdf, IO_WINDOW, 0xe0f0);
    io = pci_readw(bdf, IO_WINDOW);
    pci_writew(bdf, IO_WINDOW, 0x00f0);

    bus->has[IO] = io && (!bus->parent || buses[bus->parent].has[IO]);
    bus->has[MEM] = true;
    pci_writel(bdf, PREF_WINDOW, 0xffe0fff0);
    bus->has[PREF] = pci_readl(bdf, PREF_WINDOW) != 0;
    bus->pref_64 = bus->has[PREF] &&
                   (pci_readw(bdf, PREF_WINDOW) & 0xf) == PREF_TYPE_64;
    pci_writel(bdf, PREF_WINDOW, 0x0000fff0);
}

/*
 * The bus behind a bridge. It is numbered at once, and reaches as far as there
 * are numbers until all behind it is known. NULL: it stays unreachable.
 */
static struct bus *add_bus(unsigned int func)
{
    unsigned int bdf = funcs[func].bdf, i;
    struct bus *bus = &buses[nr_buses];

    if ( nr_buses == NR_BUSES || nr_res + NR_SPACES > NR_RES )
    {
        print_func(&funcs[func]);
        printf("too many buses\n");
        return NULL;
    }
    pci_writel(bdf, BUSES, 0xff0000 | (nr_buses << 8) | (bdf >> 8));
    if ( pci_readb(bdf, SECONDARY) != nr_buses )
    {
        print_func(&funcs[func]);
        printf("its bus takes no number\n");
        return NULL;
    }
    *bus = (struct bus){
        .bridge = func, .windows = nr_res, .first = NONE,
        .parent = bdf >> 8,
    };
    probe_windows(bus, bdf);
    for ( i = 0; i < NR_SPACES; i++ )
        add_res(func, i == IO ? IO_WINDOW : i == MEM ? MEM_WINDOW :
                      PREF_WINDOW, i)->behind = nr_buses;
    nr_buses++;

    return bus;
}

/*
 * A function that answers. Decoding stays off until all have their addresses.
 * The bus to go on with, if it is a bridge.
 */
static struct bus *add_func(unsigned int bdf, unsigned int header)
{
    unsigned int func = nr_funcs;

    pci_writew(bdf, COMMAND,
               pci_readw(bdf, COMMAND) & ~(COMMAND_IO | COMMAND_MEM));
    if ( func == NR_FUNCS || nr_res + NR_BARS > NR_RES || header > 1 )
    {
        printf("pci dev %02x:%02x.%x not set up: %s\n", bdf >> 8,
               (bdf >> 3) & 31, bdf & 7,
               header > 1 ? "unknown header" : "too many functions");
        return NULL;
    }
    funcs[nr_funcs++] = (struct func){
        .bdf = bdf, .command = COMMAND_MASTER, .bridge = header,
        .rom = header ? ROM_BRIDGE : ROM_NORMAL,
    };
    /* pci.c does so on bus 0: Intel's IDE channels are off unless enabled. */
    if ( (bdf >> 8) && pci_readw(bdf, VENDOR) == 0x8086 &&
         pci_readw(bdf, CLASS) == CLASS_IDE )
    {
        pci_writew(bdf, 0x40, 0x8000);
        pci_writew(bdf, 0x42, 0x8000);
    }
    add_bars(func, header ? 2 : 6);

    return header ? add_bus(func) : NULL;
}

static bool any_bridge(void)
{
    unsigned int devfn;

    for ( devfn = 0; devfn < 256; devfn++ )
        if ( pci_readw(devfn, VENDOR) != 0xffff &&
             (pci_readb(devfn, HEADER) & HEADER_TYPE) == 1 )
            return true;

    return false;
}

bool pci_tree_scan(void)
{
    unsigned int nr = 0;

    nr_buses = nr_funcs = nr_res = nr_reserved = 0;
    if ( !any_bridge() )
        return false;

    buses[nr_buses++] = (struct bus){ .bridge = NONE, .first = NONE };
    for ( ; ; )
    {
        struct bus *bus = &buses[nr];
        unsigned int bdf = (nr << 8) | bus->devfn, header = 0;

        if ( bus->devfn == 256 )
        {
            bus->last = nr_buses - 1;
            if ( !nr )
                return true;
            pci_writeb(funcs[bus->bridge].bdf, SUBORDINATE, bus->last);
            nr = bus->parent;
            continue;
        }

        if ( pci_readw(bdf, VENDOR) != 0xffff )
            header = pci_readb(bdf, HEADER) | PRESENT;
        /* On bus 0 pci.c looks at every function, and so do we. */
        if ( nr && !(bdf & 7) && !(header & HEADER_MULTI) )
            bus->devfn += 8;
        else
            bus->devfn++;
        if ( header && (bus = add_func(bdf, header & HEADER_TYPE)) )
            nr = bus - buses;
    }
}

/* ---- where it goes ----------------------------------------------------- */

/*
 * The space of its bus that the resource goes in. A window for 64-bit addresses
 * has only what is that wide in it, as it may end up above 4 GiB. On bus 0 PREF
 * stands for what is there.
 */
static enum space goes(const struct res *r)
{
    unsigned int nr = bus_of(r);
    const struct bus *bus = &buses[nr];

    if ( r->space == IO )
        return IO;
    if ( !nr )
        return r->high ? PREF : MEM;
    if ( r->space == PREF && bus->has[PREF] &&
         (r->is_64 || !ress[bus->windows + PREF].is_64) )
        return PREF;

    return MEM;
}

/* Where a BAR ends up: one of these bits. */
#define IN_IO       0x1u
#define IN_LOW      0x2u /* has to be below 4 GiB */
#define IN_64_LOW   0x4u
#define IN_64_HIGH  0x8u

static unsigned int where(const struct res *r)
{
    unsigned int nr = bus_of(r);
    enum space space = goes(r);
    const struct res *w = r;

    if ( space == IO )
        return IN_IO;
    for ( ; nr; nr = buses[nr].parent )
    {
        w = &ress[buses[nr].windows + space];
        if ( space != PREF || !w->is_64 )
            return IN_LOW;
    }

    return w->high ? IN_64_HIGH : w->is_64 ? IN_64_LOW : IN_LOW;
}

/* Put the resource where there is room in @taken, in order of addresses. */
static bool fit(struct res *r, unsigned int nr, uint64_t start, uint64_t limit)
{
    uint64_t pos;
    unsigned int i;

    if ( r->size > limit )
        return false;
    pos = align_up(start, r->align);
    for ( i = 0; i < nr && taken[i].base < pos + r->size; i++ )
        if ( taken[i].end > pos )
            pos = align_up(taken[i].end, r->align);
    if ( pos > limit - r->size )
        return false;

    memmove(&taken[i + 1], &taken[i], (nr - i) * sizeof(*taken));
    taken[i] = (struct pci_range){ pos, pos + r->size };
    r->base = pos;

    return true;
}

/*
 * What is aligned most comes first, so that nothing is lost in between; of
 * equal alignment (then sizes are multiples of it but for windows) that whose
 * end is aligned least comes last, so that its end is that of all.
 */
static bool before(const struct res *a, const struct res *b)
{
    uint64_t rest_a = (a->size - 1) & (a->align - 1);
    uint64_t rest_b = (b->size - 1) & (b->align - 1);

    if ( a->align != b->align )
        return a->align > b->align;
    if ( rest_a != rest_b )
        return rest_a > rest_b;

    return a->size > b->size;
}

/* Into todo[], in the order of packing. */
static unsigned int collect(unsigned int bus, enum space space)
{
    unsigned int n = 0, i, at;

    for ( i = buses[bus].first; i != NONE; i = ress[i].next )
    {
        if ( ress[i].lost || !ress[i].size || goes(&ress[i]) != space )
            continue;
        for ( at = n++; at && !before(&ress[todo[at - 1]], &ress[i]); at-- )
            todo[at] = todo[at - 1];
        todo[at] = i;
    }

    return n;
}

/* What is in one space of a bus, together: in @out, with the alignment. */
static bool pack(unsigned int bus, enum space space,
                 const struct pci_range *in, struct res *out)
{
    unsigned int n = collect(bus, space), nr = 0, i;
    uint64_t first = in->end, last = in->base;

    if ( !bus )
        for ( ; nr < nr_reserved; nr++ )
            taken[nr] = reserved[nr];

    out->align = 1;
    out->large = false;
    for ( i = 0; i < n; i++, nr++ )
    {
        struct res *r = &ress[todo[i]];

        if ( !fit(r, nr, in->base, in->end) )
            return false;
        if ( r->align > out->align )
            out->align = r->align;
        if ( r->base < first )
            first = r->base;
        if ( r->base + r->size > last )
            last = r->base + r->size;
        out->large |= r->large;
    }
    out->base = n ? first : in->base;
    out->size = last - in->base;

    return true;
}

/* Of what is in @in on a bus or behind it, the largest gets no address. */
static void lose_largest(unsigned int bus, unsigned int in)
{
    struct res *largest = NULL;
    unsigned int i;

    for ( i = 0; i < nr_res; i++ )
    {
        struct res *r = &ress[i];

        if ( !r->behind && !r->lost && bus_of(r) >= bus &&
             bus_of(r) <= buses[bus].last && (where(r) & in) &&
             (!largest || r->size > largest->size) )
            largest = r;
    }
    BUG_ON(!largest);
    largest->lost = true;
}

/* Which windows are for 64-bit addresses: all above must be, too. */
static void choose_64(void)
{
    unsigned int i, nr;

    for ( nr = 0; nr < nr_buses; nr++ )
        buses[nr].want_64 = false;
    for ( i = 0; i < nr_res; i++ )
        if ( !ress[i].behind && !ress[i].lost && ress[i].is_64 &&
             ress[i].space == PREF )
            for ( nr = bus_of(&ress[i]); nr; nr = buses[nr].parent )
                buses[nr].want_64 = true;
    for ( nr = 1; nr < nr_buses; nr++ )
    {
        const struct bus *bus = &buses[nr];
        struct res *w = &ress[bus->windows + PREF];

        w->is_64 = bus->pref_64 && bus->want_64 &&
                   (!bus->parent ||
                    ress[buses[bus->parent].windows + PREF].is_64);
        w->high &= w->is_64;
    }
}

/* False: something got no address, so that all has to be done again. */
static bool size_window(unsigned int bus, enum space space)
{
    struct res *w = &ress[buses[bus].windows + space], sum;
    uint64_t unit = space == IO ? IO_UNIT : MEM_UNIT;
    struct pci_range all = { 0, 1ull << 32 };

    if ( space == IO )
        all.end = 1ull << 16; /* there are no more ports on a PC */
    else if ( w->is_64 )
        all.end = ADDR_MAX;
    if ( !pack(bus, space, &all, &sum) )
    {
        lose_largest(bus, space == IO ? IN_IO :
                          w->is_64 ? IN_64_LOW | IN_64_HIGH : IN_LOW);
        return false;
    }
    w->size = align_up(sum.size, unit);
    w->align = sum.align > unit ? sum.align : unit;
    w->large = sum.large;

    return true;
}

static bool size_windows(void)
{
    unsigned int nr, space;

    choose_64();
    for ( nr = nr_buses - 1; nr; nr-- )
        for ( space = 0; space < NR_SPACES; space++ )
            if ( !size_window(nr, space) )
                return false;

    return true;
}

/* Sizes of all windows, from the leaves up. Every turn loses one BAR. */
static void size_all(void)
{
    unsigned int i;

    for ( i = 0; i < nr_res; i++ )
        if ( ress[i].space == IO && bus_of(&ress[i]) &&
             !buses[bus_of(&ress[i])].has[IO] )
            ress[i].lost = true;
    while ( !size_windows() )
        ;
    for ( i = buses[0].first; i != NONE; i = ress[i].next )
        if ( ress[i].is_64 && ress[i].large )
            ress[i].high = true;
}

static void lose(unsigned int in)
{
    lose_largest(0, in);
    size_all();
}

/* The largest on bus 0 that may go above 4 GiB goes there. */
static bool raise_largest(void)
{
    struct res *largest = NULL;
    unsigned int i;

    for ( i = buses[0].first; i != NONE; i = ress[i].next )
    {
        struct res *r = &ress[i];

        if ( r->is_64 && r->size && !r->high && !r->lost &&
             (!largest || r->size > largest->size) )
            largest = r;
    }
    if ( !largest )
        return false;
    largest->high = true;

    return true;
}

static void pack_low(const struct pci_range *low, struct res *sum)
{
    while ( !pack(0, MEM, low, sum) )
        if ( !raise_largest() )
            lose(IN_LOW | IN_64_LOW);
}

uint64_t pci_tree_low_size(const struct pci_range *most)
{
    struct res sum;

    size_all();
    pack_low(most, &sum);

    return sum.size;
}

void pci_tree_reserve(uint64_t base, uint64_t size)
{
    unsigned int i = nr_reserved;

    if ( i == NR_RESERVED )
    {
        print_range("pci: too many reserved ranges:", base, size);
        return;
    }
    for ( ; i && reserved[i - 1].base > base; i-- )
        reserved[i] = reserved[i - 1];
    reserved[i] = (struct pci_range){ base, base + size };
    nr_reserved++;
}

/* On bus 0. What is there in the end is left in @high. */
static void pack_root(const struct pci_range *io, unsigned int nr_io,
                      const struct pci_range *low, struct pci_range *high)
{
    struct res sum;
    unsigned int i;

    for ( ; ; )
    {
        pack_low(low, &sum);
        for ( i = 0; i < nr_io && !pack(0, IO, &io[i], &sum); )
            i++;
        if ( i == nr_io )
            lose(IN_IO);
        else if ( !pack(0, PREF, high, &sum) )
            lose(IN_64_HIGH);
        else
            break;
    }
    high->end = high->base + sum.size;
    high->base = sum.base;
}

/* From places within windows to addresses, from the root down. */
static void place_all(void)
{
    unsigned int nr, i;

    for ( nr = 1; nr < nr_buses; nr++ )
        for ( i = buses[nr].first; i != NONE; i = ress[i].next )
            ress[i].base += ress[buses[nr].windows + goes(&ress[i])].base;
}

/* ---- telling the hardware ---------------------------------------------- */

static void write_bar(const struct res *r)
{
    struct func *f = &funcs[r->func];
    uint64_t base = r->lost ? 0 : r->base;

    if ( r->lost )
    {
        if ( r->space == IO )
            f->lost_io = true;
        else
            f->lost_mem = true;
    }
    else
        f->command |= r->space == IO ? COMMAND_IO : COMMAND_MEM;
    pci_writel(f->bdf, r->reg, base); /* types are read only */
    if ( r->is_64 )
        pci_writel(f->bdf, r->reg + 4, base >> 32);

    print_func(f);
    printf("bar %02x size "PRIllx": ", r->reg, PRIllx_arg(r->size));
    if ( r->lost )
        printf("no space for resource!\n");
    else
        printf(PRIllx"%s\n", PRIllx_arg(base),
               r->space == IO ? " I/O" : r->space == PREF ? " pref" : "");
}

/* A window of size 0 is closed: its base is above its limit. */
static void write_window(const struct res *r)
{
    unsigned int bdf = funcs[r->func].bdf;
    bool closed = !r->size;
    uint64_t base = closed ? MEM_UNIT : r->base;
    uint64_t last = closed ? 0 : r->base + r->size - 1;
    uint32_t both = ((base >> 16) & 0xfff0) | (last & 0xfff00000);

    if ( !closed )
    {
        print_func(&funcs[r->func]);
        print_range(r->space == IO ? "window I/O" : r->space == MEM ?
                    "window mem" : "window pref", r->base, r->size);
    }
    switch ( r->space )
    {
    case IO:
        pci_writew(bdf, IO_WINDOW,
                   closed ? 0x00f0 : ((base >> 8) & 0xf0) | (last & 0xf000));
        pci_writel(bdf, IO_UPPER, 0);
        break;
    case MEM:
        pci_writel(bdf, MEM_WINDOW, closed ? 0x0000fff0 : both);
        break;
    case PREF:
        pci_writel(bdf, PREF_WINDOW, closed ? 0x0000fff0 : both);
        pci_writel(bdf, PREF_BASE_UP, closed ? 0 : base >> 32);
        pci_writel(bdf, PREF_LIMIT_UP, last >> 32);
        break;
    }
}

/*
 * Behind a bridge a pin turns by the device number, level by level (P2P 9.1);
 * on bus 0 as pci.c has it. Interrupts of bus 0 are pci.c's.
 */
static void write_irq(const struct func *f)
{
    unsigned int bdf = f->bdf, pin = pci_readb(bdf, INT_PIN), irq;

    if ( !(bdf >> 8) || !pin || pin > 4 )
        return;
    for ( pin-- ; bdf >> 8; bdf = funcs[buses[bdf >> 8].bridge].bdf )
        pin = (pin + (bdf >> 3)) & 3;
    pin = (pin + (bdf >> 3)) & 3;
    irq = pci_readb(ISA_BRIDGE, ISA_ROUTES + pin);
    pci_writeb(f->bdf, INT_LINE, irq);
    print_func(f);
    printf("IRQ%u\n", irq);
}

/* A function that has not got all of its BARs does not answer at 0. */
static void enable(const struct func *f)
{
    uint16_t command = f->command;

    if ( f->lost_io )
        command &= ~COMMAND_IO;
    if ( f->lost_mem )
        command &= ~COMMAND_MEM;
    if ( f->bridge )
        command |= COMMAND_IO | COMMAND_MEM;
    pci_writew(f->bdf, COMMAND, pci_readw(f->bdf, COMMAND) | command);
}

void pci_tree_assign(const struct pci_range *io, unsigned int nr_io,
                     const struct pci_range *low, struct pci_range *high)
{
    unsigned int i;

    pack_root(io, nr_io, low, high);
    place_all();

    for ( i = 1; i < nr_buses; i++ )
    {
        print_func(&funcs[buses[i].bridge]);
        printf("buses %02x-%02x\n", i, buses[i].last);
    }
    for ( i = 0; i < nr_res; i++ )
        if ( ress[i].behind )
            write_window(&ress[i]);
        else
            write_bar(&ress[i]);
    for ( i = 0; i < nr_funcs; i++ )
    {
        write_irq(&funcs[i]);
        enable(&funcs[i]);
    }
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
