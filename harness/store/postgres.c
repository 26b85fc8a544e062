#include "harness/store/stores.h"

/* Listed so that who asks for it learns why it is not there. */
static enum tare_status
postgresql_supported(struct tare_err *err)
{
	return tare_err_set(err, TARE_UNSUPPORTED,
		"this build has no PostgreSQL store yet; use sqlite:PATH, and tare store export to "
		"move runs");
}

const struct tare_store_ops tare_store_postgresql = {
	.name = "postgresql",
	.summary = "postgresql://USER@HOST/NAME: a PostgreSQL server, shared by many machines",
	.supported = postgresql_supported,
};
