// SPDX-License-Identifier: GPL-2.0
/*
 * Grows by known bytes on five call paths of C++, for record.sh: two methods of
 * classes, a template, a lambda and a thread. Built without frame pointers.
 */
#include <cstdio>
#include <memory>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

namespace grow {

constexpr std::size_t mib = std::size_t(1) << 20;
volatile unsigned int nr_done;

#define PATH __attribute__((noinline, noclone))

PATH char *map(std::size_t sz)
{
	void *at = mmap(nullptr, sz, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	nr_done = nr_done + 1;
	return at == MAP_FAILED ? nullptr : static_cast<char *>(at);
}

class Cache {
public:
	PATH void fill(std::size_t sz)
	{
		map(sz);
		nr_done = nr_done + 1;
	}
};

class Break {
public:
	PATH bool push(int sz)
	{
		bool is_done = sbrk(sz) != reinterpret_cast<void *>(-1);

		nr_done = nr_done + 1;
		return is_done;
	}
};

template <typename T> PATH char *buffer(std::size_t nr)
{
	char *at = new char[nr * sizeof(T)];

	nr_done = nr_done + 1;
	return at;
}

PATH void in_thread()
{
	map(5 * mib);
	nr_done = nr_done + 1;
}

PATH void given_back()
{
	munmap(map(6 * mib), 4 * mib);
	nr_done = nr_done + 1;
}

} // namespace grow

int main()
{
	using grow::mib;

	std::printf("grow::Cache::fill(unsigned long) %zu\ngrow::Break::push(int) %zu\n"
		    "char* grow::buffer<double>(unsigned long) %zu\ngrow::in_thread() %zu\n"
		    "grow::given_back() %zu\n",
		    7 * mib, 2 * mib, 64 * mib + 4096, 5 * mib, 2 * mib);
	std::fflush(stdout);
	grow::Cache().fill(7 * mib);
	if (!grow::Break().push(2 * mib))
		return 1;
	char *volatile kept = grow::buffer<double>(8 * mib);
	std::thread(grow::in_thread).join();
	grow::given_back();
	return kept ? 0 : 1;
}
