#include <stddef.h>

#include "harness/store/store.h"
#include "harness/store/stores.h"

const struct tare_store_ops *const tare_stores[] = {
	&tare_store_sqlite,
	&tare_store_memory,
	&tare_store_postgresql,
	NULL,
};
