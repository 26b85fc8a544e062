/*
 * SHA-256 (libmd) of bytes, as lower-case hexadecimal.
 */
#ifndef TARE_BASE_DIGEST_H
#define TARE_BASE_DIGEST_H

#include <stddef.h>

enum { TARE_DIGEST_TEXT_MAX = 65 };

void tare_digest_bytes(char text_out[TARE_DIGEST_TEXT_MAX], const void *data, size_t len);

#endif
