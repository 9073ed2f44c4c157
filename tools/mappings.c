// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "mappings.h"
#include "why.h"

#define NR_PAGES	64	/* of one ring, a power of two */
#define SZ_RECORD_MAX	65536

/* The ring of one processor. */
struct ring {
	int fd;
	struct perf_event_mmap_page *head;
	unsigned char *data;
};

struct brkw_mappings {
	struct ring *rings;
	size_t nr_rings;
	struct brkw_news *news;	/* what is not taken yet, from nr_taken on */
	size_t nr_news;
	size_t nr_taken;
	size_t sz_room;
	uint64_t nr_lost;
	unsigned char record[SZ_RECORD_MAX];
};

/* Behind every record, by sample_id_all and the bits of sample_type. */
struct trailer {
	uint32_t pid, tid;
	uint64_t ts_ns;
};

struct mmap_record {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t start, len, offset;
	uint32_t maj, min;
	uint64_t ino, ino_generation;
	uint32_t prot, flags;
	char path[];
};

struct task_record {
	struct perf_event_header header;
	uint32_t pid, parent;
};

struct comm_record {
	struct perf_event_header header;
	uint32_t pid, tid;
	char comm[];
};

struct lost_record {
	struct perf_event_header header;
	uint64_t id, nr_lost;
};

/* --- news in memory --- */

static void add_news(struct brkw_mappings *m, const struct brkw_news *news, const char *text)
{
	struct brkw_news *bigger;

	if (m->nr_news == m->sz_room) {
		bigger = reallocarray(m->news, 2 * m->sz_room + 64, sizeof(*bigger));
		if (!bigger) {
			m->nr_lost++;
			return;
		}
		m->news = bigger;
		m->sz_room = 2 * m->sz_room + 64;
	}
	m->news[m->nr_news] = *news;
	m->news[m->nr_news].text = strdup(text);
	if (m->news[m->nr_news].text)
		m->nr_news++;
	else
		m->nr_lost++;
}

static void drop_taken(struct brkw_mappings *m)
{
	size_t i;

	for (i = 0; i < m->nr_taken; i++)
		free(m->news[i].text);
	if (m->nr_taken)
		memmove(m->news, m->news + m->nr_taken,
			(m->nr_news - m->nr_taken) * sizeof(*m->news));
	m->nr_news -= m->nr_taken;
	m->nr_taken = 0;
}

static int compare_news(const void *a, const void *b)
{
	const struct brkw_news *one = a, *other = b;

	return (one->ts_ns > other->ts_ns) - (one->ts_ns < other->ts_ns);
}

/* --- records --- */

static void take_map(struct brkw_mappings *m, const struct mmap_record *map, uint64_t ts_ns)
{
	const struct brkw_news news = {
		.ts_ns = ts_ns,
		.kind = BRKW_NEWS_MAP,
		.pid = map->pid,
		.start = map->start,
		.end = map->start + map->len,
		.offset = map->offset,
	};

	add_news(m, &news, map->path);
}

static void take_fork(struct brkw_mappings *m, const struct task_record *task, uint64_t ts_ns)
{
	const struct brkw_news news = {
		.ts_ns = ts_ns,
		.kind = BRKW_NEWS_FORK,
		.pid = task->pid,
		.parent = task->parent,
	};

	if (task->pid != task->parent)
		add_news(m, &news, "");
}

static void take_comm(struct brkw_mappings *m, const struct comm_record *comm, uint64_t ts_ns)
{
	const struct brkw_news news = {
		.ts_ns = ts_ns,
		.kind = BRKW_NEWS_EXEC,
		.pid = comm->pid,
	};

	if (comm->header.misc & PERF_RECORD_MISC_COMM_EXEC)
		add_news(m, &news, comm->comm);
}

static void take_record(struct brkw_mappings *m, const void *record)
{
	const struct perf_event_header *header = record;
	const struct trailer *trailer;

	if (header->type == PERF_RECORD_LOST)
		m->nr_lost += ((const struct lost_record *)record)->nr_lost;
	if (header->size < sizeof(*header) + sizeof(*trailer))
		return;
	trailer = (const void *)((const char *)record + header->size - sizeof(*trailer));
	if (header->type == PERF_RECORD_MMAP2)
		take_map(m, record, trailer->ts_ns);
	else if (header->type == PERF_RECORD_FORK)
		take_fork(m, record, trailer->ts_ns);
	else if (header->type == PERF_RECORD_COMM)
		take_comm(m, record, trailer->ts_ns);
}

static size_t sz_page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* A record may go round the end of the ring. */
static void copy_out(const struct ring *ring, uint64_t from, void *to, size_t sz)
{
	size_t sz_data = NR_PAGES * sz_page(), at = from & (sz_data - 1);
	size_t sz_first = sz_data - at < sz ? sz_data - at : sz;

	memcpy(to, ring->data + at, sz_first);
	memcpy((char *)to + sz_first, ring->data, sz - sz_first);
}

static void drain_ring(struct brkw_mappings *m, struct ring *ring)
{
	uint64_t head = __atomic_load_n(&ring->head->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = ring->head->data_tail;
	struct perf_event_header header;

	while (tail < head) {
		copy_out(ring, tail, &header, sizeof(header));
		if (header.size < sizeof(header))
			break;
		copy_out(ring, tail, m->record, header.size);
		take_record(m, m->record);
		tail += header.size;
	}
	__atomic_store_n(&ring->head->data_tail, tail, __ATOMIC_RELEASE);
}

void brkw_mappings_drain(struct brkw_mappings *m)
{
	size_t i;

	drop_taken(m);
	for (i = 0; i < m->nr_rings; i++)
		if (m->rings[i].head)
			drain_ring(m, &m->rings[i]);
	if (m->nr_news)
		qsort(m->news, m->nr_news, sizeof(*m->news), compare_news);
}

const struct brkw_news *brkw_mappings_next(struct brkw_mappings *m, uint64_t ts_ns)
{
	if (m->nr_taken == m->nr_news || m->news[m->nr_taken].ts_ns > ts_ns)
		return NULL;
	return &m->news[m->nr_taken++];
}

uint64_t brkw_mappings_nr_lost(const struct brkw_mappings *m)
{
	return m->nr_lost;
}

/* --- lifetime --- */

static int open_ring(struct ring *ring, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
		.mmap = 1,
		.mmap2 = 1,
		.comm = 1,
		.comm_exec = 1,
		.task = 1,
		.sample_id_all = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};
	void *map;

	ring->fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (ring->fd < 0)
		return -errno;
	map = mmap(NULL, (NR_PAGES + 1) * sz_page(), PROT_READ | PROT_WRITE, MAP_SHARED,
		   ring->fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	ring->head = map;
	ring->data = (unsigned char *)map + sz_page();
	return 0;
}

/* A processor that is off has no events, and none to tell. */
static int open_rings(struct brkw_mappings *m)
{
	size_t i, nr_open = 0;
	int err = -ENODEV, err_one;

	for (i = 0; i < m->nr_rings; i++)
		m->rings[i].fd = -1;
	for (i = 0; i < m->nr_rings; i++) {
		err_one = open_ring(&m->rings[i], (int)i);
		if (!err_one)
			nr_open++;
		else if (err_one != -ENODEV)
			err = err_one;
	}
	return nr_open ? 0 : err;
}

int brkw_mappings_open(struct brkw_mappings **ret, struct brkw_why *why)
{
	struct brkw_mappings *m = calloc(1, sizeof(*m));
	long nr = sysconf(_SC_NPROCESSORS_CONF);
	int err = -ENOMEM;

	if (m) {
		m->nr_rings = nr > 0 ? (size_t)nr : 1;
		m->rings = calloc(m->nr_rings, sizeof(*m->rings));
	}
	if (m && m->rings)
		err = open_rings(m);
	if (err) {
		brkw_mappings_close(m);
		brkw_why_what(why, "record");
		brkw_why_set(why, err, "the kernel's perf events cannot be opened: %s",
			     strerror(-err));
		return err;
	}
	*ret = m;
	return 0;
}

void brkw_mappings_close(struct brkw_mappings *m)
{
	size_t i;

	if (!m)
		return;
	m->nr_taken = m->nr_news;
	drop_taken(m);
	for (i = 0; m->rings && i < m->nr_rings; i++) {
		if (m->rings[i].head)
			munmap(m->rings[i].head, (NR_PAGES + 1) * sz_page());
		if (m->rings[i].fd >= 0)
			close(m->rings[i].fd);
	}
	free(m->rings);
	free(m->news);
	free(m);
}
