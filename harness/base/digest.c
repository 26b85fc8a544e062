#include "harness/base/digest.h"

#include <sha2.h>
#include <stdint.h>

_Static_assert(TARE_DIGEST_TEXT_MAX == SHA256_DIGEST_STRING_LENGTH, "two digits a byte and NUL");

void
tare_digest_bytes(char text_out[TARE_DIGEST_TEXT_MAX], const void *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX context;

	SHA256Init(&context);
	if (len > 0)
		SHA256Update(&context, data, len);
	SHA256Final(digest, &context);
	for (size_t i = 0; i < sizeof(digest); i++) {
		text_out[2 * i] = digits[digest[i] >> 4];
		text_out[2 * i + 1] = digits[digest[i] & 15];
	}
	text_out[TARE_DIGEST_TEXT_MAX - 1] = '\0';
}
