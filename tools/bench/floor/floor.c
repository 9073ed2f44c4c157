// SPDX-License-Identifier: GPL-2.0
/*
 * The floor: an empty handler on each of the four functions that any accounting
 * must see, by the mechanism that the parameter kind names. What brkwatch adds
 * beyond it is brkwatch's; below it nobody gets with that mechanism.
 */
#include <linux/ftrace.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/string.h>

static char *kind = "kprobe";
module_param(kind, charp, 0444);
MODULE_PARM_DESC(kind, "kprobe, kretprobe or ftrace");

static const char * const symbols[] = {
	"__x64_sys_brk",
	"do_mmap",
	"__vm_munmap",
	"handle_mm_fault",
};

static struct kprobe probes[ARRAY_SIZE(symbols)];
static struct kretprobe returns[ARRAY_SIZE(symbols)];
static struct ftrace_ops ops[ARRAY_SIZE(symbols)];

static int handle_kprobe(struct kprobe *kp, struct pt_regs *regs)
{
	return 0;
}

static int handle_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	return 0;
}

static void handle_ftrace(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *op,
			  struct ftrace_regs *fregs)
{
}

static int arm_kprobe(unsigned int i)
{
	probes[i].symbol_name = symbols[i];
	probes[i].pre_handler = handle_kprobe;
	return register_kprobe(&probes[i]);
}

static void disarm_kprobe_of(unsigned int i)
{
	unregister_kprobe(&probes[i]);
}

static int arm_return(unsigned int i)
{
	returns[i].kp.symbol_name = symbols[i];
	returns[i].handler = handle_return;
	returns[i].maxactive = 128;
	return register_kretprobe(&returns[i]);
}

static void disarm_return(unsigned int i)
{
	unregister_kretprobe(&returns[i]);
}

static int arm_ftrace(unsigned int i)
{
	int err;

	ops[i].func = handle_ftrace;
	err = ftrace_set_filter(&ops[i], (unsigned char *)symbols[i], strlen(symbols[i]), 1);
	if (!err)
		err = register_ftrace_function(&ops[i]);
	if (err)
		ftrace_free_filter(&ops[i]);
	return err;
}

static void disarm_ftrace(unsigned int i)
{
	unregister_ftrace_function(&ops[i]);
	ftrace_free_filter(&ops[i]);
}

static const struct mechanism {
	const char *name;
	int (*arm)(unsigned int i);
	void (*disarm)(unsigned int i);
} mechanisms[] = {
	{ "kprobe", arm_kprobe, disarm_kprobe_of },
	{ "kretprobe", arm_return, disarm_return },
	{ "ftrace", arm_ftrace, disarm_ftrace },
};

static const struct mechanism *mechanism;

static void disarm_first(unsigned int nr)
{
	while (nr)
		mechanism->disarm(--nr);
}

static int __init floor_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(mechanisms); i++)
		if (!strcmp(mechanisms[i].name, kind))
			mechanism = &mechanisms[i];
	if (!mechanism)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(symbols); i++) {
		err = mechanism->arm(i);
		if (err) {
			disarm_first(i);
			return err;
		}
	}
	return 0;
}

static void __exit floor_exit(void)
{
	disarm_first(ARRAY_SIZE(symbols));
}

module_init(floor_init);
module_exit(floor_exit);

MODULE_AUTHOR("brkwatch developers");
MODULE_DESCRIPTION("Empty probes, to measure what attaching alone costs");
MODULE_LICENSE("GPL");
