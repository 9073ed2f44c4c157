// SPDX-License-Identifier: GPL-2.0
/* The same in C++: the last node of a list of strings stays, the others go. */
#include <iterator>
#include <list>
#include <map>
#include <string>

#include "subject.h"

int main()
{
	std::list<std::string> strings;
	std::map<int, std::string> more;
	const char *pin;

	for (int i = 0; i < 20000; i++)
		strings.emplace_back(2500, 'x');
	/* what the last string has is the highest block, its node is below it */
	pin = strings.back().data();
	strings.erase(strings.begin(), std::prev(strings.end()));
	/* goes into the holes, then back into caches */
	for (int i = 0; i < 100; i++)
		more[i] = std::string(100, 'y');
	more.clear();
	say("%lu %lu 0\n", (unsigned long)pin, (unsigned long)((2501 + 8 + 15) & ~15));
	wait_line();
	return 0;
}
