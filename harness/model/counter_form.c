#include <ctype.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/model/counter.h"

enum { PORTABLE_MAX = 64, RAW_MAX = 17 };

/* clang-format off */
const char *const tare_counter_presets[] = {
	"PAPI_BRU_IDL", "PAPI_BR_CN", "PAPI_BR_INS", "PAPI_BR_MSP", "PAPI_BR_NTK", "PAPI_BR_PRC",
	"PAPI_BR_TKN", "PAPI_BR_UCN", "PAPI_BTAC_M", "PAPI_CA_CLN", "PAPI_CA_INV", "PAPI_CA_ITV",
	"PAPI_CA_SHR", "PAPI_CA_SNP", "PAPI_CSR_FAL", "PAPI_CSR_SUC", "PAPI_CSR_TOT",
	"PAPI_DP_OPS", "PAPI_END", "PAPI_FAD_INS", "PAPI_FDV_INS", "PAPI_FMA_INS", "PAPI_FML_INS",
	"PAPI_FNV_INS", "PAPI_FPU_IDL", "PAPI_FP_INS", "PAPI_FP_OPS", "PAPI_FP_STAL",
	"PAPI_FSQ_INS", "PAPI_FUL_CCY", "PAPI_FUL_ICY", "PAPI_FXU_IDL", "PAPI_HW_INT",
	"PAPI_INT_INS", "PAPI_L1_DCA", "PAPI_L1_DCH", "PAPI_L1_DCM", "PAPI_L1_DCR", "PAPI_L1_DCW",
	"PAPI_L1_ICA", "PAPI_L1_ICH", "PAPI_L1_ICM", "PAPI_L1_ICR", "PAPI_L1_ICW", "PAPI_L1_LDM",
	"PAPI_L1_STM", "PAPI_L1_TCA", "PAPI_L1_TCH", "PAPI_L1_TCM", "PAPI_L1_TCR", "PAPI_L1_TCW",
	"PAPI_L2_DCA", "PAPI_L2_DCH", "PAPI_L2_DCM", "PAPI_L2_DCR", "PAPI_L2_DCW", "PAPI_L2_ICA",
	"PAPI_L2_ICH", "PAPI_L2_ICM", "PAPI_L2_ICR", "PAPI_L2_ICW", "PAPI_L2_LDM", "PAPI_L2_STM",
	"PAPI_L2_TCA", "PAPI_L2_TCH", "PAPI_L2_TCM", "PAPI_L2_TCR", "PAPI_L2_TCW", "PAPI_L3_DCA",
	"PAPI_L3_DCH", "PAPI_L3_DCM", "PAPI_L3_DCR", "PAPI_L3_DCW", "PAPI_L3_ICA", "PAPI_L3_ICH",
	"PAPI_L3_ICM", "PAPI_L3_ICR", "PAPI_L3_ICW", "PAPI_L3_LDM", "PAPI_L3_STM", "PAPI_L3_TCA",
	"PAPI_L3_TCH", "PAPI_L3_TCM", "PAPI_L3_TCR", "PAPI_L3_TCW", "PAPI_LD_INS", "PAPI_LST_INS",
	"PAPI_LSU_IDL", "PAPI_MEM_RCY", "PAPI_MEM_SCY", "PAPI_MEM_WCY", "PAPI_PRF_DM",
	"PAPI_REF_CYC", "PAPI_RES_STL", "PAPI_SP_OPS", "PAPI_SR_INS", "PAPI_STL_CCY",
	"PAPI_STL_ICY", "PAPI_SYC_INS", "PAPI_TLB_DM", "PAPI_TLB_IM", "PAPI_TLB_SD", "PAPI_TLB_TL",
	"PAPI_TOT_CYC", "PAPI_TOT_IIS", "PAPI_TOT_INS", "PAPI_VEC_DP", "PAPI_VEC_INS",
	"PAPI_VEC_SP", NULL,
};
/* clang-format on */

static bool
has(const char *text, int (*is)(int))
{
	for (; *text != '\0'; text++) {
		if (is((unsigned char)*text))
			return true;
	}
	return false;
}

static bool
is_same_letter(char written, char known)
{
	return tolower((unsigned char)written) == tolower((unsigned char)known) ||
	       (written == '_' && known == '-');
}

/* "Cache_misses" for cache-misses: what somebody took for a portable name. */
static bool
is_portable_but_for_writing(const char *name)
{
	for (size_t i = 0; i < tare_counter_name_count; i++) {
		const char *known = tare_counter_names[i].name;
		size_t at = 0;

		while (name[at] != '\0' && is_same_letter(name[at], known[at]))
			at++;
		if (name[at] == '\0' && known[at] == '\0')
			return true;
	}
	return false;
}

/* "r01c2", an event by the number in the CPU's manual. */
static bool
is_raw(const char *name)
{
	size_t len = strlen(name);

	return name[0] == 'r' && len > 1 && len <= RAW_MAX &&
	       strspn(name + 1, "0123456789abcdef") == len - 1;
}

enum tare_counter_form
tare_counter_form_of(const char *name)
{
	if (tare_counter_name_find(name) != NULL)
		return TARE_COUNTER_PORTABLE;
	if (is_raw(name) || strchr(name, ':') != NULL || !has(name, islower))
		return TARE_COUNTER_NATIVE;
	if (strpbrk(name, "_.") != NULL && strchr(name, '-') == NULL &&
		!is_portable_but_for_writing(name))
		return TARE_COUNTER_NATIVE;
	return TARE_COUNTER_UNKNOWN;
}

/* "perf::PAGE-FAULT" for page-faults: behind what is in front, and in small letters. */
static const char *
nearest_portable(const char *name, const char *const *candidates, size_t count)
{
	const char *behind = strrchr(name, ':');
	char small[PORTABLE_MAX];
	size_t len = 0;

	behind = behind ? behind + 1 : name;
	for (; behind[len] != '\0' && len + 1 < sizeof(small); len++)
		small[len] = (char)tolower((unsigned char)behind[len]);
	small[len] = '\0';
	return behind[len] == '\0' ? tare_text_nearest(small, candidates, count) : NULL;
}

const char *
tare_counter_nearest(const char *name, const char *const *others, size_t other_count)
{
	const char *candidates[512];
	const char *near;
	size_t count = 0;
	size_t portable_count;
	const size_t room = sizeof(candidates) / sizeof(candidates[0]);

	for (size_t i = 0; i < tare_counter_name_count && count < PORTABLE_MAX; i++)
		candidates[count++] = tare_counter_names[i].name;
	portable_count = count;
	for (size_t i = 0; tare_counter_presets[i] != NULL && count < room; i++)
		candidates[count++] = tare_counter_presets[i];
	for (size_t i = 0; i < other_count && count < room; i++)
		candidates[count++] = others[i];
	near = tare_text_nearest(name, candidates, count);
	return near ? near : nearest_portable(name, candidates, portable_count);
}
