// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "array.h"
#include "check.h"
#include "pidns.h"
#include "setting.h"
#include "why.h"

#define CURE_SIGN	"sign brkwatch.ko with a key that this kernel trusts (mokutil --import)"
#define EFI_SECURE_BOOT	"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define CURE_BUILD	"install the package brkwatch-dkms, or 'make module' and insmod it"

static void sys_path(const struct brkw_checkup *up, const char *path, char *ret_path)
{
	snprintf(ret_path, PATH_MAX, "%s%s", up->sysroot, path);
}

static void check_root(struct brkw_checkup *up)
{
	unsigned int uid, euid = 1;
	char line[128];

	if (!brkw_setting_line(up->sysroot, "/proc/self/status", "Uid:", line, sizeof(line)) &&
	    sscanf(line, "Uid: %u %u", &uid, &euid) != 2)
		euid = 1;
	up->is_root = euid == 0;
	if (up->is_root)
		brkw_check_add(up, "root", BRKW_OK, "", "we are root");
	else
		brkw_check_add(up, "root", BRKW_FAIL, "run brkwatch with sudo",
			       "we are not root, and only root may read debugfs");
}

static void check_pidns(struct brkw_checkup *up)
{
	struct brkw_why why;

	if (brkw_pidns_is_initial(up->sysroot)) {
		brkw_check_add(up, "pid_namespace", BRKW_OK, "",
			       "we are in the initial pid namespace");
		return;
	}
	brkw_pidns_foreign(&why, 0);
	brkw_check_add(up, "pid_namespace", BRKW_WARN, why.cure, "%s", why.text);
}

static void check_kernel(struct brkw_checkup *up)
{
	char path[PATH_MAX];

	if (brkw_setting_line(up->sysroot, "/proc/sys/kernel/osrelease", "", up->release,
			      sizeof(up->release)))
		strcpy(up->release, "unknown");
	snprintf(path, sizeof(path), "/lib/modules/%s/build", up->release);
	if (brkw_setting_exists(up->sysroot, path))
		brkw_check_add(up, "headers", BRKW_OK, "", "headers of kernel %s are there",
			       up->release);
	else
		brkw_check_add(up, "headers", BRKW_WARN,
			       "install them (Debian: linux-headers-$(uname -r)) if it has to be built here",
			       "no headers of kernel %s: the module cannot be built for it here",
			       up->release);
}

/* A module that lies beside the tool, as 'make' leaves it. */
static bool find_built(const struct brkw_checkup *up, char *ret_path, size_t sz)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (len < 0)
		return false;
	self[len] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return false;
	*slash = '\0';
	if (snprintf(ret_path, sz, "%s/%s/brkwatch.ko", self, up->release) >= (int)sz)
		return false;
	return !access(ret_path, F_OK);
}

/* A module that modprobe knows of. */
static bool is_installed(const struct brkw_checkup *up)
{
	char path[PATH_MAX], line[PATH_MAX];
	bool is_there = false;
	FILE *deps;

	snprintf(line, sizeof(line), "/lib/modules/%s/modules.dep", up->release);
	sys_path(up, line, path);
	deps = fopen(path, "re");
	if (!deps)
		return false;
	while (!is_there && fgets(line, sizeof(line), deps)) {
		line[strcspn(line, ":")] = '\0';
		is_there = strstr(line, "/brkwatch.ko");
	}
	fclose(deps);
	return is_there;
}

static void check_loaded(struct brkw_checkup *up)
{
	char built[192], cure[256];

	up->is_loaded = brkw_setting_exists(up->sysroot, "/sys/module/brkwatch");
	up->is_installed = is_installed(up);
	if (up->is_loaded) {
		brkw_check_add(up, "module", BRKW_OK, "", "the module is loaded");
	} else if (up->is_installed) {
		brkw_check_add(up, "module", BRKW_FAIL, "modprobe brkwatch",
			       "the module is not loaded");
	} else if (find_built(up, built, sizeof(built))) {
		snprintf(cure, sizeof(cure), "insmod %s", built);
		brkw_check_add(up, "module", BRKW_FAIL, cure,
			       "the module is built, but not installed");
	} else {
		brkw_check_add(up, "module", BRKW_FAIL, CURE_BUILD,
			       "no module for kernel %s is installed", up->release);
	}
}

static void check_debugfs(struct brkw_checkup *up)
{
	char full[PATH_MAX], line[PATH_MAX];
	FILE *mounts;

	sys_path(up, "/proc/mounts", full);
	mounts = fopen(full, "re");
	while (mounts && !up->is_mounted && fgets(line, sizeof(line), mounts))
		up->is_mounted = strstr(line, " /sys/kernel/debug debugfs ");
	if (mounts)
		fclose(mounts);
	if (up->is_mounted)
		brkw_check_add(up, "debugfs", BRKW_OK, "", "debugfs is mounted");
	else
		brkw_check_add(up, "debugfs", BRKW_FAIL,
			       "mount -t debugfs none /sys/kernel/debug",
			       "debugfs is not mounted on /sys/kernel/debug");
}

/*
 * A lockdown of either kind keeps unsigned modules out. One that is in goes on: the
 * kernel lets kprobes be, and debugfs opens files that only can be read.
 */
static void check_lockdown(struct brkw_checkup *up)
{
	char line[128];

	if (brkw_setting_line(up->sysroot, "/sys/kernel/security/lockdown", "", line,
			      sizeof(line))) {
		brkw_check_add(up, "lockdown", BRKW_OK, "", "no lockdown is to be seen");
		return;
	}
	up->is_locked = strstr(line, "[integrity]") || strstr(line, "[confidentiality]");
	if (up->is_locked && !up->is_loaded)
		brkw_check_add(up, "lockdown", BRKW_FAIL, CURE_SIGN ", or boot without lockdown",
			       "the kernel is locked down and refuses unsigned modules");
	else if (strstr(line, "[confidentiality]"))
		brkw_check_add(up, "lockdown", BRKW_WARN,
			       "boot without lockdown=confidentiality to record, too",
			       "the kernel is locked down for confidentiality: the module goes on, 'brkwatch record' is refused");
	else
		brkw_check_add(up, "lockdown", BRKW_OK, "", "lockdown is not in the way");
}

/* Last byte of the variable: 1 on, 0 off; -1 if this is no such machine. */
static int read_secure_boot(const struct brkw_checkup *up)
{
	char full[PATH_MAX];
	int last = -1, byte;
	FILE *file;

	sys_path(up, EFI_SECURE_BOOT, full);
	file = fopen(full, "re");
	if (!file)
		return -1;
	while ((byte = getc(file)) != EOF)
		last = byte;
	fclose(file);
	return last;
}

static void check_secure_boot(struct brkw_checkup *up)
{
	if (read_secure_boot(up) != 1)
		brkw_check_add(up, "secure_boot", BRKW_OK, "", "Secure Boot is off");
	else if (up->is_loaded)
		brkw_check_add(up, "secure_boot", BRKW_OK, "",
			       "Secure Boot is on, and the module is loaded all the same");
	else
		brkw_check_add(up, "secure_boot", BRKW_WARN, CURE_SIGN,
			       "Secure Boot is on: the kernel may refuse an unsigned module");
}

static void check_signatures(struct brkw_checkup *up)
{
	bool is_enforced = brkw_setting_char(up->sysroot, "/sys/module/module/parameters/sig_enforce") ==
			   'Y';

	if (!is_enforced)
		brkw_check_add(up, "signatures", BRKW_OK, "",
			       up->is_locked ? "modules need no signature but for lockdown" :
			       "modules need no signature");
	else if (up->is_loaded)
		brkw_check_add(up, "signatures", BRKW_OK, "",
			       "modules need a signature, and the module is loaded");
	else
		brkw_check_add(up, "signatures", BRKW_FAIL, CURE_SIGN,
			       "the kernel refuses modules without a signature");
}

static void check_btf(struct brkw_checkup *up)
{
	brkw_check_add(up, "btf", BRKW_OK, "",
		       brkw_setting_exists(up->sysroot, "/sys/kernel/btf/vmlinux") ?
		       "the kernel has BTF" : "the kernel has no BTF, which 'brkwatch record' alone needs");
}

static void check_kprobes(struct brkw_checkup *up)
{
	int setting = brkw_setting_char(up->sysroot, "/sys/kernel/debug/kprobes/enabled");

	if (setting == '1')
		brkw_check_add(up, "kprobes", BRKW_OK, "", "kprobes are on");
	else if (setting == '0')
		brkw_check_add(up, "kprobes", BRKW_FAIL,
			       "echo 1 > /sys/kernel/debug/kprobes/enabled",
			       "kprobes are switched off: nothing is counted");
	else if (setting == -EPERM)
		brkw_check_add(up, "kprobes", BRKW_OK, "",
			       "lockdown hides whether kprobes are on; hooks that are armed say so");
	else if (setting == -EACCES || !up->is_mounted)
		brkw_check_add(up, "kprobes", BRKW_WARN, "run as root, with debugfs mounted",
			       "whether there are kprobes cannot be seen");
	else
		brkw_check_add(up, "kprobes", BRKW_FAIL, "it needs a kernel with CONFIG_KPROBES=y",
			       "the kernel has no kprobes");
}

static void check_ftrace(struct brkw_checkup *up)
{
	int setting = brkw_setting_char(up->sysroot, "/proc/sys/kernel/ftrace_enabled");

	if (setting == '1')
		brkw_check_add(up, "ftrace", BRKW_OK, "", "ftrace is on");
	else if (setting == '0')
		brkw_check_add(up, "ftrace", BRKW_FAIL, "sysctl kernel.ftrace_enabled=1",
			       "ftrace is switched off: hooks that stand on it count nothing");
	else
		brkw_check_add(up, "ftrace", BRKW_WARN,
			       "a kernel with CONFIG_FUNCTION_TRACER=y makes them cheap",
			       "the kernel has no ftrace: every hook costs a trap");
}

void brkw_check_system(struct brkw_checkup *up)
{
	static void (*const checks[])(struct brkw_checkup *up) = {
		check_root,
		check_pidns,
		check_kernel,
		check_loaded,
		check_debugfs,
		check_lockdown,
		check_secure_boot,
		check_signatures,
		check_btf,
		check_kprobes,
		check_ftrace,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(checks); i++)
		checks[i](up);
}
