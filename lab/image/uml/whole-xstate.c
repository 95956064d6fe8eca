// Loaded before the kernel's own C library call (LD_PRELOAD). User Mode Linux (6.1) keeps 2,696 bytes of a process's extended registers. Linux refuses (EFAULT)
// to set fewer than the processor has, which is more where it has AMX: then no host boots. So the rest is taken from what the process has already.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

static char whole[64 << 10];

long ptrace(enum __ptrace_request request, ...)
{
	static long (*real)(enum __ptrace_request, ...);
	va_list words;

	va_start(words, request);
	pid_t pid = va_arg(words, pid_t);
	void *address = va_arg(words, void *);
	void *data = va_arg(words, void *);
	va_end(words);
	if (!real)
		real = dlsym(RTLD_NEXT, "ptrace");
	if (request != PTRACE_SETREGSET || address != (void *)NT_X86_XSTATE)
		return real(request, pid, address, data);

	const struct iovec *part = data;
	struct iovec all = { whole, sizeof whole };
	if (real(PTRACE_GETREGSET, pid, address, &all))
		return -1;
	memcpy(whole, part->iov_base, part->iov_len < all.iov_len ? part->iov_len : all.iov_len);
	return real(PTRACE_SETREGSET, pid, address, &all);
}
