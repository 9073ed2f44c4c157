// SPDX-License-Identifier: GPL-2.0
/* What ops executes: a program that does nothing but start and end. */
int main(void)
{
	return 0;
}
