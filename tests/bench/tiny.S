/*
 * The smallest program: exits with status 0 and does nothing else. No libc, so what starting it costs
 * is what the kernel costs.
 */
	.globl _start
_start:
#if defined(__x86_64__)
	xor %edi, %edi
	mov $60, %eax
	syscall
#elif defined(__aarch64__)
	mov x0, #0
	mov x8, #93
	svc #0
#else
#error "the exit system call of this architecture is not written down here"
#endif
	.section .note.GNU-stack, "", %progbits
