// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outfile.h"
#include "why.h"

#define MODE		0644
#define FLAGS		(O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC)

/* One of our number that was killed may have left the name behind. */
static int open_temp(const char *temp)
{
	int fd = open(temp, FLAGS, MODE);

	if (fd < 0 && errno == EEXIST && !unlink(temp))
		fd = open(temp, FLAGS, MODE);
	return fd < 0 ? -errno : fd;
}

static int fail(struct brkw_why *why, int err)
{
	return brkw_why_set(why, err, "%s", strerror(-err));
}

/* What a rename is to replace: a file, that behind a link, or one that is not there. */
static int find_target(const char *path, char *ret_path, struct brkw_why *why)
{
	struct stat about;

	if (stat(path, &about)) {
		snprintf(ret_path, PATH_MAX, "%s", path);
		return errno == ENOENT && strlen(path) < PATH_MAX ? 0 : fail(why, -errno);
	}
	if (S_ISREG(about.st_mode))
		return realpath(path, ret_path) ? 0 : fail(why, -errno);
	brkw_why_set(why, -EINVAL, "not a regular file, and only such a one can be replaced");
	brkw_why_cure(why, "what is printed without that option can be written anywhere");
	return -EINVAL;
}

int brkw_outfile_open(struct brkw_outfile *out, const char *path, struct brkw_why *why)
{
	int fd, len, err;

	brkw_why_what(why, "%s", path);
	err = find_target(path, out->path, why);
	if (err)
		return err;
	len = snprintf(out->temp, sizeof(out->temp), "%s.%d.tmp", out->path, getpid());
	if ((size_t)len >= sizeof(out->temp))
		return fail(why, -ENAMETOOLONG);
	fd = open_temp(out->temp);
	if (fd < 0)
		return fail(why, fd);
	out->file = fdopen(fd, "w");
	if (out->file)
		return 0;
	close(fd);
	unlink(out->temp);
	return fail(why, -ENOMEM);
}

/* On the disk before it gets its name; whatever the umask is. */
static int settle(const struct brkw_outfile *out)
{
	if (fflush(out->file))
		return -errno;
	if (ferror(out->file))
		return -EIO;
	if (fchmod(fileno(out->file), MODE) || fsync(fileno(out->file)))
		return -errno;
	return 0;
}

int brkw_outfile_close(struct brkw_outfile *out, int err, struct brkw_why *why)
{
	int failed = err ? err : settle(out);

	if (fclose(out->file) && !failed)
		failed = -errno;
	if (!failed && rename(out->temp, out->path))
		failed = -errno;
	if (!failed)
		return 0;
	unlink(out->temp);
	if (err)
		return err;
	brkw_why_what(why, "%s", out->path);
	return fail(why, failed);
}
