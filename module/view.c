// SPDX-License-Identifier: GPL-2.0
/*
 * The debugfs folder: a file a live process, lists of all, and the module
 * about itself. Whoever opens the file of a process holds its account;
 * debugfs sees to it that none can be opened once it is removed.
 */
#include <linux/debugfs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include "ledger.h"
#include "probe.h"
#include "record.h"
#include "view.h"

/* A name may hold anything; these would break lines, or terminals. */
#define CONTROL_BYTES	"\001\002\003\004\005\006\007\010\011\012\013\014\015\016\017" \
			"\020\021\022\023\024\025\026\027\030\031\032\033\034\035\036\037" \
			"\177\\"

static struct dentry *folder;
static const struct brkw_view_switches *view_switches;

static const char *const key_names[] = {
#define KEY_NAME(key, name)	\
	[BRKW_KEY_##key] = #name,
	BRKW_KEYS(KEY_NAME)
#undef KEY_NAME
};

static_assert(ARRAY_SIZE(key_names) == BRKW_NR_KEYS);

static const char *const state_names[] = {
	[BRKW_LIVE] = "live",
	[BRKW_EXITED] = "exited",
	[BRKW_REPLACED] = "replaced",
};

static const char *const drop_names[] = {
	[BRKW_DROP_NO_ACCOUNT] = "drop_no_account",
	[BRKW_DROP_NO_THREAD] = "drop_no_thread",
	[BRKW_DROP_ACCOUNT_POOL] = "drop_account_pool",
	[BRKW_DROP_THREAD_POOL] = "drop_thread_pool",
};

static_assert(ARRAY_SIZE(drop_names) == BRKW_NR_DROPS);

static bool is_unknown(const struct brkw_snapshot_entry *entry, unsigned int key)
{
	return entry->unknown[key / 64] & (1ULL << (key % 64));
}

static void show_entry(struct seq_file *m, const struct brkw_snapshot_entry *entry)
{
	unsigned int key;

	seq_printf(m, "abi %d\npid %u\ncomm ", BRKW_ABI, entry->pid);
	seq_escape(m, entry->comm, CONTROL_BYTES);
	seq_printf(m, "\nstate %s\n", state_names[entry->state]);
	for (key = 0; key < BRKW_NR_KEYS; key++) {
		if (is_unknown(entry, key))
			seq_printf(m, "%s " BRKW_UNKNOWN "\n", key_names[key]);
		else
			seq_printf(m, "%s %lld\n", key_names[key], entry->value[key]);
	}
}

/*
 * <pid>: debugfs does not guard its operations, because it would guard the copy to
 * the reader, too, who may take for ever, and the worker that removes the file of a
 * process that has ended would wait for that.
 */

static int account_show(struct seq_file *m, void *unused)
{
	struct dentry *file = m->file->f_path.dentry;
	struct brkw_snapshot_entry entry;
	int err = debugfs_file_get(file);

	if (err)
		return err;
	brkw_probe_ask();
	brkw_read(m->private, &entry, true);
	show_entry(m, &entry);
	debugfs_file_put(file);
	return 0;
}

static int account_open(struct inode *inode, struct file *file)
{
	int err = single_open(file, account_show, inode->i_private);

	if (!err)
		brkw_account_get(inode->i_private);
	return err;
}

static int account_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	brkw_account_put(m->private);
	return single_release(inode, file);
}

static const struct file_operations account_fops = {
	.owner = THIS_MODULE,
	.open = account_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = account_release,
};

/* Asked first, because debugfs complains in the log. */
static bool is_taken(const char *name, struct dentry *parent)
{
	struct dentry *file = debugfs_lookup(name, parent);

	dput(file);
	return file;
}

static bool publish_account(struct brkw_account *acct)
{
	struct dentry *parent = smp_load_acquire(&folder), *file;	/* brkw_view_init() */
	char name[12];

	if (!parent)
		return false;
	if (IS_ERR(parent) || acct->view || !acct->tgid)	/* no debugfs: no window */
		return true;
	snprintf(name, sizeof(name), "%u", acct->tgid);
	if (is_taken(name, parent))	/* by an account before it, whose end is late */
		return false;
	file = debugfs_create_file_unsafe(name, 0400, parent, acct, &account_fops);
	if (file == ERR_PTR(-ENOMEM))
		return false;
	acct->view = file;
	return true;
}

static void retract_account(struct brkw_account *acct)
{
	debugfs_remove(acct->view);
	acct->view = NULL;
}

const struct brkw_ledger_ops brkw_view_ledger_ops = {
	.publish = publish_account,
	.retract = retract_account,
	.nr_missed = brkw_probe_missed,
};

/* processes, ended: the accounts there were when the file was opened */

struct account_list {
	struct brkw_account **accts;
	unsigned int nr;
};

static void *list_start(struct seq_file *m, loff_t *pos)
{
	struct account_list *list = m->private;

	if (*pos == 0)
		return SEQ_START_TOKEN;
	return *pos <= list->nr ? list->accts[*pos - 1] : NULL;
}

static void *list_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return list_start(m, pos);
}

static void list_stop(struct seq_file *m, void *v)
{
}

static const u8 process_columns[] = {
	BRKW_KEY_VM_BYTES, BRKW_KEY_VM_GROWN_BYTES, BRKW_KEY_VM_SHRUNK_BYTES,
	BRKW_KEY_VM_UNACCOUNTED_BYTES, BRKW_KEY_BRK_BYTES, BRKW_KEY_BRK_CALLS,
	BRKW_KEY_MMAP_ANON_PRIVATE_BYTES, BRKW_KEY_MUNMAP_BYTES,
	BRKW_KEY_FAULT_MINOR, BRKW_KEY_FAULT_MAJOR,
};

static int column_width(unsigned int key)
{
	return max_t(int, strlen(key_names[key]), 14);
}

static void show_header(struct seq_file *m)
{
	unsigned int i;

	seq_printf(m, "%7s %-16s", "pid", "comm");
	for (i = 0; i < ARRAY_SIZE(process_columns); i++)
		seq_printf(m, " %*s", column_width(process_columns[i]),
			   key_names[process_columns[i]]);
	seq_putc(m, '\n');
}

static void show_column(struct seq_file *m, const struct brkw_snapshot_entry *entry,
			unsigned int key)
{
	if (is_unknown(entry, key))
		seq_printf(m, " %*s", column_width(key), BRKW_UNKNOWN);
	else
		seq_printf(m, " %*lld", column_width(key), entry->value[key]);
}

static int processes_show(struct seq_file *m, void *v)
{
	struct brkw_snapshot_entry entry;
	unsigned int i;

	if (v == SEQ_START_TOKEN) {
		brkw_probe_ask();
		show_header(m);
		return 0;
	}
	brkw_read(v, &entry, false);
	seq_printf(m, "%7u ", entry.pid);
	seq_escape(m, entry.comm[0] ? entry.comm : "?", CONTROL_BYTES " ");
	seq_pad(m, ' ');
	for (i = 0; i < ARRAY_SIZE(process_columns); i++)
		show_column(m, &entry, process_columns[i]);
	seq_putc(m, '\n');
	return 0;
}

static const struct seq_operations processes_ops = {
	.start = list_start,
	.next = list_next,
	.stop = list_stop,
	.show = processes_show,
};

static int ended_show(struct seq_file *m, void *v)
{
	struct account_list *list = m->private;
	struct brkw_snapshot_entry entry;

	if (v == SEQ_START_TOKEN) {
		brkw_probe_ask();
		return 0;
	}
	brkw_read(v, &entry, false);
	if (v != list->accts[0])
		seq_putc(m, '\n');
	show_entry(m, &entry);
	return 0;
}

static const struct seq_operations ended_ops = {
	.start = list_start,
	.next = list_next,
	.stop = list_stop,
	.show = ended_show,
};

static int list_open(struct file *file, const struct seq_operations *ops,
		     struct brkw_account **(*collect)(unsigned int *ret_nr))
{
	struct account_list *list = __seq_open_private(file, ops, sizeof(*list));

	if (!list)
		return -ENOMEM;
	list->accts = collect(&list->nr);
	if (list->accts)
		return 0;
	seq_release_private(file_inode(file), file);
	return -ENOMEM;
}

static int list_release(struct inode *inode, struct file *file)
{
	struct account_list *list = ((struct seq_file *)file->private_data)->private;

	brkw_account_put_all(list->accts, list->nr);
	return seq_release_private(inode, file);
}

static int processes_open(struct inode *inode, struct file *file)
{
	return list_open(file, &processes_ops, brkw_account_collect);
}

static int ended_open(struct inode *inode, struct file *file)
{
	return list_open(file, &ended_ops, brkw_account_collect_ended);
}

static const struct file_operations processes_fops = {
	.owner = THIS_MODULE,
	.open = processes_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = list_release,
};

static const struct file_operations ended_fops = {
	.owner = THIS_MODULE,
	.open = ended_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = list_release,
};

/* snapshot: made whole at open, so that reads in pieces belong together */

struct snapshot {
	size_t sz;
	struct brkw_snapshot_header header;
	struct brkw_snapshot_entry entries[];
};

static struct snapshot *fill_snapshot(struct brkw_account **accts, unsigned int nr)
{
	struct snapshot *snap;
	unsigned int i;

	/* who asks is told, and so is nobody else */
	snap = kvzalloc(struct_size(snap, entries, nr), GFP_KERNEL | __GFP_NOWARN);
	if (!snap)
		return NULL;
	snap->sz = sizeof(snap->header) + array_size(nr, sizeof(snap->entries[0]));
	snap->header = (struct brkw_snapshot_header){
		.magic = BRKW_SNAPSHOT_MAGIC,
		.abi = BRKW_ABI,
		.sz_header = sizeof(snap->header),
		.sz_entry = sizeof(snap->entries[0]),
		.nr_entries = nr,
		.nr_keys = BRKW_NR_KEYS,
		.sz_page = PAGE_SIZE,
		.ts_ns = ktime_get_boottime_ns(),
	};
	for (i = 0; i < nr; i++) {
		brkw_read(accts[i], &snap->entries[i], false);
		cond_resched();
	}
	return snap;
}

static int snapshot_open(struct inode *inode, struct file *file)
{
	struct brkw_account **accts;
	unsigned int nr;

	brkw_probe_ask();
	accts = brkw_account_collect(&nr);
	if (!accts)
		return -ENOMEM;
	file->private_data = fill_snapshot(accts, nr);
	brkw_account_put_all(accts, nr);
	return file->private_data ? 0 : -ENOMEM;
}

static ssize_t snapshot_read(struct file *file, char __user *buf, size_t sz, loff_t *pos)
{
	const struct snapshot *snap = file->private_data;

	return simple_read_from_buffer(buf, sz, pos, &snap->header, snap->sz);
}

static loff_t snapshot_llseek(struct file *file, loff_t offset, int whence)
{
	const struct snapshot *snap = file->private_data;

	return fixed_size_llseek(file, offset, whence, snap->sz);
}

static int snapshot_release(struct inode *inode, struct file *file)
{
	kvfree(file->private_data);
	return 0;
}

static const struct file_operations snapshot_fops = {
	.owner = THIS_MODULE,
	.open = snapshot_open,
	.read = snapshot_read,
	.llseek = snapshot_llseek,
	.release = snapshot_release,
};

/* stats */

static void show_ledger(struct seq_file *m, const struct brkw_ledger_stats *stats)
{
	unsigned int reason;

	seq_printf(m, "accounts_live %llu\naccounts_opened %llu\naccounts_ended %llu\n",
		   stats->nr_live, stats->nr_opened, stats->nr_closed);
	seq_printf(m, "accounts_kept %llu\nthreads_live %llu\n",
		   stats->nr_ended, stats->nr_threads);
	seq_printf(m, "events_seen %llu\nevents_posted %llu\nevents_dropped %llu\n",
		   brkw_record_seen(), stats->nr_posted,
		   stats->nr_drops[BRKW_DROP_NO_ACCOUNT]);
	seq_printf(m, "events_early %llu\nevents_mismatched %llu\nevents_missed %llu\n",
		   stats->nr_early, stats->nr_mismatched, brkw_ledger_nr_missed());
	seq_printf(m, "not_exact_since_ns %llu\n", brkw_ledger_not_exact_since_ns());
	for (reason = 0; reason < BRKW_NR_DROPS; reason++)
		seq_printf(m, "%s %llu\n", drop_names[reason], stats->nr_drops[reason]);
	seq_printf(m, "memory_bytes %llu\n",
		   stats->sz_accounts + stats->sz_threads + stats->sz_tables);
	seq_printf(m, "memory_accounts_bytes %llu\nmemory_threads_bytes %llu\n",
		   stats->sz_accounts, stats->sz_threads);
	seq_printf(m, "memory_tables_bytes %llu\n", stats->sz_tables);
}

/* Sampled: see BRKW_COST_INTERVAL. */
static void show_cost(struct seq_file *m)
{
	u64 nr_hits, nr_timed, timed_ns;

	nr_hits = brkw_probe_cost(&nr_timed, &timed_ns);
	seq_printf(m, "handler_hits %llu\nhandler_timed_hits %llu\nhandler_timed_ns %llu\n",
		   nr_hits, nr_timed, timed_ns);
	seq_printf(m, "handler_ns %llu\n",
		   nr_timed ? mul_u64_u64_div_u64(nr_hits, timed_ns, nr_timed) : 0);
}

static void show_hooks(struct seq_file *m)
{
	struct brkw_hook_state state;
	unsigned int i;

	for (i = 0; brkw_probe_state(i, &state); i++) {
		seq_printf(m, "hook %s %s %s %d %llu %llu\n", state.name,
			   state.symbol ?: BRKW_UNKNOWN, state.kind, state.is_armed,
			   state.nr_hits, state.nr_missed);
		if (!state.is_armed)
			seq_printf(m, "lost %s %s\n", state.name, state.lost);
	}
}

static int stats_show(struct seq_file *m, void *unused)
{
	struct brkw_ledger_stats stats;

	brkw_ledger_stats(&stats);
	seq_printf(m, "abi %d\nrelease %s\nenabled %d\nfaults %d\n", BRKW_ABI,
		   THIS_MODULE->version, READ_ONCE(view_switches->is_enabled),
		   READ_ONCE(view_switches->has_faults));
	seq_printf(m, "max_processes %u\nmax_ended %u\n",
		   view_switches->nr_max_processes, view_switches->nr_max_ended);
	brkw_probe_ask();
	show_ledger(m, &stats);
	show_cost(m);
	show_hooks(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static const struct {
	const char *name;
	const struct file_operations *fops;
} files[] = {
	{ BRKW_FILE_PROCESSES, &processes_fops },
	{ BRKW_FILE_ENDED, &ended_fops },
	{ BRKW_FILE_SNAPSHOT, &snapshot_fops },
	{ BRKW_FILE_STATS, &stats_fops },
};

/**
 * brkw_view_init() - make the folder
 * @switches: what stats shows of the parameters; read at each show
 *
 * That debugfs may be off is nobody's error: the module works without its
 * window. Context: may sleep; all that is shown is up, and nothing can make
 * loading fail any more: a file may be open from now on, and loading that fails
 * does not wait for who holds the module. Return: 0, or what debugfs answered.
 */
int brkw_view_init(const struct brkw_view_switches *switches)
{
	struct dentry *dir = debugfs_create_dir(BRKW_DEBUGFS_DIR, NULL);
	unsigned int i;
	int err = PTR_ERR_OR_ZERO(dir);

	view_switches = switches;
	for (i = 0; i < ARRAY_SIZE(files); i++)
		err = err ?: PTR_ERR_OR_ZERO(debugfs_create_file(files[i].name, 0400, dir, NULL,
								 files[i].fops));
	smp_store_release(&folder, dir);	/* publish_account() */
	return err;
}

/**
 * brkw_view_exit() - remove the folder
 *
 * Context: may sleep; the files of processes are gone.
 */
void brkw_view_exit(void)
{
	debugfs_remove(folder);
}
