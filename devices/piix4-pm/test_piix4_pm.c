/* SPDX-License-Identifier: MIT */
/* Power management as hvmloader, Xen's DSDT and ACPICA use it. */
#include <ioemu/bench.h>

#define APMC 0xb2
#define APMS 0xb3
#define PCI_UP 0xae00
#define PCI_DOWN 0xae04
#define PCI_EJECT 0xae08
#define PCI_REMOVABLE 0xae0c
#define CPU_MAP 0xaf00
#define GPE0_STS 0xafe0
#define GPE0_EN 0xafe2
#define PM1A_CNT 0xb004

#define SCI_EN 0x0001
#define SLP_EN 0x2000
#define SLP_TYP(n) ((n) << 10)

static void
identity_is_what_hvmloader_insists_on(struct bench *b)
{
	assert_int_equal(bench_cfg_read(b, "piix4-pm", 0, 4), 0x71138086);
	assert_int_equal(bench_cfg_read(b, "piix4-pm", 8, 4) >> 8, 0x068000);
	assert_int_equal(bench_cfg_read(b, "piix4-pm", 0x3d, 1), 1);
}

static void
hvmloader_sets_the_function_up(struct bench *b)
{
	bench_cfg_write(b, "piix4-pm", 0x20, 2, 0);
	bench_cfg_write(b, "piix4-pm", 0xd2, 2, 0);
	bench_cfg_write(b, "piix4-pm", 0x22, 2, 0);
	bench_cfg_write(b, "piix4-pm", 0x3c, 2, 0x0009);
	bench_cfg_write(b, "piix4-pm", 0x3d, 2, 0x0001);
	bench_cfg_write(b, "piix4-pm", 0x40, 4, 0xb001);
	bench_cfg_write(b, "piix4-pm", 0x80, 1, 1);
	assert_int_equal(bench_cfg_read(b, "piix4-pm", 0x3c, 2), 0x0109);
	assert_int_equal(bench_cfg_read(b, "piix4-pm", 0x40, 4), 0xb001);
	assert_int_equal(bench_cfg_read(b, "piix4-pm", 0x80, 1), 1);
}

/* hvmloader, acpi_enable_sci(): crashes the guest if this fails. */
static void
hvmloader_enables_the_sci(struct bench *b)
{
	assert_int_equal(bench_in8(b, PM1A_CNT) & SCI_EN, 0);
	bench_out8(b, APMC, 0xf1);
	assert_int_equal(bench_in8(b, PM1A_CNT) & SCI_EN, SCI_EN);
	assert_int_equal(bench_in16(b, PM1A_CNT), SCI_EN);
	bench_out8(b, APMC, 0xf0);
	assert_int_equal(bench_in16(b, PM1A_CNT), 0);
}

static void
apm_ports_remember_what_was_written(struct bench *b)
{
	bench_out8(b, APMC, 0x12);
	bench_out8(b, APMS, 0xf1);
	assert_int_equal(bench_in16(b, APMC), 0xf112);
	assert_int_equal(bench_in16(b, PM1A_CNT), 0);
	bench_out16(b, APMC, 0x34f1);
	assert_int_equal(bench_in8(b, APMS), 0x34);
	assert_int_equal(bench_in16(b, PM1A_CNT), SCI_EN);
}

static void
sleep_type_0_turns_the_guest_off(struct bench *b)
{
	bench_out16(b, PM1A_CNT, SCI_EN | SLP_TYP(0));
	assert_int_equal(bench_power(b), -1);
	bench_out16(b, PM1A_CNT, SCI_EN | SLP_TYP(0) | SLP_EN);
	assert_int_equal(bench_power(b), IOEMU_POWER_OFF);
	assert_int_equal(bench_in16(b, PM1A_CNT), SCI_EN);
}

static void
sleep_type_1_suspends(struct bench *b)
{
	bench_out16(b, PM1A_CNT, SCI_EN | SLP_TYP(1) | SLP_EN);
	assert_int_equal(bench_power(b), IOEMU_POWER_SUSPEND);
	assert_int_equal(bench_in16(b, PM1A_CNT), SCI_EN | SLP_TYP(1));
}

static void
other_sleep_types_do_nothing(struct bench *b)
{
	unsigned type;

	for (type = 2; type < 8; type++)
		bench_out16(b, PM1A_CNT, (uint16_t)(SLP_TYP(type) | SLP_EN));
	assert_int_equal(bench_power(b), -1);
}

static void
pm1a_control_can_be_written_byte_by_byte(struct bench *b)
{
	bench_out8(b, PM1A_CNT, SCI_EN);
	bench_out8(b, PM1A_CNT + 1, SLP_TYP(1) >> 8);
	assert_int_equal(bench_in16(b, PM1A_CNT), SCI_EN | SLP_TYP(1));
	bench_out8(b, PM1A_CNT + 1, (SLP_TYP(1) | SLP_EN) >> 8);
	assert_int_equal(bench_power(b), IOEMU_POWER_SUSPEND);
	assert_int_equal(bench_in8(b, PM1A_CNT), SCI_EN);
	assert_int_equal(bench_in8(b, PM1A_CNT + 1), SLP_TYP(1) >> 8);
}

static void
a_dword_at_pm1a_control_reaches_its_two_bytes(struct bench *b)
{
	bench_out32(b, PM1A_CNT, 0xffff0000 | SCI_EN);
	assert_int_equal(bench_in32(b, PM1A_CNT), 0xffff0000 | SCI_EN);
}

static void
acpi_on_with_everything(struct bench *b)
{
	bench_out16(b, APMC, 0x55f1);
	bench_out16(b, GPE0_EN, 0xffff);
	bench_hotplug(b, "piix4-pm", 5, IOEMU_HOTPLUG_ADDED);
	bench_hotplug(b, "piix4-pm", 6, IOEMU_HOTPLUG_REMOVE_REQUEST);
	bench_hotplug(b, "piix4-pm", 1, IOEMU_HOTPLUG_CPU);
	assert_true(bench_irq(b, 9));
}

/* PMCNTRL: SCI_EN, BRLD_EN_BM and SLP_TYP; GBL_RLS and SLP_EN are write only,
 * the rest is reserved. */
static void
pm1a_control_keeps_what_the_data_sheet_has(struct bench *b)
{
	bench_out16(b, PM1A_CNT, 0xdfff);
	assert_int_equal(bench_in16(b, PM1A_CNT), 0x1c03);
	bench_out16(b, PM1A_CNT, 0x0000);
	assert_int_equal(bench_in16(b, PM1A_CNT), 0x0000);
	bench_out8(b, PM1A_CNT + 1, 0xdf);
	assert_int_equal(bench_in16(b, PM1A_CNT), 0x1c00);
	assert_int_equal(bench_power(b), -1);
}

static void
only_the_bits_of_the_data_sheet_are_kept(struct bench *b)
{
	static const struct {
		uint8_t reg;
		uint32_t reset, writable;
	} r[] = {
		{ 0x04, 0x02800000, 0x00000001 },
		{ 0x0c, 0x00000000, 0x00000000 },
		{ 0x3c, 0x00000100, 0x000000ff },
		{ 0x40, 0x00000001, 0x0000ffc0 },
		{ 0x44, 0x00000000, 0xffffffff },
		{ 0x50, 0x00000000, 0x00ffffff },
		{ 0x58, 0x00000000, 0xffffffff },
		{ 0x7c, 0x00000000, 0xffffffff },
		{ 0x80, 0x00000000, 0x00000001 },
		{ 0x90, 0x00000001, 0x0000fff0 },
		{ 0xd0, 0x00000000, 0xff0f0000 },
		{ 0xd4, 0x00000000, 0x0000ffff },
		{ 0xfc, 0x00000000, 0x00000000 },
	};
	unsigned i;

	for (i = 0; i < sizeof(r) / sizeof(r[0]); i++) {
		assert_int_equal(bench_cfg_read(b, "piix4-pm", r[i].reg, 4),
				 r[i].reset);
		bench_cfg_write(b, "piix4-pm", r[i].reg, 4, 0xffffffff);
		assert_int_equal(bench_cfg_read(b, "piix4-pm", r[i].reg, 4),
				 r[i].reset | r[i].writable);
		bench_cfg_write(b, "piix4-pm", r[i].reg, 4, 0);
		assert_int_equal(bench_cfg_read(b, "piix4-pm", r[i].reg, 4),
				 r[i].reset & ~r[i].writable);
	}
}

/* Waking, only memory kept its contents; the processors stay. */
static void
a_reset_ends_events_and_keeps_processors(struct bench *b)
{
	acpi_on_with_everything(b);
	bench_reset(b, "piix4-pm", IOEMU_RESET_WAKE);
	assert_false(bench_irq(b, 9));
	assert_int_equal(bench_in32(b, GPE0_STS), 0);
	assert_int_equal(bench_in16(b, PM1A_CNT), 0);
	assert_int_equal(bench_in16(b, APMC), 0);
	assert_int_equal(bench_in32(b, PCI_UP), 0);
	assert_int_equal(bench_in32(b, PCI_DOWN), 0);
	assert_int_equal(bench_in8(b, CPU_MAP), 0x03);
}

static void
ports_of_xen_are_not_claimed(struct bench *b)
{
	assert_int_equal(bench_in32(b, 0xb000), 0xffffffff);
	assert_int_equal(bench_in32(b, 0xb008), 0xffffffff);
}

/* ACPICA disables and clears all events at start. */
static void
no_event_is_pending_at_start(struct bench *b)
{
	assert_int_equal(bench_in16(b, GPE0_STS), 0);
	bench_out16(b, GPE0_EN, 0xffff);
	assert_int_equal(bench_in16(b, GPE0_EN), 0xffff);
	bench_out16(b, GPE0_STS, 0xffff);
	assert_int_equal(bench_in16(b, GPE0_STS), 0);
	assert_false(bench_irq(b, 9));
}

static void
event_status_cannot_be_set_by_the_guest(struct bench *b)
{
	bench_out32(b, GPE0_STS, 0xffffffff);
	assert_int_equal(bench_in32(b, GPE0_STS), 0xffff0000);
	assert_false(bench_irq(b, 9));
}

/* ---- hot-plug ----------------------------------------------------------- */

#define GPE_HOTPLUG 0x02 /* _E01 */
#define GPE_CPU 0x04

static void
acpi_on(struct bench *b)
{
	bench_out8(b, APMC, 0xf1);
	bench_out8(b, GPE0_EN, GPE_HOTPLUG);
}

static void
every_slot_is_there_and_none_changes(struct bench *b)
{
	assert_int_equal(bench_in32(b, PCI_UP), 0);
	assert_int_equal(bench_in32(b, PCI_DOWN), 0);
	assert_int_equal(bench_in32(b, PCI_EJECT), 0);
	bench_out32(b, PCI_UP, 0xffffffff);
	bench_out32(b, PCI_DOWN, 0xffffffff);
	bench_out32(b, PCI_REMOVABLE, 0);
	assert_int_equal(bench_in32(b, PCI_UP), 0);
	assert_int_equal(bench_in32(b, PCI_DOWN), 0);
	assert_int_equal(bench_in32(b, PCI_REMOVABLE), 0xffffffff);
	assert_int_equal(bench_ejected(b), 0);
}

/* As ACPICA and _E01 do: status cleared, then one read for each slot. */
static void
what_comes_raises_the_sci_until_status_is_cleared(struct bench *b)
{
	unsigned slot;

	acpi_on(b);
	bench_hotplug(b, "piix4-pm", 5, IOEMU_HOTPLUG_ADDED);
	assert_true(bench_irq(b, 9));
	assert_int_equal(bench_in16(b, GPE0_STS), GPE_HOTPLUG);
	bench_out8(b, GPE0_STS, GPE_HOTPLUG);
	assert_false(bench_irq(b, 9));
	for (slot = 1; slot < 32; slot++) {
		assert_int_equal(bench_in32(b, PCI_UP), 1u << 5);
		assert_int_equal(bench_in32(b, PCI_DOWN), 0);
	}
	bench_hotplug(b, "piix4-pm", 31, IOEMU_HOTPLUG_ADDED);
	assert_true(bench_irq(b, 9));
	assert_int_equal(bench_in32(b, PCI_UP), 1u << 31 | 1u << 5);
	assert_int_equal(bench_in8(b, PCI_UP), 1u << 5);
	assert_int_equal(bench_in16(b, PCI_UP + 2), 1u << 15);
}

static void
what_comes_waits_for_its_enable_bit(struct bench *b)
{
	bench_out8(b, APMC, 0xf1);
	bench_hotplug(b, "piix4-pm", 2, IOEMU_HOTPLUG_ADDED);
	assert_false(bench_irq(b, 9));
	bench_out8(b, GPE0_EN, 0xff & ~GPE_HOTPLUG);
	assert_false(bench_irq(b, 9));
	bench_out8(b, GPE0_EN, GPE_HOTPLUG);
	assert_true(bench_irq(b, 9));
}

static void
what_comes_before_acpi_is_found_by_a_scan(struct bench *b)
{
	bench_out8(b, GPE0_EN, 0xff);
	bench_hotplug(b, "piix4-pm", 2, IOEMU_HOTPLUG_ADDED);
	assert_int_equal(bench_in32(b, PCI_UP), 0);
	assert_int_equal(bench_in16(b, GPE0_STS), 0);
	assert_false(bench_irq(b, 9));
}

static void
what_is_to_go_waits_for_its_eject(struct bench *b)
{
	bench_hotplug(b, "piix4-pm", 3, IOEMU_HOTPLUG_REMOVE_REQUEST);
	acpi_on(b);
	assert_true(bench_irq(b, 9));
	bench_out8(b, GPE0_STS, GPE_HOTPLUG);
	assert_int_equal(bench_in32(b, PCI_DOWN), 1u << 3);
	assert_int_equal(bench_in32(b, PCI_UP), 0);
	assert_int_equal(bench_ejected(b), 0);
	bench_out32(b, PCI_EJECT, 1u << 3);
	assert_int_equal(bench_ejected(b), 1u << 3);
	assert_int_equal(bench_in32(b, PCI_DOWN), 0);
	assert_int_equal(bench_in32(b, PCI_EJECT), 0);
}

static void
an_eject_nobody_asked_for_is_told_too(struct bench *b)
{
	acpi_on(b);
	bench_hotplug(b, "piix4-pm", 4, IOEMU_HOTPLUG_ADDED);
	bench_hotplug(b, "piix4-pm", 20, IOEMU_HOTPLUG_ADDED);
	bench_out32(b, PCI_EJECT, 1u << 4);
	assert_int_equal(bench_ejected(b), 1u << 4);
	assert_int_equal(bench_in32(b, PCI_UP), 1u << 20);
	bench_out8(b, PCI_EJECT + 2, 1u << 4);
	assert_int_equal(bench_ejected(b), 1u << 20);
	assert_int_equal(bench_in32(b, PCI_UP), 0);
}

static void
one_processor_is_online_by_default(struct bench *b)
{
	unsigned i;

	assert_int_equal(bench_in8(b, CPU_MAP), 1);
	for (i = 1; i < 32; i++)
		assert_int_equal(bench_in8(b, CPU_MAP + i), 0);
}

static void
processors_online_are_set_in_the_map(struct bench *b)
{
	bench_out32(b, CPU_MAP, 0);
	assert_int_equal(bench_in8(b, CPU_MAP), 0xff);
	assert_int_equal(bench_in8(b, CPU_MAP + 1), 0x03);
	assert_int_equal(bench_in32(b, CPU_MAP), 0x03ff);
}

static void
a_processor_that_comes_raises_its_own_event(struct bench *b)
{
	acpi_on(b);
	bench_out8(b, GPE0_EN, GPE_CPU);
	bench_hotplug(b, "piix4-pm", 10, IOEMU_HOTPLUG_CPU);
	assert_true(bench_irq(b, 9));
	assert_int_equal(bench_in8(b, GPE0_STS), GPE_CPU);
	assert_int_equal(bench_in16(b, CPU_MAP), 0x07ff);
	bench_out8(b, GPE0_STS, GPE_CPU);
	assert_false(bench_irq(b, 9));
	bench_hotplug(b, "piix4-pm", 1000, IOEMU_HOTPLUG_CPU);
	assert_int_equal(bench_in16(b, CPU_MAP), 0x07ff);
}

static void
every_port_takes_every_width(struct bench *b)
{
	static const uint16_t ports[] = { 0xae00, 0xaf00, 0xafe0, 0xb000 };
	unsigned i, at, size;

	for (i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		for (at = 0; at < 36; at++) {
			for (size = 1; size <= 4; size *= 2) {
				bench_write(b, IOEMU_PIO, ports[i] + at, size,
					    0x12345678);
				(void)bench_read(b, IOEMU_PIO, ports[i] + at,
						 size);
			}
		}
	}
	assert_false(bench_irq(b, 9));
}

int
main(int argc, char **argv)
{
	static const char *const devices[] = { "piix4-pm", NULL };
	static const char *const ten[] = { "piix4-pm,cpus=10,maxcpus=12",
					   NULL };
	static const struct bench_test tests[] = {
		BENCH_TEST(identity_is_what_hvmloader_insists_on),
		BENCH_TEST(hvmloader_sets_the_function_up),
		BENCH_TEST(hvmloader_enables_the_sci),
		BENCH_TEST(apm_ports_remember_what_was_written),
		BENCH_TEST(sleep_type_0_turns_the_guest_off),
		BENCH_TEST(sleep_type_1_suspends),
		BENCH_TEST(other_sleep_types_do_nothing),
		BENCH_TEST(pm1a_control_can_be_written_byte_by_byte),
		BENCH_TEST(a_dword_at_pm1a_control_reaches_its_two_bytes),
		BENCH_TEST(pm1a_control_keeps_what_the_data_sheet_has),
		BENCH_TEST(only_the_bits_of_the_data_sheet_are_kept),
		BENCH_TEST(a_reset_ends_events_and_keeps_processors),
		BENCH_TEST(ports_of_xen_are_not_claimed),
		BENCH_TEST(no_event_is_pending_at_start),
		BENCH_TEST(event_status_cannot_be_set_by_the_guest),
		BENCH_TEST(every_slot_is_there_and_none_changes),
		BENCH_TEST(what_comes_raises_the_sci_until_status_is_cleared),
		BENCH_TEST(what_comes_waits_for_its_enable_bit),
		BENCH_TEST(what_comes_before_acpi_is_found_by_a_scan),
		BENCH_TEST(what_is_to_go_waits_for_its_eject),
		BENCH_TEST(an_eject_nobody_asked_for_is_told_too),
		BENCH_TEST(one_processor_is_online_by_default),
		BENCH_TEST_WITH(processors_online_are_set_in_the_map, ten),
		BENCH_TEST_WITH(a_processor_that_comes_raises_its_own_event,
				ten),
		BENCH_TEST(every_port_takes_every_width),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
