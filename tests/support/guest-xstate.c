/* Loaded into a guest's kernel (fetch-kernel.sh). User Mode Linux saves and restores the processor's extended registers in a
 * buffer of a fixed size, larger than there were any when it was written. Where a processor has more of them (AMX: 8 KB), the
 * host takes no such part for the whole, and the guest's first process dies of
 * "ptrace set fp regs failed, errno = 14". Here the part is laid over the whole. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

long ptrace(enum __ptrace_request request, ...)
{
    /* Not on the stack, which is a kernel's: one thread runs all processes of the guest. */
    static char registers[65536];
    static long (*host)(enum __ptrace_request, ...);
    va_list given;
    va_start(given, request);
    int process = va_arg(given, int);
    void *address = va_arg(given, void *);
    void *data = va_arg(given, void *);
    va_end(given);

    if (!host)
        host = (long (*)(enum __ptrace_request, ...))dlsym(RTLD_NEXT, "ptrace");
    if (request == PTRACE_SETREGSET && address == (void *)NT_X86_XSTATE) {
        const struct iovec *part = data;
        struct iovec whole = { registers, sizeof registers };
        if (host(PTRACE_GETREGSET, process, address, &whole) == 0 && whole.iov_len > part->iov_len) {
            memcpy(registers, part->iov_base, part->iov_len);
            return host(PTRACE_SETREGSET, process, address, &whole);
        }
    }
    return host(request, process, address, data);
}
