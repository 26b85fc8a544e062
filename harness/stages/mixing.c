#include "harness/stages/mixing.h"

#include "harness/compare/compare.h"
#include "harness/model/container.h"

enum tare_status
tare_mixing_refuse(struct tare_err *err, const char *case_name, const char *base_runner,
	const char *head_runner, const char *why_not)
{
	return tare_err_set(err, TARE_INVALID,
		"%.200s ran with the runner %s in the baseline and with %s now, so that what a "
		"container costs would count as a change, and it cannot be corrected: %s; measure "
		"both with one runner, or compare them nevertheless with --mixed-runners",
		case_name, base_runner, head_runner, why_not);
}

static const char *
why_not(const struct tare_correction *correction, size_t case_index)
{
	const char *text = correction ? correction->cases[case_index].why_not : NULL;

	return text ? text : "nothing is to be corrected";
}

enum tare_status
tare_mixing_check(const struct tare_comparison_set *set, const struct tare_run *base,
	const struct tare_correction *base_correction, const struct tare_run *head,
	const struct tare_correction *head_correction, struct tare_err *err)
{
	for (size_t i = 0; i < set->item_count; i++) {
		const struct tare_comparison *item = &set->items[i];
		const struct tare_run_case *other = &base->cases[item->base_case];
		const struct tare_run_case *one = &head->cases[item->head_case];
		bool in_head = tare_runner_is_container(one->runner);

		if (!tare_compare_is_mixed(other, one) ||
			tare_correction_of(base_correction, item->base_case) ||
			tare_correction_of(head_correction, item->head_case))
			continue;
		return tare_mixing_refuse(err, one->name, other->runner, one->runner,
			in_head ? why_not(head_correction, item->head_case)
				: why_not(base_correction, item->base_case));
	}
	return TARE_OK;
}
